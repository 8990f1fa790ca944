import type { Message, ReceivedMessage } from './bus.ts';
import type { Reason } from './whose-fault.ts';

/** A message that a group could not process, as it came, and why. */
export interface DeadLetter {
  /** Where it was. */
  readonly topic: string;
  readonly partition: number;
  readonly offset: bigint;
  readonly message: Message;
  readonly reason: Reason;
  /** When it was given up. */
  readonly at: Date;
}

const PREFIX = 'dead-letter-';

export function deadLetterOf(
  message: ReceivedMessage,
  o: { readonly topic: string; readonly group: string; readonly reason: Reason; readonly failures: number },
): Message {
  return {
    key: message.key,
    value: message.value,
    headers: {
      ...message.headers,
      [`${PREFIX}code`]: o.reason.code,
      [`${PREFIX}reason`]: o.reason.message.slice(0, 1_000),
      [`${PREFIX}time`]: new Date().toISOString(),
      [`${PREFIX}failures`]: String(o.failures),
      [`${PREFIX}group`]: o.group,
      [`${PREFIX}topic`]: o.topic,
      [`${PREFIX}partition`]: String(message.partition),
      [`${PREFIX}offset`]: String(message.offset),
      [`${PREFIX}key`]: message.key,
    },
  };
}

/** What a message of a dead-letter topic says; of one that somebody else has put there, what is known of it. */
export function readDeadLetter({ headers, key, value, partition, offset }: ReceivedMessage): DeadLetter {
  const said = (name: string) => headers[`${PREFIX}${name}`] ?? '';
  const number = (name: string) => (/^\d{1,18}$/.test(said(name)) ? BigInt(said(name)) : undefined);
  const at = new Date(said('time'));
  const own = Object.entries(headers).filter(([name]) => !name.startsWith(PREFIX));
  return {
    topic: said('topic'),
    partition: Number(number('partition') ?? partition),
    offset: number('offset') ?? offset,
    message: { key, value, headers: Object.fromEntries(own) },
    reason: { code: said('code') || 'unknown', message: said('reason') },
    at: Number.isNaN(at.getTime()) ? new Date() : at,
  };
}

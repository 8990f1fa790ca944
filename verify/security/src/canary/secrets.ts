import { webhookTokenHint } from '@agent-platform/auth';
import type { Random } from '@agent-platform/harness';

/** Something that must be found nowhere. */
export interface Secret {
  /** What to call it where people read. */
  readonly name: string;
  /**
   * The part that nobody could guess: without scheme, prefix or checksum. Whatever contains the secret in some form
   * contains this part in the same form.
   */
  readonly core: string;
}

export interface Secrets {
  readonly all: readonly Secret[];
  /** Remembers a secret and answers it. */
  note(name: string, secret: string, core?: string): string;
  noteToken(name: string, token: string): string;
  /** A credential nobody has seen before. @param extra - put into the middle of it. */
  fresh(name: string, extra?: string): string;
}

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const HALF_LENGTH = 14;
/** Shorter ones are found by accident. */
const MIN_LENGTH = 16;

export function createSecrets(random: Random): Secrets {
  const all: Secret[] = [];
  const half = () => Array.from({ length: HALF_LENGTH }, () => random.pick([...BASE62])).join('');
  const note = (name: string, secret: string, core = secret) => {
    if (core.length < MIN_LENGTH) throw new Error(`${name} is too short to be looked for`);
    all.push({ name, core });
    return secret;
  };
  return {
    all,
    note,
    noteToken(name, token) {
      const [prefix] = webhookTokenHint(token).split('…') as [string];
      const CHECKSUM_LENGTH = 6;
      return note(name, token, token.slice(prefix.length, -CHECKSUM_LENGTH));
    },
    fresh: (name, extra = '') => note(name, half() + extra + half()),
  };
}

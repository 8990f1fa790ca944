import { create, toBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { topics, WebhookSourceChangeSchema } from '@agent-platform/proto';
import type { Context } from '../context.ts';

const HEADERS = { 'content-type': 'application/protobuf' };

export interface SourceChange {
  readonly orgId: string;
  readonly sourceId: string;
  /** No use of it may be accepted from now on. */
  readonly revokedTokenId?: string;
}

/**
 * Tells every ingest that what it knows about a source is out of date: after every committed change of what verifying
 * its tokens answers. Never waits and never fails; an ingest that is not told asks again within seconds.
 */
export function announce(
  { bus, background, clock }: Pick<Context, 'bus' | 'background' | 'clock'>,
  change: SourceChange,
): void {
  const message = create(WebhookSourceChangeSchema, { ...change, changedAt: timestampFromMs(clock()) });
  const value = toBinary(WebhookSourceChangeSchema, message);
  background.run('source_change', () =>
    bus.publish(topics.webhookSourceChanges, [{ key: change.sourceId, value, headers: HEADERS }]),
  );
}

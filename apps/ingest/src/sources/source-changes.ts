import { fromBinary } from '@bufbuild/protobuf';
import type { EventBus } from '@agent-platform/event-bus';
import { topics, WebhookSourceChangeSchema } from '@agent-platform/proto';
import { LRUCache } from 'lru-cache';

/** Changes that are older than an answer may be kept do not matter any more: this many within seconds are remembered. */
const MAX_CHANGED = 20_000;
const MAX_REVOKED = 100_000;

/** Where in the succession of changes something was asked: to be taken before asking. */
export type Mark = number;

/** What this ingest was told of changes to webhook sources. Times of different machines are never compared. */
export interface SourceChanges {
  readonly mark: Mark;
  /** Whether an answer about the source that was asked for at `mark` may have been overtaken. */
  since(mark: Mark, sourceId: string): boolean;
  isRevoked(tokenId: string): boolean;
  /** @param revokedTokenId - '' for any other change. */
  changed(sourceId: string, revokedTokenId: string): void;
  /** Something may have been missed: nothing that was asked for before counts as current. */
  missed(): void;
}

export function createSourceChanges(): SourceChanges {
  const changedAt = new LRUCache<string, Mark>({ max: MAX_CHANGED });
  const revoked = new LRUCache<string, true>({ max: MAX_REVOKED });
  let mark = 0;
  let missedAt = 0;
  return {
    get mark() {
      return mark;
    },
    since: (asked, sourceId) => asked < missedAt || asked < (changedAt.get(sourceId) ?? 0),
    isRevoked: (tokenId) => revoked.get(tokenId) === true,
    changed(sourceId, revokedTokenId) {
      changedAt.set(sourceId, ++mark);
      if (revokedTokenId !== '') revoked.set(revokedTokenId, true);
    },
    missed: () => void (missedAt = ++mark),
  };
}

/** Keeps `changes` up to date from the bus, whenever that is there. */
export function followSourceChanges(bus: Pick<EventBus, 'follow'>, changes: SourceChanges): AsyncDisposable {
  return bus.follow({
    topic: topics.webhookSourceChanges,
    onMessage({ value }) {
      const { sourceId, revokedTokenId } = fromBinary(WebhookSourceChangeSchema, value);
      changes.changed(sourceId, revokedTokenId);
    },
    onGap: () => changes.missed(),
  });
}

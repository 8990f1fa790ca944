import { AppError, isPassing } from '@agent-platform/errors';
import { createFaultLog, type Logger } from '@agent-platform/telemetry';
import { LRUCache } from 'lru-cache';
import { withDeadline } from '../deadline.ts';
import type { WebhookSource } from '../tokens/webhook-source.ts';
import type { Mark, SourceChanges } from './source-changes.ts';

/** How long an answer of the token service counts: bounds how long something revoked keeps working unless we are told. */
const FRESH_MS = 5_000;
/** How long what is known keeps working when the token service cannot be asked. */
const STALE_MS = 5 * 60_000;
/** How often a token service that does not answer is asked again. */
const PROBE_INTERVAL_MS = 1_000;
const MAX_KNOWN = 100_000;
const MAX_REFUSED = 10_000;
/** What is unknown and being looked up at a time: a flood of it must not keep what is known from being revalidated. */
const MAX_UNKNOWN_UNDER_WAY = 1_000;

/**
 * Whose request it is, by what the request names; a promise only when the token service has to be asked.
 *
 * @throws AppError `refused`, the same for every reason; `noName`; `token_service_unavailable` for our own fault.
 */
export type LookUp = (name: string) => WebhookSource | Promise<WebhookSource>;

export interface LookUpDeps {
  readonly ask: (name: string, options: { readonly timeoutMs: number }) => Promise<WebhookSource>;
  /** What cannot be a name is refused without asking, with `noName`. */
  readonly isName: (text: string) => boolean;
  readonly noName: AppError;
  /** What an answer is kept under. */
  readonly keyOf: (name: string) => string;
  readonly refused: AppError;
  readonly changes: SourceChanges;
  readonly lookUpTimeoutMs: number;
  readonly logger: Logger;
  readonly clock: () => number;
}

/** When something was asked. */
interface Asked {
  readonly atMs: number;
  readonly mark: Mark;
}

interface Known extends Asked {
  readonly source: WebhookSource;
}

const UNAVAILABLE = new AppError(
  'unavailable',
  'token_service_unavailable',
  'The sender could not be checked, for a reason of ours. Send the same request again after the time in Retry-After.',
  { retryAfterSeconds: 2 },
);

/**
 * Looks sources up with a cache, so that ingest stays up when the token service is down. An answer counts for five
 * seconds, or until a change of its source is known; then it is asked for again, once for all who wait.
 */
export function createLookUp(deps: LookUpDeps): LookUp {
  const { isName, noName, keyOf, refused, changes, lookUpTimeoutMs, logger, clock } = deps;
  const known = new LRUCache<string, Known>({ max: MAX_KNOWN });
  const refusals = new LRUCache<string, Asked>({ max: MAX_REFUSED });
  const underWay = new Map<string, Promise<WebhookSource>>();
  const logFault = createFaultLog(logger, clock, 'the token service does not answer; known senders keep working');
  let isDown = false;
  let probeAtMs = 0;

  /** An answer that a change has overtaken is asked for once more: who joined the wait later must not get it. */
  async function ask(name: string, atMs: number): Promise<Known> {
    for (let isLast = false; ; isLast = true) {
      const { mark } = changes;
      const source = await deps.ask(name, { timeoutMs: lookUpTimeoutMs });
      if (isLast || !changes.since(mark, source.sourceId)) return { source, atMs, mark };
    }
  }

  async function askNow(key: string, name: string, atMs: number): Promise<WebhookSource> {
    const { mark } = changes;
    let answer: Known | undefined;
    try {
      answer = await withDeadline(ask(name, atMs), lookUpTimeoutMs, () => UNAVAILABLE);
      isDown = false;
    } catch (error) {
      // A fault with one source says nothing about the others.
      isDown = isPassing(error);
      if (isDown) probeAtMs = clock() + PROBE_INTERVAL_MS;
      if (!(error instanceof AppError && error.kind === 'not_found')) {
        logFault(error);
        throw UNAVAILABLE;
      }
    }
    if (answer === undefined || changes.isRevoked(answer.source.tokenId)) {
      known.delete(key);
      refusals.set(key, { atMs, mark });
      throw refused;
    }
    known.set(key, answer);
    return answer.source;
  }

  function askOnce(key: string, name: string, nowMs: number, isKnown: boolean): Promise<WebhookSource> {
    const same = underWay.get(key);
    if (same !== undefined) return same;
    if (!isKnown && underWay.size >= MAX_UNKNOWN_UNDER_WAY) throw UNAVAILABLE;
    const answer = askNow(key, name, nowMs).finally(() => underWay.delete(key));
    underWay.set(key, answer);
    return answer;
  }

  const isFresh = (asked: Asked, sourceId: string, nowMs: number) =>
    nowMs - asked.atMs < FRESH_MS && !changes.since(asked.mark, sourceId);

  /** Lets the token service know that something which has ended is still in use; nobody waits for it. */
  function tell(key: string, name: string, nowMs: number): void {
    const told = refusals.get(key);
    if (isDown || (told !== undefined && nowMs - told.atMs < FRESH_MS)) return;
    refusals.set(key, { atMs: nowMs, mark: changes.mark });
    askOnce(key, name, nowMs, true).catch(() => {});
  }

  return (name) => {
    const key = keyOf(name);
    const nowMs = clock();
    const entry = known.get(key);
    if (entry !== undefined) {
      const { source } = entry;
      const isCurrent = isFresh(entry, source.sourceId, nowMs);
      if (nowMs >= source.expiresAtMs || (!isCurrent && changes.isRevoked(source.tokenId))) {
        tell(key, name, nowMs);
        throw refused;
      }
      if (isCurrent) return source;
    } else {
      if (!isName(name)) throw noName;
      const refusal = refusals.get(key);
      if (refusal !== undefined && isFresh(refusal, key, nowMs)) throw refused;
    }

    const spare = entry !== undefined && nowMs - entry.atMs < STALE_MS ? entry.source : undefined;
    if (!isDown) {
      const answer = askOnce(key, name, nowMs, entry !== undefined);
      return spare === undefined ? answer : answer.catch((error: unknown) => spareInstead(error, spare));
    }
    // While the token service is down, one request a second finds out whether it is back; no other waits for it.
    if (nowMs >= probeAtMs) {
      probeAtMs = nowMs + PROBE_INTERVAL_MS;
      const probe = askOnce(key, name, nowMs, entry !== undefined);
      if (spare === undefined) return probe;
      probe.catch(() => {});
    }
    if (spare === undefined) throw UNAVAILABLE;
    return spare;
  };
}

function spareInstead(error: unknown, spare: WebhookSource): WebhookSource {
  if (error === UNAVAILABLE) return spare;
  throw error;
}

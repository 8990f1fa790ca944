import { hash } from 'node:crypto';
import type { Client } from '@connectrpc/connect';
import { parseWebhookToken } from '@agent-platform/auth';
import type { WebhookTokenService } from '@agent-platform/proto';
import { AppError, type Logger } from '@agent-platform/service';
import { BoundedMap } from '../bounded-map.ts';
import { withDeadline } from '../deadline.ts';
import { createFaultLog } from '../fault-log.ts';
import { sourceOf, type WebhookSource } from './webhook-source.ts';

/** How long an answer of the token service counts: bounds how long a revoked token keeps working. */
const FRESH_MS = 5_000;
/** How long a known token keeps working when the token service cannot be asked. */
const STALE_MS = 5 * 60_000;
/** How often a token service that does not answer is asked again. */
const PROBE_INTERVAL_MS = 1_000;
const MAX_KNOWN = 100_000;
const MAX_REFUSED = 10_000;
/** Unknown tokens being looked up at a time: a flood of them must not keep known ones from being revalidated. */
const MAX_UNKNOWN_UNDER_WAY = 1_000;

/**
 * Whose token it is; a promise only when the token service has to be asked.
 *
 * @throws AppError `token_refused`, the same for every reason; `token_service_unavailable` for our own fault.
 */
export type VerifyToken = (header: string | string[] | undefined) => WebhookSource | Promise<WebhookSource>;

export interface TokenVerifierDeps {
  readonly tokens: Pick<Client<typeof WebhookTokenService>, 'verifyToken'>;
  readonly lookUpTimeoutMs: number;
  readonly logger: Logger;
  readonly clock: () => number;
}

interface Known {
  readonly source: WebhookSource;
  readonly askedAtMs: number;
}

const REFUSED = new AppError(
  'unauthenticated',
  'token_refused',
  'The header X-Webhook-Token must carry one live token of a webhook source, such as "whk_…". If it was rotated or revoked, send the new one.',
);

const UNAVAILABLE = new AppError(
  'unavailable',
  'token_service_unavailable',
  'The token could not be checked, for a reason of ours. Send the same request again after the time in Retry-After.',
  { retryAfterSeconds: 2 },
);

/**
 * Verifies tokens with a cache, so that ingest stays up when the token service is down. An answer counts for five
 * seconds; then it is asked for again, once for all who wait. Tokens are not kept, only their SHA-256.
 */
export function createTokenVerifier({ tokens, lookUpTimeoutMs, logger, clock }: TokenVerifierDeps): VerifyToken {
  const known = new BoundedMap<string, Known>(MAX_KNOWN);
  const refusedAtMs = new BoundedMap<string, number>(MAX_REFUSED);
  const underWay = new Map<string, Promise<WebhookSource>>();
  const logFault = createFaultLog(logger, clock, 'the token service does not answer; known tokens keep working');
  let isDown = false;
  let probeAtMs = 0;

  async function ask(key: string, token: string, askedAtMs: number): Promise<WebhookSource> {
    let source: WebhookSource;
    try {
      const answer = tokens.verifyToken({ token }, { timeoutMs: lookUpTimeoutMs });
      source = sourceOf(await withDeadline(answer, lookUpTimeoutMs, () => UNAVAILABLE));
    } catch (error) {
      isDown = !(error instanceof AppError && error.kind === 'not_found');
      if (isDown) {
        probeAtMs = clock() + PROBE_INTERVAL_MS;
        logFault(error);
        throw UNAVAILABLE;
      }
      known.delete(key);
      refusedAtMs.set(key, askedAtMs);
      throw REFUSED;
    }
    isDown = false;
    known.set(key, { source, askedAtMs });
    return source;
  }

  function askOnce(key: string, token: string, nowMs: number, isKnown: boolean): Promise<WebhookSource> {
    const same = underWay.get(key);
    if (same !== undefined) return same;
    if (!isKnown && underWay.size >= MAX_UNKNOWN_UNDER_WAY) throw UNAVAILABLE;
    const answer = ask(key, token, nowMs).finally(() => underWay.delete(key));
    underWay.set(key, answer);
    return answer;
  }

  return (header) => {
    if (typeof header !== 'string') throw REFUSED;
    const key = hash('sha256', header, 'base64');
    const nowMs = clock();
    const entry = known.get(key);
    // The form of a known token has been checked before.
    const token = entry !== undefined ? header : parseWebhookToken(header);
    if (token === undefined) throw REFUSED;
    if (entry !== undefined) {
      if (nowMs >= entry.source.expiresAtMs) throw REFUSED;
      if (nowMs - entry.askedAtMs < FRESH_MS) return entry.source;
    } else if (nowMs - (refusedAtMs.get(key) ?? -Infinity) < FRESH_MS) {
      throw REFUSED;
    }

    const spare = entry !== undefined && nowMs - entry.askedAtMs < STALE_MS ? entry.source : undefined;
    if (!isDown) {
      const answer = askOnce(key, token, nowMs, entry !== undefined);
      return spare === undefined ? answer : answer.catch((error: unknown) => spareInstead(error, spare));
    }
    // While the token service is down, one request a second finds out whether it is back; no other waits for it.
    if (nowMs >= probeAtMs) {
      probeAtMs = nowMs + PROBE_INTERVAL_MS;
      const probe = askOnce(key, token, nowMs, entry !== undefined);
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

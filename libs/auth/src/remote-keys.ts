import type { Outbound } from '@agent-platform/outbound';
import { AppError, type Logger } from '@agent-platform/service';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey, type LocalJWKSet } from 'jose';

/** A fetch this long is a failed one. */
const TIMEOUT_MS = 5_000;
/** Between fetches that failed, and between fetches for keys nobody knows. */
const RETRY_MS = 30_000;
/** From here on requests start a refresh and do not wait for it. */
const REFRESH_AFTER_MS = 5 * 60_000;
/** From here on, unless the issuer is known to be down, a request waits for one: this bounds the life of a revoked key. */
const FRESH_MS = 10 * 60_000;
/** How long keys are trusted through an outage. */
const MAX_STALE_MS = 24 * 60 * 60_000;

/** Finds the key a token says it is signed with. */
export type KeySource = JWTVerifyGetKey;

export interface RemoteKeys extends KeySource {
  /** For `/readyz`: rejects with `unavailable` while no keys are at hand. */
  check(): Promise<void>;
}

/**
 * The keys an issuer publishes. jose's own remote set refuses known keys ten minutes into an outage and fetches anew
 * for every request meanwhile; here known keys keep working for 24 hours and fetches stay 30 s apart, whatever
 * tokens arrive. While the issuer answers, a key it no longer publishes is refused within 10 minutes.
 *
 * Rejects with `unavailable` for a key that is not known and cannot be asked for: an outage is never a bad token.
 *
 * @param o - `url`: with Auth0 `https://<domain>/.well-known/jwks.json`.
 */
export function createRemoteKeys(o: { url: URL; outbound: Pick<Outbound, 'json'>; logger: Logger }): RemoteKeys {
  const url = o.url.href;
  let keys: LocalJWKSet | undefined;
  let loadedAtMs = -Infinity;
  let triedAtMs = -Infinity;
  let failure: unknown;
  let pending: Promise<void> | undefined;

  async function fetchKeys(): Promise<void> {
    triedAtMs = Date.now();
    try {
      const { status, json } = await o.outbound.json({ url: o.url, timeoutMs: TIMEOUT_MS });
      if (status !== 200) throw new errors.JWKSInvalid(`The issuer answers HTTP ${status}`);
      // Throws for what is no key set.
      const published = createLocalJWKSet(json as unknown as JSONWebKeySet);
      if (published.jwks().keys.length === 0) throw new errors.JWKSInvalid('The issuer publishes no keys');
      keys = published;
      loadedAtMs = Date.now();
      if (failure !== undefined) o.logger.info({ url }, 'the keys of the issuer can be fetched again');
      failure = undefined;
    } catch (error) {
      failure = error;
      o.logger.warn({ err: error, url }, 'the keys of the issuer cannot be fetched; known keys keep working');
    }
  }

  /** Never rejects; many callers share one fetch. Answers at once when the last try is too recent. */
  function refresh(): Promise<void> {
    if (!pending && Date.now() - triedAtMs < RETRY_MS) return Promise.resolve();
    return (pending ??= fetchKeys().finally(() => (pending = undefined)));
  }

  async function currentKeys(): Promise<LocalJWKSet> {
    const ageMs = Date.now() - loadedAtMs;
    if (ageMs > FRESH_MS && (failure === undefined || ageMs > MAX_STALE_MS)) await refresh();
    else if (ageMs > REFRESH_AFTER_MS) void refresh();
    if (keys && Date.now() - loadedAtMs <= MAX_STALE_MS) return keys;
    throw unavailable();
  }

  function unavailable(): AppError {
    const message = 'The access token cannot be checked now: the keys of its issuer cannot be fetched. Try again.';
    const retryAfterSeconds = Math.max(1, Math.ceil((triedAtMs + RETRY_MS - Date.now()) / 1000));
    return new AppError('unavailable', 'issuer_unavailable', message, { cause: failure, retryAfterSeconds });
  }

  const find: KeySource = async (header, token) => {
    const known = await currentKeys();
    try {
      return await known(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      await refresh();
      if (failure !== undefined) throw unavailable();
      return keys!(header, token);
    }
  };
  return Object.assign(find, {
    async check() {
      await currentKeys();
    },
  });
}

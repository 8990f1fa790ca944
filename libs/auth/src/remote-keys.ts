import type { Outbound } from '@agent-platform/outbound';
import { AppError } from '@agent-platform/errors';
import type { Logger } from '@agent-platform/telemetry';
import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey, type LocalJWKSet } from 'jose';
import { readIssuerMetadata } from './issuer-metadata.ts';
import { createTokenBucket } from './token-bucket.ts';

/** A fetch this long is a failed one. */
const TIMEOUT_MS = 5_000;
/** Between fetches that failed. */
const RETRY_MS = 30_000;
/** Fetches for keys nobody knows: any caller can ask for such keys, so a few at once and then one each 10 s. */
const UNKNOWN_KEYS = { capacity: 5, refillMs: 10_000 };
/** From here on requests start a refresh and do not wait for it. */
const REFRESH_AFTER_MS = 5 * 60_000;
/** From here on, unless the issuer is known to be down, a request waits for one: this bounds the life of a revoked key. */
const FRESH_MS = 10 * 60_000;
/** How long keys are trusted through an outage. */
const MAX_STALE_MS = 24 * 60 * 60_000;

/** Finds the key a token says it is signed with. */
export type KeySource = JWTVerifyGetKey;

export interface RemoteKeys extends KeySource {
  /** How tokens may spell the issuer: as its discovery document does. */
  issuers(): readonly string[];
  /** For `/readyz`: rejects with `unavailable` while no keys are at hand, and with `issuer_mismatch`. */
  check(): Promise<void>;
}

/**
 * The keys an issuer publishes. jose's own remote set refuses known keys ten minutes into an outage and fetches anew
 * for every request meanwhile; here known keys keep working for 24 hours, failed fetches stay 30 s apart, and fetches
 * for unknown keys are bounded, whatever tokens arrive. While the issuer answers, a key it no longer publishes is
 * refused within 10 minutes, and a new one is found within 10 s.
 *
 * Rejects with `unavailable` for a key that is not known and cannot be asked for now: neither an outage nor a flood of
 * made-up keys makes a token bad.
 *
 * @param o - `issuer`: with Auth0 `https://<domain>/`; see `readIssuerMetadata` for where its keys are.
 */
export function createRemoteKeys(o: { issuer: string; outbound: Pick<Outbound, 'json'>; logger: Logger }): RemoteKeys {
  const { issuer } = o;
  const unknownKeys = createTokenBucket({ ...UNKNOWN_KEYS, nowMs: Date.now });
  let issuers: readonly string[] = [issuer];
  let keys: LocalJWKSet | undefined;
  let loadedAtMs = -Infinity;
  let triedAtMs = -Infinity;
  let failure: unknown;
  let pending: Promise<void> | undefined;

  async function fetchKeys(): Promise<void> {
    triedAtMs = Date.now();
    try {
      const metadata = await readIssuerMetadata(issuer, { outbound: o.outbound, timeoutMs: TIMEOUT_MS });
      const { status, json } = await o.outbound.json({ url: metadata.jwksUrl, timeoutMs: TIMEOUT_MS });
      if (status !== 200) throw new errors.JWKSInvalid(`The issuer answers HTTP ${status}`);
      // Throws for what is no key set.
      const published = createLocalJWKSet(json as unknown as JSONWebKeySet);
      if (published.jwks().keys.length === 0) throw new errors.JWKSInvalid('The issuer publishes no keys');
      keys = published;
      ({ issuers } = metadata);
      loadedAtMs = Date.now();
      if (failure !== undefined) o.logger.info({ issuer }, 'the keys of the issuer can be fetched again');
      failure = undefined;
    } catch (error) {
      failure = error;
      o.logger.warn({ err: error, issuer }, 'the keys of the issuer cannot be fetched; known keys keep working');
    }
  }

  /** Never rejects; many callers share one fetch. */
  function fetchOnce(): Promise<void> {
    return (pending ??= fetchKeys().finally(() => (pending = undefined)));
  }

  const retryInMs = () => (failure === undefined ? 0 : Math.max(0, triedAtMs + RETRY_MS - Date.now()));

  /** Answers at once when the last try failed too recently. */
  function refresh(): Promise<void> {
    return pending ?? (retryInMs() > 0 ? Promise.resolve() : fetchOnce());
  }

  async function currentKeys(): Promise<LocalJWKSet> {
    const ageMs = Date.now() - loadedAtMs;
    if (ageMs > FRESH_MS && (failure === undefined || ageMs > MAX_STALE_MS)) await refresh();
    else if (ageMs > REFRESH_AFTER_MS) void refresh();
    if (keys && Date.now() - loadedAtMs <= MAX_STALE_MS) return keys;
    throw unavailable(retryInMs());
  }

  function unavailable(waitMs: number): AppError {
    const message =
      'The access token cannot be checked now: its key is not known, and the keys of its issuer cannot be fetched. Try again.';
    const retryAfterSeconds = Math.max(1, Math.ceil(waitMs / 1000));
    return new AppError('unavailable', 'issuer_unavailable', message, { cause: failure, retryAfterSeconds });
  }

  /** For a key that is not among those at hand. A fetch that is under way began before the key was asked for: another one. */
  async function newestKeys(): Promise<LocalJWKSet> {
    await pending;
    if (retryInMs() > 0) throw unavailable(retryInMs());
    if (!pending && !unknownKeys.take()) throw unavailable(unknownKeys.waitMs());
    await fetchOnce();
    if (failure !== undefined) throw unavailable(retryInMs());
    return keys!;
  }

  const find: KeySource = async (header, token) => {
    const known = await currentKeys();
    try {
      return await known(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      return (await newestKeys())(header, token);
    }
  };
  return Object.assign(find, {
    issuers: () => issuers,
    async check() {
      const current = currentKeys();
      await current.catch(() => undefined);
      // Says what is wrong with the configuration, which no retry mends.
      if (failure instanceof AppError) throw failure;
      await current;
    },
  });
}

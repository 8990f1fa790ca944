import { createPublicKey, type KeyObject } from 'node:crypto';
import type { Outbound } from '@agent-platform/outbound';
import { AppError } from '@agent-platform/errors';

export const GITHUB_KEYS_URL = 'https://api.github.com/meta/public_keys/secret_scanning';

/** How long keys count that GitHub may take back. */
const MAX_AGE_MS = 24 * 3_600_000;
/** Anybody can name a key that is not there: that must not make us ask more often. */
const REFRESH_INTERVAL_MS = 60_000;
/** After a failure. */
const RETRY_INTERVAL_MS = 5_000;

export interface GithubKeys {
  /**
   * The key of this identifier, undefined when GitHub has none.
   *
   * @throws AppError `github_keys_unavailable` when that cannot be known now.
   */
  find(identifier: string): Promise<KeyObject | undefined>;
}

export interface GithubKeysDeps {
  readonly url: string;
  readonly outbound: Pick<Outbound, 'json'>;
  readonly clock: () => number;
}

/** The public keys that GitHub signs its reports with, fetched when a report needs one that is not known. */
export function createGithubKeys({ url, outbound, clock }: GithubKeysDeps): GithubKeys {
  let keys: ReadonlyMap<string, KeyObject> = new Map();
  let fetchedAtMs = -Infinity;
  let failure = { atMs: -Infinity, error: undefined as unknown };
  let fetching: Promise<void> | undefined;

  async function fetchKeys(): Promise<void> {
    const atMs = clock();
    try {
      if (atMs - failure.atMs < RETRY_INTERVAL_MS) throw failure.error;
      const { status, json } = await outbound.json({ url: new URL(url) });
      if (status !== 200) throw new Error(`${url} answered ${status}`);
      keys = readKeys(json);
      fetchedAtMs = atMs;
    } catch (error) {
      if (error !== failure.error) failure = { atMs, error };
      throw error;
    }
  }

  return {
    async find(identifier) {
      const known = keys.get(identifier);
      if (clock() - fetchedAtMs < (known ? MAX_AGE_MS : REFRESH_INTERVAL_MS)) return known;
      try {
        await (fetching ??= fetchKeys().finally(() => (fetching = undefined)));
      } catch (cause) {
        // An outage of GitHub's is no reason to doubt a key.
        if (known) return known;
        const message = "GitHub's public keys cannot be fetched right now; send the same report again later.";
        throw new AppError('unavailable', 'github_keys_unavailable', message, { cause, retryAfterSeconds: 60 });
      }
      return keys.get(identifier);
    },
  };
}

/** @throws Error when it is not what GitHub documents. */
function readKeys(json: unknown): Map<string, KeyObject> {
  const { public_keys: list } = json as { public_keys: { key_identifier: string; key: string }[] };
  return new Map(list.map(({ key_identifier: identifier, key }) => [identifier, readKey(key)]));
}

function readKey(pem: string): KeyObject {
  const key = createPublicKey(pem);
  if (key.asymmetricKeyDetails?.namedCurve !== 'prime256v1') throw new Error('a key is not of the curve P-256');
  return key;
}

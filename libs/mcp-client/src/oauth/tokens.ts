import { createHash } from 'node:crypto';
import type { Outbound } from '@agent-platform/outbound';
import { createSingleFlight } from '@agent-platform/concurrency';
import type { Logger } from '@agent-platform/telemetry';
import { LRUCache } from 'lru-cache';
import { McpError } from '../errors.ts';
import type { Target } from '../server.ts';
import type { Challenge } from './challenge.ts';
import type { Discovery } from './metadata.ts';
import { findResource } from './resource-metadata.ts';
import { includesAll, union } from './scopes.ts';
import { findAuthorizationServer } from './server-metadata.ts';
import { requestToken, type Grant } from './token-request.ts';

const MAX_REMEMBERED = 1_000;
/** A tenth of a token's life, and no more than this, before its end a new one is asked for. */
const MAX_REFRESH_AHEAD_MS = 60_000;
/** Clocks differ, and a request takes its time: a token is not used so shortly before its end. */
const UNUSED_MS = 2_000;
/** Between refreshes that fail while the token is still good. */
const RETRY_REFRESH_MS = 5_000;

export interface AccessToken {
  readonly value: string;
  /** What was asked for; the server may have granted less. */
  readonly scopes: readonly string[];
}

interface Token extends AccessToken {
  readonly expiresAtMs: number;
  refreshAtMs: number;
}

export interface TokensOptions {
  readonly outbound: Outbound;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds for everything it takes to get a token. */
  readonly timeoutMs: number;
}

/** A target that is called with access tokens. */
export type OAuthTarget = Target & Required<Pick<Target, 'oauth'>>;

/**
 * Access tokens by what they were asked for. One request serves all who wait; a token is refreshed in the background
 * before its end, and stays in use until then whatever becomes of the refresh.
 */
export class Tokens {
  readonly #o: TokensOptions;
  /** What each target's server wants, as far as it has said. */
  readonly #grants = new LRUCache<string, Grant>({ max: MAX_REMEMBERED });
  readonly #tokens = new LRUCache<string, Token>({ max: MAX_REMEMBERED });
  readonly #requestOnce = createSingleFlight<Token>();
  readonly #renewOnce = createSingleFlight<Token>();

  constructor(options: TokensOptions) {
    this.#o = options;
  }

  /** The token to send; `undefined` while the server has not said what it wants. @throws McpError */
  async current(target: OAuthTarget): Promise<AccessToken | undefined> {
    const grant = this.#grants.get(target.key);
    if (!grant) return undefined;
    const token = this.#usable(target, grant);
    if (!token) return await this.#request(target, grant);
    if (token.refreshAtMs <= this.#o.now()) this.#refresh(target, grant, token);
    return token;
  }

  /**
   * Another token than the one that was refused. Finds out anew what the server wants, and adds to the scopes that were
   * asked for before what it says is missing.
   *
   * @param refused - `undefined` when the request had none.
   * @throws McpError
   */
  async renew(target: OAuthTarget, refused: AccessToken | undefined, challenge: Challenge): Promise<AccessToken> {
    const known = this.#grants.get(target.key);
    const other = known && includesAll(known.scopes, challenge.scopes) ? this.#usable(target, known) : undefined;
    if (other && other.value !== refused?.value) return other;
    const key = JSON.stringify([target.key, challenge]);
    return await this.#renewOnce(key, () => this.#renew(target, refused, challenge));
  }

  async #renew(target: OAuthTarget, refused: AccessToken | undefined, challenge: Challenge): Promise<Token> {
    const { oauth } = target;
    const discovery = this.#discovery();
    const resource = await findResource(discovery, target, oauth, challenge);
    const server = await findAuthorizationServer(discovery, oauth.issuer);
    const before = this.#grants.get(target.key)?.scopes ?? [];
    const named = [union(before, challenge.scopes), oauth.scopes, resource.scopes];
    const scopes = union(named.find((set) => set.length > 0) ?? []);
    const grant = { server, resource: resource.identifier, scopes };
    const other = this.#usable(target, grant);
    const isOther = other && other.value !== refused?.value;
    const token = isOther ? other : await this.#request(target, grant, discovery);
    this.#grants.set(target.key, grant);
    return token;
  }

  #usable(target: OAuthTarget, grant: Grant): Token | undefined {
    const token = this.#tokens.get(keyOf(target, grant));
    return token && token.expiresAtMs - UNUSED_MS > this.#o.now() ? token : undefined;
  }

  async #request(target: OAuthTarget, grant: Grant, discovery = this.#discovery()): Promise<Token> {
    const key = keyOf(target, grant);
    try {
      return await this.#requestOnce(key, async () => {
        const { value, lifetimeMs } = await requestToken(discovery, target.oauth, grant);
        const expiresAtMs = this.#o.now() + lifetimeMs;
        const refreshAtMs = expiresAtMs - Math.min(lifetimeMs / 10, MAX_REFRESH_AHEAD_MS) - UNUSED_MS;
        const issued: Token = { value, scopes: grant.scopes, expiresAtMs, refreshAtMs };
        this.#tokens.set(key, issued);
        return issued;
      });
    } catch (error) {
      // What was remembered may be what is wrong: the next request starts from the beginning.
      const isRefusal = error instanceof McpError && !error.retryable;
      if (isRefusal && !this.#usable(target, grant)) this.#grants.delete(target.key);
      throw error;
    }
  }

  #refresh(target: OAuthTarget, grant: Grant, token: Token): void {
    token.refreshAtMs = this.#o.now() + RETRY_REFRESH_MS;
    this.#request(target, grant).catch((error: unknown) => {
      const message = 'an access token could not be refreshed; it stays in use until its end';
      this.#o.logger.warn({ err: error, mcp_origin: target.url.origin }, message);
    });
  }

  #discovery(): Discovery {
    const { outbound, now, timeoutMs } = this.#o;
    const endsAtMs = performance.now() + timeoutMs;
    return { outbound, now, timeLeftMs: () => Math.max(1, endsAtMs - performance.now()) };
  }
}

/** Says nothing about the client. The same token serves all servers of one resource. */
function keyOf({ oauth }: OAuthTarget, { server, resource, scopes }: Grant): string {
  const identity = JSON.stringify([oauth.issuer, oauth.clientId, oauth.authentication, resource, scopes]);
  return createHash('sha256').update(identity).update(server.tokenEndpoint.href).digest('base64url');
}

import type { Context } from '../context.ts';
import { isCredentialRefusal } from '../failures.ts';
import { inTime } from '../in-time.ts';
import type { Reply } from '../reply.ts';
import { bearerChallenge, type Challenge } from './challenge.ts';
import { includesAll } from './scopes.ts';
import type { OAuthTarget, Tokens } from './tokens.ts';

type Exchange = Context['exchange'];

/**
 * An exchange that gets access tokens for the servers that want them. A server that refuses a token did nothing, so the
 * message is sent again: once with a new token, and once with one that has the scopes it lacked. After that its refusal
 * stands. Tokens go to the server's own URL and nowhere else.
 *
 * @see https://modelcontextprotocol.io/specification/2026-07-28/basic/authorization
 */
export function withAuthorization(exchange: Exchange, tokens: Tokens): Exchange {
  async function exchangeAuthorized(
    target: OAuthTarget,
    connection: Parameters<Exchange>[1],
    call: Parameters<Exchange>[2],
    signal: AbortSignal,
  ): Promise<Reply> {
    const granted = <T>(token: Promise<T>) => inTime(token, signal, target, call.method);
    const send = async () => {
      if (token === undefined) return await exchange(target, connection, call, signal);
      const authorized = { ...target, headers: { ...target.headers, authorization: `Bearer ${token.value}` } };
      return await exchange(authorized, connection, call, signal);
    };

    let token = await granted(tokens.current(target));
    let reply = await send();
    if (isTokenRefusal(reply)) {
      token = await granted(tokens.renew(target, token, bearerChallenge(reply.headers)));
      reply = await send();
    }
    const missing = missingScopes(reply);
    if (missing && !includesAll(token?.scopes ?? [], missing.scopes)) {
      token = await granted(tokens.renew(target, token, missing));
      reply = await send();
    }
    return reply;
  }

  return (target, ...request) =>
    isOAuthTarget(target) ? exchangeAuthorized(target, ...request) : exchange(target, ...request);
}

function isOAuthTarget(target: Parameters<Exchange>[0]): target is OAuthTarget {
  return target.oauth !== undefined;
}

/** 401, and the body with which simple servers say the same. */
function isTokenRefusal(reply: Reply): boolean {
  return isCredentialRefusal(reply) && reply.status !== 403;
}

/** The challenge of a server for which the token was good, but not good enough. */
function missingScopes({ status, headers }: Reply): Challenge | undefined {
  const challenge = status === 403 ? bearerChallenge(headers) : undefined;
  return challenge?.error === 'insufficient_scope' ? challenge : undefined;
}

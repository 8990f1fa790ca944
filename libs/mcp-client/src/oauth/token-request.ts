import { signClientAssertion } from '@agent-platform/auth';
import { AppError } from '@agent-platform/errors';
import { isJsonObject, type JsonValue } from '@agent-platform/json';
import { McpError } from '../errors.ts';
import { readRetryAfter } from '../retry-after.ts';
import { authorizationInvalid, authorizationUnavailable, passingFailure, requestFailure } from './failures.ts';
import type { Discovery } from './metadata.ts';
import type { OAuthClient } from './oauth-client.ts';
import type { AuthorizationServer } from './server-metadata.ts';

export interface IssuedToken {
  readonly value: string;
  readonly lifetimeMs: number;
}

/** What is asked for: the same everything, the same token. */
export interface Grant {
  readonly server: AuthorizationServer;
  readonly resource: string;
  readonly scopes: readonly string[];
}

/** Where the server does not say. The MCP server refuses it earlier if it is shorter, and then there is a new one. */
const UNSTATED_LIFETIME_MS = 10 * 60 * 1000;
const MAX_LIFETIME_MS = 24 * 60 * 60 * 1000;

/** What a header can carry (https://www.rfc-editor.org/rfc/rfc6750#section-2.1), and no more than one should. */
const ACCESS_TOKEN = /^[\x21-\x7e]{1,16384}$/;

/** What a server may say is wrong, and what to do about it. Nothing else that it says is shown. */
const REFUSALS: Readonly<Record<string, string>> = {
  invalid_client: 'Check client_id and the secret or key configured for the skill',
  invalid_grant: 'Check client_id and the secret or key configured for the skill',
  invalid_request: 'It may want another way of authentication, or know no resource indicators (RFC 8707)',
  unauthorized_client: 'Allow the client the grant type client_credentials',
  unsupported_grant_type: 'It has to support client_credentials',
  invalid_scope: 'Check the scopes that the client may ask for',
  invalid_target: 'Let the client ask for tokens for this MCP server (RFC 8707)',
  access_denied: 'Check what the client is allowed',
};
const PASSING = new Set(['temporarily_unavailable', 'server_error', 'slow_down']);

/**
 * Asks for an access token, once.
 *
 * @throws McpError `credential_refused`, `authorization_invalid`, `authorization_unavailable`, `address_refused`
 * @see https://www.rfc-editor.org/rfc/rfc6749#section-4.4
 */
export async function requestToken(discovery: Discovery, client: OAuthClient, grant: Grant): Promise<IssuedToken> {
  const { outbound, timeLeftMs, now } = discovery;
  const { server, resource, scopes } = grant;
  const who = `the token endpoint of ${server.issuer}`;
  const authentication = await authenticate(client, server);
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    ...authentication.form,
    resource,
    ...(scopes.length > 0 && { scope: scopes.join(' ') }),
  });
  const request = { url: server.tokenEndpoint, headers: authentication.headers, form, timeoutMs: timeLeftMs() };
  const { status, headers, json } = await outbound.json(request).catch((error: unknown) => {
    throw requestFailure(error, who);
  });
  const retryAfterMs = readRetryAfter(headers['retry-after'], now());
  if (status === 200) return readToken(json, who);
  const error = isJsonObject(json) && typeof json.error === 'string' ? json.error : '';
  if (PASSING.has(error)) throw authorizationUnavailable(`${who} answers ${error}`, retryAfterMs);
  throw passingFailure(who, status, retryAfterMs) ?? refusal(server.issuer, status, error, grant);
}

async function authenticate(
  { clientId, authentication }: OAuthClient,
  { issuer, authMethods, signingAlgorithms }: AuthorizationServer,
): Promise<{ headers: Record<string, string>; form: Record<string, string> }> {
  // A server that does not say takes Basic (https://www.rfc-editor.org/rfc/rfc8414#section-2).
  const takes = (method: string) => authMethods?.includes(method) ?? method !== 'client_secret_post';
  if ('privateKey' in authentication) {
    if (!takes('private_key_jwt')) throw unsupported(issuer, 'a private key (private_key_jwt)');
    const { privateKey } = authentication;
    const options = { clientId, audience: issuer, privateKey, algorithms: signingAlgorithms };
    const assertion = await signClientAssertion(options).catch((error: unknown) => {
      if (!(error instanceof AppError)) throw error;
      throw new McpError('credential_refused', `The client of ${issuer}: ${error.message}`, {
        sent: false,
        answered: false,
      });
    });
    const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
    return { headers: {}, form: { client_assertion_type: type, client_assertion: assertion } };
  }
  const { secret } = authentication;
  if (takes('client_secret_basic')) {
    const pair = `${formEncoded(clientId)}:${formEncoded(secret)}`;
    return { headers: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` }, form: {} };
  }
  if (takes('client_secret_post')) return { headers: {}, form: { client_id: clientId, client_secret: secret } };
  throw unsupported(issuer, 'a client secret');
}

/** @see https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1 */
function formEncoded(text: string): string {
  return new URLSearchParams([['', text]]).toString().slice(1);
}

function readToken(json: JsonValue | undefined, who: string): IssuedToken {
  const { access_token: value, token_type: type, expires_in: seconds } = isJsonObject(json) ? json : {};
  if (typeof value !== 'string' || !ACCESS_TOKEN.test(value) || typeof type !== 'string' || !/^bearer$/i.test(type)) {
    throw authorizationInvalid(`No access token for the MCP server: ${who} answers something that is no Bearer token.`);
  }
  const lifetimeMs = Number(seconds) * 1000;
  return { value, lifetimeMs: lifetimeMs > 0 ? Math.min(lifetimeMs, MAX_LIFETIME_MS) : UNSTATED_LIFETIME_MS };
}

function refusal(issuer: string, status: number, error: string, { scopes, resource }: Grant): McpError {
  const advice = Object.hasOwn(REFUSALS, error) ? REFUSALS[error] : undefined;
  const said = advice === undefined ? `HTTP ${status}` : `${error}, HTTP ${status}`;
  const asked = `a token for ${resource}${scopes.length > 0 ? ` with the scopes "${scopes.join(' ')}"` : ''}`;
  const message = `The authorization server ${issuer} refused ${asked} (${said}). ${advice ?? 'Check the client configured for the skill'}.`;
  return new McpError('credential_refused', message, { sent: false, answered: false, status });
}

function unsupported(issuer: string, what: string): McpError {
  return authorizationInvalid(`The authorization server ${issuer} does not take ${what}; configure what it does take.`);
}

import type { JsonObject, JsonValue } from '@agent-platform/json';
import { authorizationInvalid } from './failures.ts';
import { findMetadata, namedUrl, pathOf, wellKnown, type Discovery } from './metadata.ts';

/** What is to be known of an authorization server. */
export interface AuthorizationServer {
  readonly issuer: string;
  readonly tokenEndpoint: URL;
  /** How clients may say who they are; `undefined` where the server does not say. */
  readonly authMethods: readonly string[] | undefined;
  readonly signingAlgorithms: readonly string[] | undefined;
}

/**
 * Asks an authorization server where its token endpoint is.
 *
 * @throws McpError `authorization_invalid`, `authorization_unavailable`, `address_refused`
 * @see https://www.rfc-editor.org/rfc/rfc8414#section-3.3
 */
export async function findAuthorizationServer(discovery: Discovery, issuer: string): Promise<AuthorizationServer> {
  const who = `the authorization server ${issuer}`;
  const o = { outbound: discovery.outbound, needsTls: true };
  const urls = metadataUrls(namedUrl(issuer, who, o));
  const found = await findMetadata(discovery, { urls, who, problemWith: (it) => problemWith(it, issuer) });
  if ('problem' in found) throw authorizationInvalid(`The metadata of ${who} ${found.problem}.`);
  const {
    token_endpoint: endpoint,
    token_endpoint_auth_methods_supported: methods,
    token_endpoint_auth_signing_alg_values_supported: algorithms,
  } = found.document;
  return {
    issuer,
    tokenEndpoint: namedUrl(endpoint, `the token endpoint of ${issuer}`, o),
    authMethods: stringsOf(methods),
    signingAlgorithms: stringsOf(algorithms),
  };
}

/** OAuth's first, then OpenID Connect's in both places: the order that MCP prescribes. */
function metadataUrls(issuer: URL): URL[] {
  return [
    wellKnown(issuer, 'oauth-authorization-server'),
    wellKnown(issuer, 'openid-configuration'),
    new URL(`${pathOf(issuer)}/.well-known/openid-configuration`, issuer),
  ];
}

function problemWith(document: JsonObject, issuer: string): string | undefined {
  if (document.issuer !== issuer) return 'is of another issuer: the two must be the same, character for character';
  return typeof document.token_endpoint === 'string' ? undefined : 'names no token endpoint';
}

function stringsOf(value: JsonValue | undefined): readonly string[] | undefined {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : undefined;
}

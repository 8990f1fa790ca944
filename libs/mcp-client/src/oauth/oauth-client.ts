/** How to get access tokens for an MCP server: RFC 6749's `client_credentials`. */
export interface OAuthClient {
  /** The one authorization server that is shown the secret, exactly as its metadata spells it. */
  readonly issuer: string;
  readonly clientId: string;
  readonly authentication: ClientAuthentication;
  /** Asked for unless the MCP server names others. */
  readonly scopes: readonly string[];
}

/** The private key is PKCS #8 in PEM, and never leaves the process. */
export type ClientAuthentication = { readonly secret: string } | { readonly privateKey: string };

export { createEmbeddedIssuer, type EmbeddedIssuer, type EmbeddedIssuerOptions } from './embedded-issuer.ts';
export type { IssuerClient } from './token-request.ts';

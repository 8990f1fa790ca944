/** https://nodejs.org/api/tls.html#x509-certificate-error-codes */
const ISSUER =
  /^(UNABLE_TO_GET_ISSUER_CERT|UNABLE_TO_GET_ISSUER_CERT_LOCALLY|UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|CERT_UNTRUSTED|CERT_REJECTED|CERT_SIGNATURE_FAILURE|INVALID_CA|INVALID_PURPOSE)$/;
const TIME = /^(CERT_HAS_EXPIRED|CERT_NOT_YET_VALID)$/;
const HANDSHAKE = /^(ERR_SSL_|ERR_OSSL_|EPROTO$)/;

/** How a server's certificate, ours or the handshake failed. */
export type TlsFailure = 'issuer' | 'host' | 'time' | 'handshake';

/** What a failed TLS connection failed at, by the code of Node's error; `undefined` when it was something else. */
export function tlsFailureOf(code: string | undefined): TlsFailure | undefined {
  if (code === undefined) return undefined;
  if (ISSUER.test(code)) return 'issuer';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'host';
  if (TIME.test(code)) return 'time';
  return HANDSHAKE.test(code) ? 'handshake' : undefined;
}

/** What proves the rest, by what it proves: globs from the root of the repository. Each must fit a file. */
export const SUITES: Readonly<Record<string, readonly string[]>> = {
  'ciphertexts swapped between rows, fields and tenants': [
    'apps/token-service/tests/swapped-credentials.test.ts',
    'apps/token-service/tests/sealed-secrets.test.ts',
    'apps/token-service/src/credentials/sealing.test.ts',
  ],
  'rotation of keys, also interrupted': [
    'apps/token-service/tests/key-rotation.test.ts',
    'apps/token-service/tests/interrupted-rotation.test.ts',
  ],
  'hostile JWTs, an issuer that is away': [
    'libs/auth/tests/hostile-tokens.test.ts',
    'libs/auth/tests/remote-keys.test.ts',
  ],
  'identity of services': [
    'libs/auth/src/services/*.test.ts',
    'verify/e2e/src/service-keys.test.ts',
    'libs/auth/src/client-assertion.test.ts',
  ],
  'addresses that must not be called, rebinding': [
    'verify/security/src/outbound/*.test.ts',
    'libs/outbound/**/*.test.ts',
    'libs/mcp-client/tests/addresses.test.ts',
    'tools/repository/outbound.test.ts',
  ],
  'what leaves with a call, and what is said of it': ['libs/mcp-client/tests/secrets.test.ts'],
  "signatures of the senders' own libraries": [
    'apps/ingest/src/signatures/**/*.test.ts',
    'apps/ingest/tests/signed-*.test.ts',
  ],
  'tokens at the door': ['apps/ingest/src/tokens/**/*.test.ts', 'apps/token-service/tests/webhook-tokens.test.ts'],
};

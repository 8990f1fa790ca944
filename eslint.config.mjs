import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** What reaches out: to addresses that others name, only one library may. tools/repository/outbound.test.ts plants violations. */
const OUTBOUND = 'Outbound calls go through @agent-platform/outbound (address checks, limits, no redirects).';
const CONNECTING = {
  http: ['request', 'get', 'ClientRequest', 'default'],
  https: ['request', 'get', 'default'],
  http2: ['connect', 'default'],
  net: ['connect', 'createConnection', 'Socket', 'default'],
  tls: ['connect', 'TLSSocket', 'default'],
};
const CONNECTING_MODULES = Object.keys(CONNECTING).join('|');
const connectingImports = Object.entries(CONNECTING).flatMap(([name, importNames]) =>
  [name, `node:${name}`].map((module) => ({ name: module, importNames, allowTypeImports: true, message: OUTBOUND })),
);

export default tseslint.config(
  { ignores: ['**/generated/**', '**/dist/**', '**/node_modules/**', '.nx/**', '.agent-platform/**'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      // `await using _held = …` holds a resource nobody asks for.
      '@typescript-eslint/no-unused-vars': ['error', { varsIgnorePattern: '^_' }],
      'no-console': 'error',
    },
  },
  {
    files: ['{apps,libs}/**/*.ts'],
    ignores: ['libs/outbound/**', 'libs/client/**', 'libs/testing/**', '**/*.test.ts', '**/tests/**'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['fetch', 'WebSocket', 'EventSource'].map((name) => ({ name, message: OUTBOUND })),
      ],
      'no-restricted-properties': ['error', { object: 'globalThis', property: 'fetch', message: OUTBOUND }],
      '@typescript-eslint/no-restricted-imports': ['error', { paths: connectingImports }],
      'no-restricted-syntax': [
        'error',
        { selector: `ImportExpression[source.value=/^(node:)?(${CONNECTING_MODULES})$/]`, message: OUTBOUND },
      ],
    },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly' } },
  },
  { files: ['examples/**', 'tools/**', 'verify/**'], rules: { 'no-console': 'off' } },
);

import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** The only place that may reach out to addresses users name. */
const OUTBOUND = 'Outbound calls go through @agent-platform/mcp-client (address checks, limits, no redirects).';

export default tseslint.config(
  { ignores: ['**/generated/**', '**/node_modules/**', '.nx/**', '.agent-platform/**'] },
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
    ignores: ['libs/mcp-client/**', 'libs/testing/**', '**/*.test.ts', '**/tests/**'],
    rules: {
      'no-restricted-globals': ['error', { name: 'fetch', message: OUTBOUND }],
      'no-restricted-properties': [
        'error',
        { object: 'http', property: 'request', message: OUTBOUND },
        { object: 'https', property: 'request', message: OUTBOUND },
      ],
    },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: { globals: { process: 'readonly', console: 'readonly' } },
  },
  { files: ['examples/**', 'scripts/**', 'bench/**', 'e2e/**'], rules: { 'no-console': 'off' } },
);

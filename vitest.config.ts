import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{apps,libs}/*/{src,tests}/**/*.test.ts', '{e2e,examples}/src/**/*.test.ts', 'scripts/**/*.test.ts'],
    // One PostgreSQL for the whole run; every test file gets a database of its own.
    globalSetup: ['libs/testing/src/global-setup.ts'],
    reporters: ['default', './scripts/count-reporter.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});

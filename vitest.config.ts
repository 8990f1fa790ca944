import './tools/repository/generate.mjs';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{apps,libs}/*/{src,tests}/**/*.test.ts', '{tools,verify}/*/**/*.test.ts', 'examples/src/**/*.test.ts'],
    // One PostgreSQL for the whole run; every test file gets a database of its own.
    globalSetup: ['libs/testing/src/global-setup.ts'],
    reporters: ['default', './tools/repository/count-reporter.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
  },
});

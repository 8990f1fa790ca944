import { variable } from './variables.ts';

/** Where a service that is a process of its own listens, and what it logs. */
export const processVariables = {
  host: variable.string('HOST', { default: '127.0.0.1' }),
  port: variable.integer('PORT', { default: 8080, min: 0, max: 65_535 }),
  /** Of `/healthz`, `/readyz` and `/metrics`. */
  adminPort: variable.integer('ADMIN_PORT', { default: 8081, min: 0, max: 65_535 }),
  logLevel: variable.oneOf('LOG_LEVEL', ['fatal', 'error', 'warn', 'info', 'debug', 'trace'], { default: 'info' }),
};

import { describe, expect, it } from 'vitest';
import { AppError } from '@agent-platform/errors';
import { createLogger, type Logger } from './logger.ts';

const CANARY = 'c4n4ry';

function logged(log: (logger: Logger) => void): string {
  const lines: string[] = [];
  log(
    createLogger({ level: 'trace', service: 'test', destination: { write: (line: string) => void lines.push(line) } }),
  );
  return lines.join('');
}

const nest = (value: unknown, depth: number): unknown => (depth === 0 ? value : { inner: nest(value, depth - 1) });
const withProperties = (error: Error, properties: object) => Object.assign(error, properties);

describe('the logger', () => {
  it.each([
    'authorization',
    'Authorization',
    'token',
    'access_token',
    'x-webhook-token',
    'clientSecret',
    'client_secret',
    'PASSWORD',
    'set-cookie',
    'x-api-key',
    'mcp_headers',
    'mcpHeaders',
    'private_key',
    'peppers',
  ])('hides the field %s at any depth', (name) => {
    for (const depth of [0, 1, 2, 3, 8]) {
      const line = logged((logger) => logger.info(nest({ [name]: CANARY, id: 'evt_1' }, depth) as object, 'hi'));
      expect(line).not.toContain(CANARY);
      expect(line).toContain('"id":"evt_1"');
      expect(JSON.parse(line)).toMatchObject({ service: 'test', level: 'info', msg: 'hi' });
    }
  });

  it('hides what a secret field holds, whatever that is', () => {
    const secrets = { mcp_headers: { 'X-Custom': CANARY }, tokens: [CANARY], secret: { deep: [{ a: CANARY }] } };
    expect(logged((logger) => logger.info({ list: [secrets] }))).not.toContain(CANARY);
  });

  it('hides what a child logger is bound to', () => {
    const line = logged((logger) => logger.child({ token: `${CANARY}"\\`, runId: 'run_1' }).info({ a: 1 }, 'hi'));
    expect(line).not.toContain(CANARY);
    expect(JSON.parse(line)).toMatchObject({ token: '[redacted]', runId: 'run_1', a: 1 });
  });

  it.each([
    ['a bearer credential', `Authorization: Bearer ${CANARY}.x-y_z~+/==`],
    ['a basic credential', `basic ${CANARY}==`],
    ['a webhook token', `whk_${CANARY}${'0'.repeat(24)}`],
    ['a JWT', `eyJhbGciOiJSUzI1NiJ9.${CANARY}.${CANARY}`],
    ['the password of a URL', `postgres://app:${CANARY}@db/bus`],
  ])('hides %s inside messages, fields, errors and their causes', (_, text) => {
    const lines = logged((logger) => {
      logger.warn(text);
      logger.warn({ url: text, list: [text] }, 'refused: %s', text);
      logger.error({ err: new AppError('internal', 'x', text, { cause: new Error(text) }) });
      logger.error(withProperties(new Error('x'), { config: { headers: [text] } }));
    });
    expect(lines).not.toContain(CANARY);
    expect(lines).toContain('[redacted]');
    for (const line of lines.trim().split('\n')) expect(() => JSON.parse(line) as unknown).not.toThrow();
  });

  it('hides secret fields that errors carry', () => {
    const error = withProperties(new Error('x'), { request: { headers: { authorization: CANARY } }, token: CANARY });
    expect(logged((logger) => logger.error({ err: error }))).not.toContain(CANARY);
  });

  it('keeps what only sounds like a secret, and what has a form of its own', () => {
    const at = new Date(0);
    const line = logged((logger) =>
      logger.info({ inputTokens: 5, tokenId: 'tok_1', hint: 'whk_…abcd', token: null, at }),
    );
    expect(JSON.parse(line)).toMatchObject({
      inputTokens: 5,
      tokenId: 'tok_1',
      hint: 'whk_…abcd',
      token: null,
      at: '1970-01-01T00:00:00.000Z',
    });
  });

  it('does not follow a circle', () => {
    const circle: Record<string, unknown> = { id: 'evt_1' };
    circle.self = circle;
    expect(logged((logger) => logger.info({ circle }))).toContain('[too deep]');
  });
});

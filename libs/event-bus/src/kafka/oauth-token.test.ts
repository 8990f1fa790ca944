import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { createTokenSource } from './oauth-token.ts';

let answer: { status: number; body: string };
let requests: { authorization: string | undefined; body: string }[];
let nowMs: number;
const server = createServer((request, response) => {
  let body = '';
  request.setEncoding('utf8').on('data', (chunk) => (body += String(chunk)));
  request.on('end', () => {
    requests.push({ authorization: request.headers.authorization, body });
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
  });
});

beforeAll(() => once(server.listen(0, '127.0.0.1'), 'listening'));
afterAll(() => void server.close());
beforeEach(() => {
  requests = [];
  nowMs = 0;
});

function source(scope?: string) {
  const { port } = server.address() as AddressInfo;
  const tokenUrl = new URL(`http://127.0.0.1:${port}/token`);
  const client = { clientId: 'a:b', clientSecret: 'sécret', now: () => nowMs };
  return createTokenSource({ tokenUrl, ...client, ...(scope && { scope }) });
}

const issue = (body: object) => void (answer = { status: 200, body: JSON.stringify(body) });

it('asks once for many, as RFC 6749 says, and again when four fifths of the life of a token are over', async () => {
  issue({ access_token: 'one', expires_in: 1_000 });
  const token = source('produce');
  expect(await Promise.all([token(), token(), token()])).toEqual(['one', 'one', 'one']);
  const basic = Buffer.from('a%3Ab:s%C3%A9cret').toString('base64');
  expect(requests).toEqual([{ authorization: `Basic ${basic}`, body: 'grant_type=client_credentials&scope=produce' }]);
  issue({ access_token: 'two', expires_in: 1_000 });
  nowMs = 799_000;
  expect(await token()).toBe('one');
  nowMs = 800_000;
  expect(await token()).toBe('two');
});

it('leaves every token half a minute to be used', async () => {
  issue({ access_token: 'one', expires_in: 60 });
  const token = source();
  await token();
  nowMs = 29_999;
  await token();
  expect(requests).toHaveLength(1);
  nowMs = 30_000;
  await token();
  expect(requests).toHaveLength(2);
});

it('asks again after a failure, and shows of an answer only its error', async () => {
  const token = source();
  answer = { status: 400, body: JSON.stringify({ error: 'invalid_scope', error_description: 'canary' }) };
  const refused = (await token().catch((error: unknown) => error)) as Error;
  expect(refused).toMatchObject({ kind: 'unavailable', code: 'bus_token_unavailable' });
  expect(refused.message).toContain('answers 400 invalid_scope: correct EVENT_BUS_OAUTH_CLIENT_ID');
  expect(refused.message).not.toContain('canary');
  issue({ token_type: 'Bearer' });
  await expect(token()).rejects.toThrow('answers without an access_token');
  issue({ access_token: 'one' });
  expect(await token()).toBe('one');
});

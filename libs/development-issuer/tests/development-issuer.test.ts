import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify, { type FastifyInstance, type InjectOptions } from 'fastify';
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JSONWebKeySet } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createUserAuthenticator } from '@agent-platform/auth';
import { createEmbeddedIssuer, type EmbeddedIssuer } from '../src/index.ts';

const AUDIENCE = 'https://agent-platform.example.com';

const request = {
  client_id: 'dev',
  client_secret: 'dev-secret',
  audience: AUDIENCE,
  grant_type: 'client_credentials',
};
const permissions = ['agents:read', 'agents:write'];

let directory: string;
let keyFile: string;
let issuer: EmbeddedIssuer;
let app: FastifyInstance;

function create(): Promise<EmbeddedIssuer> {
  const clients = [{ clientId: 'dev', clientSecret: 'dev-secret', orgId: 'org_dev', permissions }];
  return createEmbeddedIssuer({ issuer: 'http://127.0.0.1:8080', audience: AUDIENCE, keyFile, clients });
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'issuer-'));
  keyFile = join(directory, 'data', 'issuer-key.json');
  issuer = await create();
  app = Fastify();
  issuer.http(app);
});

afterEach(async () => {
  await app.close();
  await rm(directory, { recursive: true });
});

const post = (options: InjectOptions) => app.inject({ method: 'POST', url: '/oauth/token', ...options });
const token = async (changes: object = {}) =>
  (await post({ payload: { ...request, ...changes } })).json<{ access_token: string; scope: string }>();

describe('the token endpoint', () => {
  it('answers the documented request as Auth0 does', async () => {
    const response = await post({ payload: request });
    expect(response.statusCode).toBe(200);
    expect(response.headers['cache-control']).toBe('no-store');
    const { access_token: accessToken, ...rest } = response.json<{ access_token: string }>();
    expect(rest).toEqual({ scope: 'agents:read agents:write', expires_in: 86_400, token_type: 'Bearer' });
    expect(decodeProtectedHeader(accessToken)).toMatchObject({ alg: 'RS256', typ: 'JWT' });
    const { iat, exp, ...claims } = decodeJwt(accessToken);
    expect(exp! - iat!).toBe(86_400);
    expect(claims).toEqual({
      iss: 'http://127.0.0.1:8080/',
      sub: 'dev@clients',
      aud: AUDIENCE,
      azp: 'dev',
      gty: 'client-credentials',
      org_id: 'org_dev',
      scope: 'agents:read agents:write',
      permissions,
      jti: expect.any(String) as unknown,
    });
  });

  it('answers a form as well, and ignores what it does not know', async () => {
    const response = await post({
      payload: new URLSearchParams({ ...request, anything: 'else' }).toString(),
      headers: { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' },
    });
    const { access_token: accessToken } = response.json<{ access_token: string }>();
    await expect(issuer.authenticate(`Bearer ${accessToken}`)).resolves.toEqual({
      kind: 'user',
      subject: 'dev@clients',
      orgId: 'org_dev',
      permissions: new Set(permissions),
    });
  });

  it('grants no more than the scope that was asked for, and nothing the client does not have', async () => {
    const { access_token: accessToken, scope } = await token({ scope: 'agents:read runs:read' });
    expect(scope).toBe('agents:read');
    await expect(issuer.authenticate(`Bearer ${accessToken}`)).resolves.toMatchObject({
      permissions: new Set(['agents:read']),
    });
  });

  const denied = (error_description: string, error = 'access_denied') => ({ error, error_description });
  it.each<[string, object, number, object]>([
    ['a wrong secret', { client_secret: 'dev-secreT' }, 401, denied('Unauthorized')],
    ['no secret', { client_secret: undefined }, 401, denied('Unauthorized')],
    ['a secret that is no text', { client_secret: ['dev-secret'] }, 401, denied('Unauthorized')],
    ['an unknown client', { client_id: 'nobody', client_secret: '' }, 401, denied('Unauthorized')],
    ['another audience', { audience: 'https://x.example' }, 403, denied('Service not found: https://x.example')],
    [
      'no audience',
      { audience: undefined },
      403,
      denied(`No audience parameter was provided, and no default audience has been configured. Ask for ${AUDIENCE}`),
    ],
    [
      'another organization',
      { organization: 'org_2' },
      403,
      denied('Client is not authorized to access the organization'),
    ],
    [
      'another grant',
      { grant_type: 'password' },
      403,
      denied('Unsupported grant type: password', 'unsupported_grant_type'),
    ],
    ['no grant', { grant_type: undefined }, 400, denied('Missing required parameter: grant_type', 'invalid_request')],
    ['no client', { client_id: undefined }, 400, denied('Missing required parameter: client_id', 'invalid_request')],
  ])('refuses %s as Auth0 does', async (_, changes, status, body) => {
    const response = await post({ payload: { ...request, ...changes } });
    expect(response.json()).toEqual(body);
    expect(response.statusCode).toBe(status);
  });

  it.each<[string, InjectOptions]>([
    ['no body', {}],
    ['a body that is not JSON', { payload: '{', headers: { 'content-type': 'application/json' } }],
    ['null', { payload: 'null', headers: { 'content-type': 'application/json' } }],
    ['a list', { payload: [request] }],
    ['plain text', { payload: 'hello', headers: { 'content-type': 'text/plain' } }],
    ['a body far too large', { payload: { ...request, filler: 'x'.repeat(20_000) } }],
  ])('answers %s in JSON', async (_, options) => {
    const response = await post(options);
    expect(response.statusCode).toBe(400);
    expect(response.json()).toEqual({ error: 'invalid_request', error_description: expect.any(String) as unknown });
  });

  it('keeps its ways with bodies to itself', async () => {
    app.post('/other', async (request) => ({ body: request.body }));
    const form = { payload: 'a=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } };
    const other = await app.inject({ method: 'POST', url: '/other', ...form });
    expect(other.statusCode).toBe(415);
    const json = await app.inject({ method: 'POST', url: '/other', payload: { a: 1 } });
    expect(json.json()).toEqual({ body: { a: 1 } });
  });
});

describe('the key of the issuer', () => {
  it('is published so that others can check its tokens', async () => {
    const jwks = (await app.inject('/.well-known/jwks.json')).json<JSONWebKeySet>();
    expect(jwks.keys).toHaveLength(1);
    expect(Object.keys(jwks.keys[0]!).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use']);
    const options = { issuers: () => ['http://127.0.0.1:8080/'], audience: AUDIENCE, keys: createLocalJWKSet(jwks) };
    const { access_token: accessToken } = await token();
    await expect(createUserAuthenticator(options)(`Bearer ${accessToken}`)).resolves.toMatchObject({ kind: 'user' });
  });

  it('outlives a restart and is readable for its owner only', async () => {
    const { access_token: accessToken } = await token();
    await expect((await create()).authenticate(`Bearer ${accessToken}`)).resolves.toMatchObject({ kind: 'user' });
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
  });

  it('is one key, however many processes start at once', async () => {
    await rm(keyFile);
    const issuers = await Promise.all([create(), create(), create()]);
    const apps = issuers.map((one) => {
      const app = Fastify();
      one.http(app);
      return app;
    });
    const published = await Promise.all(apps.map(async (app) => (await app.inject('/.well-known/jwks.json')).body));
    await Promise.all(apps.map((app) => app.close()));
    expect(new Set(published).size).toBe(1);
    await expect(readFile(keyFile, 'utf8')).resolves.toContain('"kty"');
  });

  it('says what to do when its file is damaged', async () => {
    await writeFile(keyFile, '{"kty":');
    await expect(create()).rejects.toThrow(`${keyFile} is damaged. Delete the file`);
  });
});

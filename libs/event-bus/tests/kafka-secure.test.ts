import { createServer, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createCertificateAuthority, startKafka } from '@agent-platform/testing';
import { readEnv } from '@agent-platform/config';
import { AppError } from '@agent-platform/errors';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { afterAll, describe, expect, it } from 'vitest';
import { ensureTopics, kafkaSecurityOf, kafkaVariables, openBus } from '../src/index.ts';
import { newTopic } from '../src/conformance/fixture.ts';
import { logger } from './kafka.ts';

const AUDIENCE = 'kafka';
const CLIENT = { id: 'app client', secret: 'oauth:canary' };
const USER = { name: 'app', password: 'password-canary' };

const resources = new AsyncDisposableStack();
afterAll(() => resources.disposeAsync());

/** Gives tokens to the one client, and shows its keys, as Kafka's own validator fetches them. */
async function startIssuer() {
  const { privateKey, publicKey } = await generateKeyPair('RS256');
  const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: '1', alg: 'RS256', use: 'sig' }] };
  let issuer = '';
  let audience = AUDIENCE;
  let requests = 0;
  const token = async (request: IncomingMessage) => {
    requests++;
    const form = new URLSearchParams(await text(request));
    const basic = Buffer.from((request.headers.authorization ?? '').replace('Basic ', ''), 'base64').toString();
    const [id, secret] = basic.split(':').map(decodeURIComponent);
    const isRight = id === CLIENT.id && secret === CLIENT.secret && form.get('grant_type') === 'client_credentials';
    if (!isRight) return { status: 401, body: { error: 'invalid_client' } };
    const jwt = new SignJWT({ scope: form.get('scope') ?? '' }).setProtectedHeader({ alg: 'RS256', kid: '1' });
    jwt.setIssuer(issuer).setAudience(audience).setSubject('app').setIssuedAt().setExpirationTime('5m');
    return { status: 200, body: { access_token: await jwt.sign(privateKey), expires_in: 300, token_type: 'Bearer' } };
  };
  const server = createServer((request, response) => {
    const answer = request.url === '/jwks' ? { status: 200, body: jwks } : token(request);
    void Promise.resolve(answer).then(({ status, body }) => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  resources.defer(() => void server.close());
  issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { issuer, requests: () => requests, forAudience: (next: string) => void (audience = next) };
}

const ca = resources.use(await createCertificateAuthority());
const other = resources.use(await createCertificateAuthority());
const issuer = await startIssuer();
const kafka = await startKafka({
  secure: {
    caFile: ca.caFile,
    certificate: await ca.issue('the broker', ['DNS:localhost']),
    user: USER,
    issuer: { issuer: issuer.issuer, audience: AUDIENCE, jwksUrl: `${issuer.issuer}/jwks` },
  },
});

if (kafka.kind === 'none') describe.skip(`Kafka with TLS and SASL: ${kafka.reason}`);
else {
  resources.use(kafka);
  describeSecure(kafka.secure!);
}

function describeSecure({ sasl, mutual }: { sasl: string; mutual: string }): void {
  const TLS = { EVENT_BUS_TLS: 'true', EVENT_BUS_TLS_CA_FILE: ca.caFile };
  const password = (mechanism: string) => ({
    ...TLS,
    EVENT_BUS_SASL_MECHANISM: mechanism,
    EVENT_BUS_SASL_USERNAME: USER.name,
    EVENT_BUS_SASL_PASSWORD: USER.password,
  });
  const oauth = {
    ...TLS,
    EVENT_BUS_SASL_MECHANISM: 'OAUTHBEARER',
    EVENT_BUS_OAUTH_TOKEN_URL: `${issuer.issuer}/token`,
    EVENT_BUS_OAUTH_CLIENT_ID: CLIENT.id,
    EVENT_BUS_OAUTH_CLIENT_SECRET: CLIENT.secret,
    EVENT_BUS_OAUTH_SCOPE: 'produce',
  };

  /** Topics, publishing, consuming, all as a process does with these variables. */
  async function roundTrip(broker: string, env: Record<string, string>): Promise<string> {
    const security = kafkaSecurityOf(readEnv(env, kafkaVariables));
    const topic = newTopic();
    await ensureTopics({ brokers: [broker], topics: [topic], security, logger });
    await using bus = await openBus({ url: `kafka://${broker}`, clientId: 'test', security, logger });
    const received = Promise.withResolvers<string>();
    await bus.subscribe({
      topic,
      group: topic.name,
      handler: async ([message]) => received.resolve(Buffer.from(message!.value).toString()),
    });
    await bus.publish(topic, [{ key: 'k', value: Buffer.from('over TLS'), headers: {} }]);
    await bus.check();
    return await received.promise;
  }

  /** How a process is refused at its start. */
  async function refusal(broker: string, env: Record<string, string>): Promise<string> {
    const security = kafkaSecurityOf(readEnv(env, kafkaVariables));
    const error: unknown = await openBus({ url: `kafka://${broker}`, clientId: 'test', security, logger }).then(
      (bus) => bus[Symbol.asyncDispose](),
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof AppError)) throw new Error('it was not refused', { cause: error });
    return `${error.kind} ${error.code}: ${error.message}`;
  }

  describe('Kafka with TLS and SASL', () => {
    it.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])('knows a process by its password: %s', async (mechanism) => {
      expect(await roundTrip(sasl, password(mechanism))).toBe('over TLS');
      const answer = await refusal(sasl, { ...password(mechanism), EVENT_BUS_SASL_PASSWORD: 'wrong-canary' });
      expect(answer).toMatch(
        /^unavailable bus_unavailable: .*correct EVENT_BUS_SASL_USERNAME or EVENT_BUS_SASL_PASSWORD/,
      );
      expect(answer).not.toContain('canary');
    });

    it('knows a process by a token of an OAuth client, which it asks for once', async () => {
      const before = issuer.requests();
      expect(await roundTrip(sasl, oauth)).toBe('over TLS');
      expect(issuer.requests() - before).toBe(1);
    });

    it('says what to mend of an OAuth client that is refused', async () => {
      const wrong = await refusal(sasl, { ...oauth, EVENT_BUS_OAUTH_CLIENT_SECRET: 'wrong-canary' });
      expect(wrong).toMatch(/answers 401 invalid_client: correct EVENT_BUS_OAUTH_CLIENT_ID, its secret/);
      expect(wrong).not.toContain('canary');
      const away = await refusal(sasl, { ...oauth, EVENT_BUS_OAUTH_TOKEN_URL: 'http://127.0.0.1:1/token' });
      expect(away).toMatch(/cannot be reached: correct EVENT_BUS_OAUTH_TOKEN_URL/);
      issuer.forAudience('another');
      expect(await refusal(sasl, oauth)).toMatch(/refuses the token of the OAuth client: .*invalid_token/);
      issuer.forAudience(AUDIENCE);
    });

    it('knows a process by its certificate', async () => {
      const files = ({ certFile, keyFile }: { certFile: string; keyFile: string }) => ({
        ...TLS,
        EVENT_BUS_TLS_CERT_FILE: certFile,
        EVENT_BUS_TLS_KEY_FILE: keyFile,
      });
      expect(await roundTrip(mutual, files(await ca.issue('app')))).toBe('over TLS');
      for (const env of [TLS, files(await other.issue('app'))]) {
        expect(await refusal(mutual, env)).toMatch(/check EVENT_BUS_TLS_CERT_FILE/);
      }
    });

    it('is not talked to under a wrong certificate', async () => {
      const wrongCa = { ...password('PLAIN'), EVENT_BUS_TLS_CA_FILE: other.caFile };
      expect(await refusal(sasl, wrongCa)).toMatch(/^unavailable bus_unavailable: .*give the CA that signed it/);
      const byAddress = sasl.replace('localhost', '127.0.0.1');
      expect(await refusal(byAddress, password('PLAIN'))).toMatch(/for another host: connect by a name it is for/);
    });

    it('hints at what is missing where there is no answer', async () => {
      for (const env of [{}, TLS]) expect(await refusal(sasl, env)).toMatch(/one with SASL EVENT_BUS_SASL_MECHANISM/);
    });
  });
}

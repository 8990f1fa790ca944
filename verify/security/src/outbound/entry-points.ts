import type { RequestListener } from 'node:http';
import { createRemoteKeys } from '@agent-platform/auth';
import { createMcpClient } from '@agent-platform/mcp-client';
import { createOutbound } from '@agent-platform/outbound';
import { AppError } from '@agent-platform/errors';
import { createLogger } from '@agent-platform/telemetry';
import type { Accomplice } from './listeners.ts';

const logger = createLogger({ level: 'silent', service: 'security' });

/** What an attacker has: where the platform shall be led, a server that it may call, and what the operator allows. */
export interface Means {
  readonly target: string;
  readonly accomplice: Accomplice;
  readonly allowed: readonly string[];
}

type Answers = Readonly<Record<string, RequestListener>>;

const RESOURCE_METADATA = '/.well-known/oauth-protected-resource/mcp';
const SERVER_METADATA = '/.well-known/oauth-authorization-server';

export interface EntryPoint {
  /** Rejects when the platform refuses, as it should. */
  readonly attack: (means: Means) => Promise<unknown>;
  /** The code with which it does. Another would say that something was tried. */
  readonly refusal: string;
}

/** Every way by which somebody outside can name an address. */
export const ENTRY_POINTS: Readonly<Record<string, EntryPoint>> = {
  'skill URL': {
    attack: (means) => listTools(means, means.target, means.target),
    refusal: 'address_refused',
  },
  'redirect of the skill URL': {
    attack: (means) => throughSkill(means, { '/mcp': redirect(means) }),
    refusal: 'redirect_refused',
  },
  'event stream': {
    attack: (means) => throughSkill(means, { '/mcp': eventStream(means) }),
    refusal: 'connection_failed',
  },
  'resource metadata': {
    attack: (means) => throughSkill(means, { '/mcp': challenge(means) }),
    refusal: 'address_refused',
  },
  'redirect of the resource metadata': {
    attack: (means) => throughSkill(means, { [RESOURCE_METADATA]: redirect(means) }),
    refusal: 'authorization_invalid',
  },
  'authorization server': {
    attack: (means) => throughSkill(means, {}, overTls(means.target)),
    refusal: 'address_refused',
  },
  'redirect of the authorization server': {
    attack: (means) => throughSkill(means, { [SERVER_METADATA]: redirect(means) }),
    refusal: 'authorization_invalid',
  },
  'token endpoint': {
    attack: (means) => throughSkill(means, { [SERVER_METADATA]: issuer(means.accomplice.url, overTls(means.target)) }),
    refusal: 'address_refused',
  },
  'redirect of the token endpoint': {
    attack: (means) => throughSkill(means, { '/token': redirect(means) }),
    refusal: 'credential_refused',
  },
  JWKS: {
    attack: (means) => fetchKeys(means, means.target),
    refusal: 'address_refused',
  },
  'redirect of the JWKS': {
    attack: (means) => {
      means.accomplice.answer = redirect(means);
      return fetchKeys(means, means.accomplice.url);
    },
    refusal: 'ERR_JWKS_INVALID',
  },
};

/** Calls a skill on the accomplice, which says what it has to for the platform to come to what `answers` replace. */
function throughSkill(means: Means, answers: Answers, issuerUrl = means.accomplice.url): Promise<unknown> {
  const self = means.accomplice.url;
  const url = `${self}/mcp`;
  const all: Answers = {
    '/mcp': (_, res) => void res.writeHead(401).end(),
    [RESOURCE_METADATA]: json({ resource: url, authorization_servers: [issuerUrl] }),
    [SERVER_METADATA]: issuer(self, `${self}/token`),
    ...answers,
  };
  means.accomplice.answer = (req, res) => (all[req.url!] ?? ((_, res) => void res.writeHead(404).end()))(req, res);
  return listTools(means, url, issuerUrl);
}

async function listTools({ allowed }: Means, url: string, issuerUrl: string): Promise<unknown> {
  await using client = createMcpClient({ allowedAddresses: allowed, logger, timeouts: { listMs: 5_000 } });
  const oauth = { issuer: issuerUrl, clientId: 'platform', authentication: { secret: 'secret' }, scopes: [] };
  return await client.listTools({ url, headers: {}, oauth });
}

async function fetchKeys({ allowed }: Means, url: string): Promise<void> {
  await using outbound = createOutbound({ allowedAddresses: allowed });
  await createRemoteKeys({ issuer: url, outbound, logger })
    .check()
    .catch((error: unknown) => {
      const { reason, code } = (error as { cause: { reason?: string; code?: string } }).cause;
      throw new AppError('unavailable', reason ?? code ?? 'unknown', 'No keys');
    });
}

function redirect({ target }: Means): RequestListener {
  return (_, res) => void res.writeHead(307, { location: inHeader(target) }).end();
}

/** As the transport of 2024 named the address to send to, and what a browser would connect to again. */
function eventStream({ target }: Means): RequestListener {
  return (_, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream', link: `<${inHeader(target)}>; rel="preconnect"` });
    res.end(`retry: 1\nid: 1\nevent: endpoint\ndata: ${target}\n\n`);
  };
}

function challenge({ target }: Means): RequestListener {
  return (_, res) =>
    void res.writeHead(401, { 'www-authenticate': `Bearer resource_metadata="${inHeader(target)}"` }).end();
}

function issuer(name: string, tokenEndpoint: string): RequestListener {
  return json({ issuer: name, token_endpoint: tokenEndpoint });
}

function json(body: object): RequestListener {
  return (_, res) => void res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Bytes of UTF-8, as Node writes them. */
function inHeader(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** So that it is the address for which it is refused, and not that a secret would be sent without TLS. */
function overTls(url: string): string {
  return url.replace('http:', 'https:');
}

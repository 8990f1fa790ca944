import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { createPool, type Pool } from '@agent-platform/database';
import {
  CredentialService,
  SignatureScheme,
  SkillService,
  WebhookSourceService,
  WebhookTokenService,
} from '@agent-platform/proto';
import { createFixture, logger, type Fixture } from './fixture.ts';
import type { Work } from './killed-process.ts';
import { fresh } from './resources.ts';

const orgId = 'org_a';
const A = 'https://a.example.com/mcp';
const B = 'https://b.example.com/mcp';
const MOVES = { paths: ['mcp_server_url', 'mcp_headers'] };
const ADDED = { 'X-Added': 'more' };
const GITHUB = { scheme: SignatureScheme.GITHUB, secrets: ['the first secret'] };
const SLACK = {
  scheme: SignatureScheme.SLACK,
  secrets: ['8f742231b10e8888abcd99yyyzzz85a5', '8f742231b10e8888abcd99yyyzzz85a6'],
};

let fixture: Fixture;
let pools: { readonly management: Pool; readonly tokens: Pool };
beforeAll(async () => {
  fixture = await createFixture();
  const pool = (url: string) => createPool({ url, applicationName: 'test', logger });
  pools = { management: pool(fixture.databaseUrl), tokens: pool(fixture.tokenDatabaseUrl) };
});
afterAll(async () => {
  await pools.management.end();
  await pools.tokens.end();
  await fixture[Symbol.asyncDispose]();
});

/** @returns whether it was killed. */
async function runKilled(change: Pick<Work, 'service' | 'method' | 'request' | 'killAt'>): Promise<boolean> {
  const { databaseUrl, tokenDatabaseUrl, keys, clock } = fixture;
  const work: Work = { ...change, orgId, databaseUrl, tokenDatabaseUrl, keys, nowMs: clock() };
  const program = fileURLToPath(new URL('killed-process.ts', import.meta.url));
  const child = spawn(process.execPath, [program, JSON.stringify(work)], { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (data) => (errors += String(data)));
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  if (signal === 'SIGKILL') return true;
  expect(errors).toBe('');
  expect(code).toBe(0);
  return false;
}

/** Kills the change at each of its points, each time for another owner. @returns at how many. */
async function killAtEachPoint(change: () => Promise<Pick<Work, 'service' | 'method' | 'request'>>): Promise<number> {
  for (let killAt = 1; ; killAt++) if (!(await runKilled({ ...(await change()), killAt }))) return killAt - 1;
}

const skill = () => ({ name: fresh('skill'), mcpServerUrl: A, mcpHeaders: { 'X-First': 'of a' } });
const source = () => ({ name: fresh('source'), signature: GITHUB, rateLimitPerSecond: 1 });
const madeSkill = async () => (await fixture.as(orgId, SkillService).createSkill({ skill: skill() })).skill!.id;
const madeSource = async () =>
  (await fixture.as(orgId, WebhookSourceService).createWebhookSource({ webhookSource: source() })).webhookSource!.id;

it('kill -9 at each point leaves no secret without owner and no owner without its secret', async () => {
  const skills = { service: 'SkillService' } as const;
  const sources = { service: 'WebhookSourceService' } as const;
  const moved = { mcpServerUrl: B, mcpHeaders: { 'X-Second': 'of b' } };
  const changed = { signature: SLACK, rateLimitPerSecond: 2 };
  const points = {
    createSkill: await killAtEachPoint(async () => ({
      ...skills,
      method: 'createSkill',
      request: { skill: skill() },
    })),
    updateSkill: await killAtEachPoint(async () => ({
      ...skills,
      method: 'updateSkill',
      request: { skill: { id: await madeSkill(), ...moved }, updateMask: MOVES },
    })),
    updateHeader: await killAtEachPoint(async () => ({
      ...skills,
      method: 'updateSkill',
      request: { skill: { id: await madeSkill(), mcpHeaders: ADDED } },
    })),
    deleteSkill: await killAtEachPoint(async () => ({
      ...skills,
      method: 'deleteSkill',
      request: { skill: await madeSkill() },
    })),
    createSource: await killAtEachPoint(async () => ({
      ...sources,
      method: 'createWebhookSource',
      request: { webhookSource: source() },
    })),
    updateSource: await killAtEachPoint(async () => ({
      ...sources,
      method: 'updateWebhookSource',
      request: { webhookSource: { id: await madeSource(), ...changed } },
    })),
    deleteSource: await killAtEachPoint(async () => ({
      ...sources,
      method: 'deleteWebhookSource',
      request: { webhookSource: await madeSource() },
    })),
  };
  // Two for each call: put and settle; the source itself, its signature, its token, and settle.
  expect(points).toEqual({
    createSkill: 4,
    updateSkill: 4,
    updateHeader: 4,
    deleteSkill: 2,
    createSource: 8,
    updateSource: 4,
    deleteSource: 2,
  });
  fixture.passMs(10 * 60_000);
  const open = async () => (await pools.management.query('select from handovers')).rowCount;
  await vi.waitFor(async () => expect(await open()).toBe(0), { timeout: 30_000, interval: 200 });
  await expectSkillsAndCredentialsToAgree();
  await expectSourcesAndTokensToAgree();
}, 300_000);

async function expectSkillsAndCredentialsToAgree(): Promise<void> {
  const credentials = fixture.asService('dispatcher', 'token-service', CredentialService);
  const { skills } = await fixture.as(orgId, SkillService).listSkills({ pageSize: 1_000 });
  const urls = new Set<string>();
  let withOneMore = 0;
  for (const { id, mcpServerUrl, mcpHeaderNames } of skills) {
    urls.add(mcpServerUrl);
    const { origin } = new URL(mcpServerUrl);
    const hasOneMore = mcpHeaderNames.includes('X-Added');
    const atA = { ...(hasOneMore && ADDED), 'X-First': 'of a' };
    withOneMore += Number(hasOneMore);
    const expected = mcpServerUrl === A ? atA : { 'X-Second': 'of b' };
    expect(mcpHeaderNames).toEqual(Object.keys(expected));
    expect((await credentials.resolveCredential({ orgId, skillId: id, origin })).headers).toEqual(expected);
  }
  expect(urls).toEqual(new Set([A, B]));
  expect(withOneMore).toBeGreaterThan(0);
  const stored = await pools.tokens.query<{ owner: string }>(
    `select owner_id as owner from sealed_secrets where field = 'headers' and in_force order by 1`,
  );
  expect(stored.rows.map(({ owner }) => owner)).toEqual(skills.map(({ id }) => id).sort());
}

async function expectSourcesAndTokensToAgree(): Promise<void> {
  const tokens = fixture.asService('ingest', 'token-service', WebhookTokenService);
  const list = await fixture.as(orgId, WebhookSourceService).listWebhookSources({ pageSize: 1_000 });
  const schemes = new Set<SignatureScheme>();
  for (const { id, signature, rateLimitPerSecond } of list.webhookSources) {
    const { secrets } = signature!.scheme === SignatureScheme.GITHUB ? GITHUB : SLACK;
    schemes.add(signature!.scheme);
    const expected = { signature: { scheme: signature!.scheme, secrets }, rateLimitPerSecond };
    expect(await tokens.resolveSignedSource({ sourceId: id })).toMatchObject(expected);
  }
  expect(schemes).toEqual(new Set([GITHUB.scheme, SLACK.scheme]));
  const ids = list.webhookSources.map(({ id }) => id).sort();
  for (const query of [
    'select id as owner from sources order by 1',
    'select source_id as owner from webhook_tokens order by 1',
    `select owner_id as owner from sealed_secrets where field = 'signing_secrets' order by 1`,
  ]) {
    expect((await pools.tokens.query<{ owner: string }>(query)).rows.map(({ owner }) => owner)).toEqual(ids);
  }
  const all = await pools.tokens.query(`select from sealed_secrets where not in_force`);
  expect(all.rowCount).toBe(0);
}

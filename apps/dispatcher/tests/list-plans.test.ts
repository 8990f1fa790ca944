import { prismaAdapter, type Pool } from '@agent-platform/database';
import { ListEventsRequestSchema, ListRunsRequestSchema, RunStatus } from '@agent-platform/proto';
import { firstIdAt } from '@agent-platform/ids';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PrismaClient } from '../src/generated/prisma/client.ts';
import { listEvents } from '../src/rpc/list-events.ts';
import { listRuns } from '../src/rpc/list-runs.ts';
import { tenantDatabase } from '../src/rpc/tenant-database.ts';
import { ORG } from './support/configuration.ts';
import { createFixture, type Fixture } from './support/fixture.ts';

const ROWS = 100_000;
const RARE = 5;
/** Of the first row; there is one in every millisecond. */
const START_MS = 1_700_000_000_000;
const at = (ms: number) => timestampFromDate(new Date(START_MS + ms));

let fixture: Fixture;
let prisma: PrismaClient;
/** What was asked of the database since the test began. */
let queries: { query: string; params: string }[] = [];

beforeAll(async () => {
  fixture = await createFixture();
  await fixture.start();
  const logged = new PrismaClient({
    adapter: prismaAdapter(fixture.pool),
    log: [{ emit: 'event', level: 'query' }],
  });
  logged.$on('query', ({ query, params }) => queries.push({ query, params }));
  prisma = logged;
  // The oldest few of each have what is rare.
  const rare = (value: string, other: string) => `case when i < ${RARE} then '${value}' else '${other}' end`;
  await fixture.pool.query(
    `insert into events (id, org_id, source_id, event_type, payload, delivery_id, received_at, decisions, idempotency_key)
     select 'evt_' || i, $1, ${rare('src_rare', 'src')}, ${rare('rare', 'common')}, '{}', 'dlv_' || i,
            to_timestamp(($2::float8 + i) / 1e3), '[]', ${rare('rare', 'key')} || i
     from generate_series(0, ${ROWS} - 1) as i`,
    [ORG, START_MS],
  );
  const ids = Array.from({ length: ROWS }, (_, i) => firstIdAt('run', new Date(START_MS + i)));
  // 'succeeded' is as rare as 'cancelled', and half of the rest have failed.
  await fixture.pool.query(
    `insert into runs (id, org_id, event_id, source_id, trigger_id, trigger_name, agent_id, agent_name, plan_hash, status,
                       claimable_at, created_at, replay_id)
     select id, $1, 'evt_' || i, ${rare('src_rare', 'src')}, ${rare('trg_rare', 'trg')}, 't', ${rare('agt_rare', 'agt')}, 'a',
            '\\x00', case when i < ${RARE} then case i % 2 when 0 then 'succeeded' else 'cancelled' end
                          when i < ${ROWS / 2} then 'failed' else 'outcome_unknown' end,
            now(), to_timestamp(($2::float8 + i) / 1e3), ${rare('replay', '')}
     from unnest($3::text[]) with ordinality as u (id, n), lateral (select n - 1 as i) as numbered`,
    [ORG, START_MS, ids],
  );
  await fixture.pool.query('vacuum analyze events');
  await fixture.pool.query('vacuum analyze runs');
}, 120_000);
afterAll(async () => {
  await prisma.$disconnect();
  await fixture[Symbol.asyncDispose]();
});

interface Node {
  'Node Type': string;
  'Rows Removed by Filter'?: number;
  'Actual Rows': number;
  Plans?: Node[];
}

/** All that was read, in however many steps: the nodes of the plans of the queries that were made. */
async function read(pool: Pool): Promise<{ seqScans: number; rows: number }> {
  const asked = queries;
  queries = [];
  const nodes: Node[] = [];
  const walk = (node: Node) => {
    nodes.push(node);
    node.Plans?.forEach(walk);
  };
  for (const { query, params } of asked) {
    const values = JSON.parse(params) as unknown[];
    const { rows } = await pool.query<{ 'QUERY PLAN': [{ Plan: Node }] }>(
      `explain (analyze, format json) ${query}`,
      values,
    );
    walk(rows[0]!['QUERY PLAN'][0].Plan);
  }
  return {
    seqScans: nodes.filter((node) => node['Node Type'] === 'Seq Scan').length,
    rows: Math.max(...nodes.map((node) => node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0))),
  };
}

/** A page and the row behind it. */
const PAGE = { pageSize: 50 };

describe('among very many', () => {
  it.each<[string, MessageInitShape<typeof ListEventsRequestSchema>]>([
    ['all', {}],
    ['a rare type', { eventType: 'rare' }],
    ['no such type', { eventType: 'none' }],
    ['a rare source', { webhookSource: 'src_rare' }],
    ['no such source', { webhookSource: 'none' }],
    ['a key', { idempotencyKey: 'rare1' }],
    ['no such key', { idempotencyKey: 'none' }],
    ['the oldest', { receivedBefore: at(10) }],
    ['the newest', { receivedFrom: at(ROWS - 10) }],
    ['some in the middle', { receivedFrom: at(ROWS / 2), receivedBefore: at(ROWS / 2 + 10) }],
    ['of a type, at a time', { eventType: 'common', receivedBefore: at(100) }],
  ])('reads no more events than it shows: %s', async (_name, filter) => {
    const request = create(ListEventsRequestSchema, { ...PAGE, ...filter });
    await listEvents({ db: tenantDatabase(prisma, ORG), pool: fixture.pool, orgId: ORG }, request);
    const { seqScans, rows } = await read(fixture.pool);
    expect(seqScans).toBe(0);
    expect(rows).toBeLessThanOrEqual(PAGE.pageSize + 1);
  });

  it.each<[string, MessageInitShape<typeof ListRunsRequestSchema>]>([
    ['all', {}],
    ['a rare trigger', { trigger: 'trg_rare' }],
    ['a rare agent', { agent: 'agt_rare' }],
    ['a rare source', { webhookSource: 'src_rare' }],
    ['no such source', { webhookSource: 'none' }],
    ['an event', { eventId: 'evt_1' }],
    ['a replay', { replayId: 'replay' }],
    ['a rare status', { status: [RunStatus.CANCELLED] }],
    ['succeeded, where that is rare', { status: [RunStatus.SUCCEEDED] }],
    ['a status that none has', { status: [RunStatus.QUEUED] }],
    ['several rare ones', { status: [RunStatus.CANCELLED, RunStatus.SUCCEEDED, RunStatus.QUEUED] }],
    ['a common one', { status: [RunStatus.OUTCOME_UNKNOWN] }],
    ['several common ones', { status: [RunStatus.FAILED, RunStatus.OUTCOME_UNKNOWN] }],
    ['the oldest', { createdBefore: at(10) }],
    ['some in the middle', { createdFrom: at(ROWS / 2), createdBefore: at(ROWS / 2 + 10) }],
    ['of a trigger, at a time', { trigger: 'trg', createdBefore: at(100) }],
  ])('reads no more runs than it shows: %s', async (_name, filter) => {
    await listRuns(tenantDatabase(prisma, ORG), create(ListRunsRequestSchema, { ...PAGE, ...filter }));
    const { seqScans, rows } = await read(fixture.pool);
    expect(seqScans).toBe(0);
    expect(rows).toBeLessThanOrEqual(PAGE.pageSize + 1);
  });
});

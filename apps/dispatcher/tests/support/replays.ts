import { ReplayState, type Replay } from '@agent-platform/proto';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { vi } from 'vitest';
import { ORG, SOURCE } from './configuration.ts';
import { createFixture, type Fixture } from './fixture.ts';

/** An hour ago: retention has no business with it. */
const START_MS = Date.now() - 3_600_000;

export const at = (ms: number) => timestampFromDate(new Date(START_MS + ms));
export const range = { receivedFrom: at(0), receivedBefore: at(1_000) };

export async function runCount({ pool }: Pick<Fixture, 'pool'>): Promise<number> {
  return (await pool.query<{ count: number }>('select count(*)::int as count from runs')).rows[0]!.count;
}

/** A thousand in every millisecond: every tenth of another type, one from another source, one a duplicate. */
export async function insertEvents({ pool }: Pick<Fixture, 'pool'>, count: number, orgId = ORG): Promise<void> {
  await pool.query(
    `insert into events (id, org_id, source_id, event_type, payload, delivery_id, received_at, decisions, duplicate_of)
     select 'evt_' || $1 || i, $1, case i when 1 then 'src_other' else $2 end,
            case i % 10 when 0 then 'invoice.paid' else 'invoice.uploaded' end, '{"invoice_id":"x"}', 'dlv_' || i,
            to_timestamp($4::float8 / 1e3 + i / 1e6), '[]', case i when 2 then 'evt_3' end
     from generate_series(0, $3 - 1) as i`,
    [orgId, SOURCE, count, START_MS],
  );
}

export async function withEvents(count: number): Promise<Fixture> {
  const fixture = await createFixture();
  await fixture.start();
  await insertEvents(fixture, count);
  return fixture;
}

/** The replay, when it is over. */
export function ended({ replays }: Pick<Fixture, 'replays'>, id: string): Promise<Replay> {
  return vi.waitFor(
    async () => {
      const replay = (await replays.getReplay({ replay: id })).replay!;
      if (replay.state === ReplayState.RUNNING) throw new Error(`replay ${id} is running`);
      return replay;
    },
    { timeout: 10_000, interval: 10 },
  );
}

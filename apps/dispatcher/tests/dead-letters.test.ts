import { openBus } from '@agent-platform/event-bus';
import { RedriveOutcome, RunStatus, topics, WebhookEventSchema } from '@agent-platform/proto';
import { newId } from '@agent-platform/ids';
import { createLogger, createMetrics } from '@agent-platform/telemetry';
import { createTestDatabase } from '@agent-platform/testing';
import { timestampDate, timestampFromDate } from '@bufbuild/protobuf/wkt';
import { toBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { deadLettersCommand } from '../src/dead-letters/command.ts';
import { storedLetter } from '../src/dead-letters/stored-letter.ts';
import { deleteOld } from '../src/retention/delete-old.ts';
import { insertDeadLetters } from '../src/store/dead-letters/insert-dead-letters.ts';
import { listDeadLetters } from '../src/store/dead-letters/list-dead-letters.ts';
import { ORG, SOURCE } from './support/configuration.ts';
import { deadLetter } from './support/dead-letter.ts';
import { webhookEvent } from './support/events.ts';
import { containing, createFixture, type Fixture } from './support/fixture.ts';

/** Makes PostgreSQL refuse events of this type, as it refuses values that it cannot hold. */
async function refuseType({ pool }: Fixture, type: string, sqlState = '22P05') {
  await pool.query(`
    create or replace function refuse() returns trigger language plpgsql as
      $$ begin raise exception 'hidden detail' using errcode = '${sqlState}'; end $$;
    create or replace trigger refuse before insert on events
      for each row when (new.event_type = '${type}') execute function refuse()`);
  return () => pool.query('drop trigger refuse on events');
}

const lettersOf = async (fixture: Fixture) => (await fixture.deadLetters.listDeadLetters({})).deadLetters;

describe('an event that cannot be processed', () => {
  it('is on the list of its tenant with the reason, in the log and in a metric, and its neighbours are stored', async () => {
    const lines: string[] = [];
    const logger = createLogger({
      level: 'error',
      service: 'dispatcher',
      destination: { write: (line: string) => void lines.push(line) },
    });
    await using resources = new AsyncDisposableStack();
    const database = resources.use(await createTestDatabase());
    const bus = resources.use(await openBus({ url: database.url, clientId: 'test', logger }));
    const fixture = resources.use(await createFixture());
    const metrics = createMetrics();
    await refuseType(fixture, 'poison');
    const [before, poison, after] = [{ id: newId('evt') }, { id: newId('evt'), type: 'poison' }, { id: newId('evt') }];
    const publish = (...values: Uint8Array[]) =>
      bus.publish(
        topics.webhookEvents,
        values.map((value) => ({ key: SOURCE, value, headers: {} })),
      );
    const bytes = (event: object) => toBinary(WebhookEventSchema, webhookEvent(event));
    const poisonous = bytes(poison);
    await publish(bytes(before), poisonous, Buffer.from('no event at all'), bytes(after));
    await fixture.start({ deps: { bus, logger, metrics } });

    for (const { id } of [before, after]) await fixture.finished(id);
    await expect.poll(() => lettersOf(fixture), { timeout: 20_000 }).toHaveLength(1);
    const [letter] = await lettersOf(fixture);
    expect(letter).toMatchObject({
      id: expect.stringMatching(/^dlt_/) as string,
      eventId: poison.id,
      webhookSourceId: SOURCE,
      topic: 'agent-platform.webhook-events.v1',
      offset: 1n,
      sizeBytes: poisonous.length,
      reason: { code: 'data_refused', message: containing('SQLSTATE 22P05') },
    });
    expect(letter!.redrive).toBeUndefined();
    expect((await fixture.as('org_other').deadLetters.listDeadLetters({})).deadLetters).toEqual([]);

    // Whose it is cannot be told: for operators only.
    await expect
      .poll(async () => {
        const sql = 'select reason_code from dead_letters where org_id is null';
        return (await fixture.pool.query<{ reason_code: string }>(sql)).rows;
      })
      .toEqual([{ reason_code: 'event_invalid' }]);
    const { body } = await metrics.expose();
    expect(body).toMatch(/dispatcher_dead_letters_total{reason="data_refused"} 1/);
    expect(body).toMatch(/dispatcher_dead_letters_total{reason="event_invalid"} 1/);
    const logged = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(logged).toContainEqual(
      expect.objectContaining({ level: 'error', dead_letter: letter!.id, org_id: ORG, event_id: poison.id }),
    );
    expect(lines.join()).not.toContain('hidden detail');
  });

  it('is stored once however often the bus delivers it, whatever it holds', async () => {
    await using fixture = await createFixture();
    const metrics = createMetrics();
    const dispatcher = await fixture.start({ deps: { metrics } });
    const odd = deadLetter({ event: { id: 'evt_\0', sourceId: 'src_\0' } });
    const messages = [
      deadLetter({ offset: 1n }),
      deadLetter({ value: Buffer.alloc(10_000_000, 0xff), offset: 2n }),
      { ...odd, headers: { ...odd.headers, odd: '\0\ud800', 'dead-letter-reason': 'with \0' } },
      { ...deadLetter({ offset: 4n }), headers: {} },
    ];
    await dispatcher.deliverDeadLetters(...messages, messages[0]!);
    await dispatcher.deliverDeadLetters(...messages);
    const { rows } = await fixture.pool.query<{ code: string; length: number }>(
      'select reason_code as code, octet_length(value) as length from dead_letters order by length desc, code',
    );
    expect(rows.map(({ code }) => code).toSorted()).toEqual([
      'data_refused',
      'data_refused',
      'data_refused',
      'unknown',
    ]);
    expect(rows[0]!.length).toBe(10_000_000);
    expect((await metrics.expose()).body).toMatch(/dispatcher_dead_letters_total{reason="data_refused"} 3/);
  });

  it('is listed newest first, page by page, and by time', async () => {
    await using fixture = await createFixture();
    const dispatcher = await fixture.start();
    const hour = new Date(Date.now() - 86_400_000).setUTCMinutes(0, 0, 0);
    const at = (minute: number) => new Date(hour + minute * 60_000);
    // Two at the same time: the id tells them apart.
    const minutes = [0, 1, 1, 2, 3];
    const messages = minutes.map((minute, n) => deadLetter({ offset: BigInt(n), at: at(minute) }));
    await dispatcher.deliverDeadLetters(...messages);
    const seen: number[] = [];
    const ids = new Set<string>();
    for (let pageToken = ''; ;) {
      const page = await fixture.deadLetters.listDeadLetters({ pageSize: 2, pageToken });
      for (const { id, deadLetteredAt } of page.deadLetters) {
        ids.add(id);
        seen.push(timestampDate(deadLetteredAt!).getUTCMinutes());
      }
      pageToken = page.nextPageToken;
      if (pageToken === '') break;
    }
    expect(seen).toEqual([3, 2, 1, 1, 0]);
    expect(ids.size).toBe(5);
    const some = await fixture.deadLetters.listDeadLetters({
      deadLetteredFrom: timestampFromDate(at(1)),
      deadLetteredBefore: timestampFromDate(at(3)),
    });
    expect(some.deadLetters).toHaveLength(3);
    await expect(
      fixture.deadLetters.listDeadLetters({
        deadLetteredFrom: timestampFromDate(at(3)),
        deadLetteredBefore: timestampFromDate(at(1)),
      }),
    ).rejects.toMatchObject({ code: 'range_invalid' });
    await expect(fixture.deadLetters.listDeadLetters({ pageToken: 'x' })).rejects.toMatchObject({
      code: 'page_token_invalid',
    });
  });

  it('goes with what is as old as it', async () => {
    await using fixture = await createFixture();
    const old = new Date(Date.now() - 31 * 86_400_000);
    const letters = [1n, 2n, 3n].map((offset) => deadLetter({ offset, at: old }));
    await insertDeadLetters(fixture.pool, [...letters, deadLetter({ offset: 4n })].map(storedLetter));
    const before = new Date(Date.now() - 30 * 86_400_000);
    let gone = 0;
    const o = { before, batches: { size: 2, pauseMs: 0 }, signal: new AbortController().signal };
    await deleteOld(fixture.pool, o, ({ deadLetters = 0 }) => void (gone += deadLetters));
    expect(gone).toBe(3);
    expect(await listDeadLetters(fixture.pool, { limit: 10 })).toMatchObject([{ offset: '4' }]);
  });
});

describe('redriving', () => {
  it('refuses while the reason stands, processes once it is gone, and changes nothing when asked again', async () => {
    await using fixture = await createFixture();
    const dispatcher = await fixture.start();
    const repair = await refuseType(fixture, 'invoice.uploaded');
    const id = newId('evt');
    await dispatcher.deliverDeadLetters(deadLetter({ event: { id } }));
    const deadLetterId = (await lettersOf(fixture))[0]!.id;
    const redrive = async () => (await fixture.deadLetters.redriveDeadLetter({ deadLetter: deadLetterId })).deadLetter!;

    const refused = { outcome: RedriveOutcome.REFUSED, error: { code: 'data_refused' }, requestedBy: 'tester' };
    expect(await redrive()).toMatchObject({ redrive: refused });
    await repair();
    const processed = await redrive();
    expect(processed.redrive).toMatchObject({ outcome: RedriveOutcome.PROCESSED });
    expect(processed.redrive!.error).toBeUndefined();
    expect(await fixture.finished(id)).toMatchObject({ status: RunStatus.SUCCEEDED });

    expect(await Promise.all([redrive(), redrive()])).toEqual([processed, processed]);
    expect((await fixture.runs.listRuns({ eventId: id })).runs).toHaveLength(1);
    expect((await fixture.events.getEvent({ event: id })).event).toMatchObject({ duplicates: [] });
  });

  it('starts one run when it is asked for many times at once, on several dispatchers', async () => {
    await using fixture = await createFixture();
    const first = await fixture.start();
    const id = newId('evt');
    await first.deliverDeadLetters(deadLetter({ event: { id } }));
    const deadLetterId = (await lettersOf(fixture))[0]!.id;
    const one = fixture.deadLetters;
    await fixture.start();
    const clients = [one, fixture.deadLetters, one, fixture.deadLetters];
    await Promise.all(clients.map((client) => client.redriveDeadLetter({ deadLetter: deadLetterId })));
    expect(await lettersOf(fixture)).toMatchObject([{ redrive: { outcome: RedriveOutcome.PROCESSED } }]);
    await fixture.finished(id);
    expect((await fixture.runs.listRuns({ eventId: id })).runs).toHaveLength(1);
  });

  it('is for the tenant of the letter only, and of a letter without tenant for none', async () => {
    await using fixture = await createFixture();
    const dispatcher = await fixture.start();
    await dispatcher.deliverDeadLetters(
      deadLetter({ offset: 1n }),
      deadLetter({ value: Buffer.from('?'), offset: 2n }),
    );
    const { rows } = await fixture.pool.query<{ id: string; org: string | null }>(
      'select id, org_id as org from dead_letters',
    );
    const notFound = { code: 'dead_letter_not_found', kind: 'not_found' };
    for (const { id, org } of rows) {
      const another = org === null ? fixture.deadLetters : fixture.as('org_other').deadLetters;
      await expect(another.redriveDeadLetter({ deadLetter: id })).rejects.toMatchObject(notFound);
    }
    const { rowCount } = await fixture.pool.query('select from dead_letters where redrive_requested_at is not null');
    expect(rowCount).toBe(0);
  });

  it('waits for a fault of ours to pass, and goes on by itself, in another process if need be', async () => {
    await using fixture = await createFixture();
    const first = await fixture.start();
    const id = newId('evt');
    await first.deliverDeadLetters(deadLetter({ event: { id } }));
    const deadLetterId = (await lettersOf(fixture))[0]!.id;
    const repair = await refuseType(fixture, 'invoice.uploaded', '42P10');
    const { deadLetter: waiting } = await fixture.deadLetters.redriveDeadLetter({ deadLetter: deadLetterId });
    expect(waiting!.redrive).toMatchObject({ requestedBy: 'tester', outcome: RedriveOutcome.UNSPECIFIED });
    expect(waiting!.redrive!.finishedAt).toBeUndefined();
    await first[Symbol.asyncDispose]();
    await repair();
    await fixture.start();
    await fixture.finished(id);
    await expect
      .poll(() => lettersOf(fixture))
      .toMatchObject([{ redrive: { outcome: RedriveOutcome.PROCESSED, requestedBy: 'tester' } }]);
  });
});

describe('npm run dead-letters', () => {
  async function command(fixture: Fixture, ...args: string[]) {
    const lines: string[] = [];
    const env = { DATABASE_URL: fixture.databaseUrl };
    const code = await deadLettersCommand(args, { env, print: (line) => void lines.push(line) });
    return { code, text: lines.join('\n') };
  }

  it('lists the letters of every tenant and of none, and redrives them through a running dispatcher', async () => {
    await using fixture = await createFixture();
    const dispatcher = await fixture.start();
    expect(await command(fixture, 'list')).toEqual({ code: 0, text: 'No dead letters.' });
    const id = newId('evt');
    const unreadable = deadLetter({ value: Buffer.from('?'), offset: 2n, at: new Date(Date.now() - 86_400_000) });
    await dispatcher.deliverDeadLetters(deadLetter({ event: { id } }), unreadable);

    const { text } = await command(fixture, 'list');
    expect(text).toContain(`tenant ${ORG}  event ${id}`);
    expect(text).toContain('tenant unknown  event unknown');
    expect(text).toContain('data_refused: PostgreSQL refuses what it holds (SQLSTATE 22P05).');
    const older = await command(fixture, 'list', '--before', new Date(Date.now() - 3_600_000).toISOString());
    expect(older.text).toContain('tenant unknown');
    expect(older.text).not.toContain(id);

    const { id: letterId } = (await lettersOf(fixture))[0]!;
    const one = await command(fixture, 'redrive', letterId);
    expect(one).toMatchObject({ code: 0, text: containing('1 of 1 processed.') });
    await fixture.finished(id);
    const rest = await command(fixture, 'redrive', '--all');
    expect(rest).toMatchObject({ code: 1, text: containing('refused at') });
    expect(rest.text).toContain('0 of 1 processed.');
    expect(await lettersOf(fixture)).toMatchObject([{ redrive: { requestedBy: 'operator' } }]);
  });

  it('says what is wrong with what it was told', async () => {
    await using fixture = await createFixture();
    await expect(command(fixture, 'redrive', 'dlt_x')).rejects.toMatchObject({ code: 'dead_letter_not_found' });
    await expect(command(fixture, 'redrive')).rejects.toMatchObject({ code: 'option_invalid' });
    await expect(command(fixture, 'list', '--from', 'yesterday')).rejects.toMatchObject({ code: 'option_invalid' });
    await expect(command(fixture, 'list', '--every')).rejects.toMatchObject({ code: 'option_invalid' });
    expect(await command(fixture, 'lost')).toMatchObject({ code: 1, text: containing('redrive ID') });
  });
});

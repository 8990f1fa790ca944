import { RunStatus } from '@agent-platform/proto';
import { newId } from '@agent-platform/ids';
import { describe, expect, it } from 'vitest';
import { configurationOf } from './support/configuration.ts';
import { createFixture } from './support/fixture.ts';

describe('the API', () => {
  it('lists events newest first, page by page, each once', async () => {
    await using fixture = await createFixture();
    const dispatcher = await fixture.start();
    // Pairs at the same moment, under ids that say nothing about time.
    const sent = Array.from({ length: 20 }, (_, index) => ({
      id: newId('evt', 1_000_000 - index),
      receivedAt: new Date(1_700_000_000_000 + Math.floor(index / 2)),
      type: index % 4 === 0 ? 'invoice.uploaded' : 'invoice.paid',
    }));
    await dispatcher.deliver(...sent);
    const seen: string[] = [];
    let pageToken = '';
    do {
      const page = await fixture.events.listEvents({ pageSize: 3, pageToken });
      seen.push(...page.events.map(({ id }) => id));
      pageToken = page.nextPageToken;
    } while (pageToken);
    const expected = sent.toSorted((a, b) => b.receivedAt.getTime() - a.receivedAt.getTime() || (a.id < b.id ? 1 : -1));
    expect(seen).toEqual(expected.map(({ id }) => id));
    const paid = await fixture.events.listEvents({ eventType: 'invoice.paid' });
    expect(paid.events).toHaveLength(15);
    expect((await fixture.events.listEvents({ webhookSourceId: 'src_other' })).events).toEqual([]);
  });

  it('lists runs newest first, page by page, by event, trigger and status', async () => {
    await using fixture = await createFixture();
    fixture.mcp.onCall = (call) => ({ isError: call.arguments['id'] === 'bad', content: [] });
    const dispatcher = await fixture.start();
    const ids: string[] = [];
    for (const invoice of ['a', 'bad', 'c', 'd', 'e']) {
      ids.push(...(await dispatcher.deliver({ payload: JSON.stringify({ invoice_id: invoice }) })));
    }
    for (const id of ids) await fixture.finished(id);
    const seen: string[] = [];
    let pageToken = '';
    do {
      const page = await fixture.runs.listRuns({ pageSize: 2, pageToken });
      seen.push(...page.runs.map(({ eventId }) => eventId));
      pageToken = page.nextPageToken;
    } while (pageToken);
    expect(seen).toEqual(ids.toReversed());
    const failed = await fixture.runs.listRuns({ status: [RunStatus.FAILED] });
    expect(failed.runs.map(({ eventId }) => eventId)).toEqual([ids[1]]);
    expect((await fixture.runs.listRuns({ triggerId: 'trg_1' })).runs).toHaveLength(5);
    expect((await fixture.runs.listRuns({ triggerId: 'trg_2' })).runs).toEqual([]);
  });

  it('shows a tenant nothing of another', async () => {
    await using fixture = await createFixture();
    const [eventId] = await (await fixture.start()).deliver({});
    const run = await fixture.finished(eventId!);
    const other = fixture.as('org_other');
    await expect(other.runs.getRun({ run: run.id })).rejects.toMatchObject({
      kind: 'not_found',
      code: 'run_not_found',
    });
    await expect(other.events.getEvent({ event: eventId! })).rejects.toMatchObject({ code: 'event_not_found' });
    expect((await other.runs.listRuns({ eventId: eventId! })).runs).toEqual([]);
    expect((await other.events.listEvents({})).events).toEqual([]);
  });

  it.each(['x', Buffer.from('["a","b","c"]').toString('base64url'), Buffer.from('[1]').toString('base64url')])(
    'refuses a page token it did not make: %s',
    async (pageToken) => {
      await using fixture = await createFixture(configurationOf());
      await fixture.start();
      await expect(fixture.runs.listRuns({ pageToken })).rejects.toMatchObject({ code: 'page_token_invalid' });
      await expect(fixture.events.listEvents({ pageToken })).rejects.toMatchObject({ code: 'page_token_invalid' });
    },
  );
});

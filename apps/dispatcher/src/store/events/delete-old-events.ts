import type { PoolClient } from '@agent-platform/database';

/** The next events by age, after one of them ($1, $2), and whether any run of theirs is left. Takes no locks. */
const LIST_OLD_EVENTS = `
  select e.id, e.received_at as "receivedAt", not exists (select from runs r where r.event_id = e.id) as free
  from events e where (e.received_at, e.id) > ($1, $2) and e.received_at < $3
  order by e.received_at, e.id limit $4`;

/** Waits for replays that are just starting a run for one of them, and makes later ones wait for the deletion. */
const LOCK_EVENTS = `select id from events where id = any ($1::text[]) order by id for update`;

/** Looks for runs once more: this statement sees what was committed before the lock was had. */
const DELETE_EVENTS = `
  delete from events e
  where e.id = any ($1::text[]) and not exists (select from runs r where r.event_id = e.id)
  returning e.id`;

const DELETE_DUPLICATES = `delete from event_duplicates where event_id = any ($1::text[])`;

export interface EventPosition {
  readonly receivedAt: Date;
  readonly id: string;
}

/** @returns where to go on; undefined at the end. */
export async function deleteOldEvents(
  client: PoolClient,
  o: { readonly after: EventPosition; readonly before: Date; readonly limit: number },
): Promise<{ readonly next: EventPosition | undefined; readonly events: number; readonly duplicates: number }> {
  const values = [o.after.receivedAt, o.after.id, o.before, o.limit];
  const { rows } = await client.query<EventPosition & { free: boolean }>(LIST_OLD_EVENTS, values);
  const free = rows.filter((event) => event.free).map(({ id }) => id);
  await client.query(LOCK_EVENTS, [free]);
  const deleted = await client.query<{ id: string }>(DELETE_EVENTS, [free]);
  const duplicates = await client.query(DELETE_DUPLICATES, [deleted.rows.map(({ id }) => id)]);
  const next = rows.length === o.limit ? rows.at(-1) : undefined;
  return { next, events: deleted.rows.length, duplicates: duplicates.rowCount ?? 0 };
}

import type { Pool } from '@agent-platform/database';
import type { Trespass } from './evidence.ts';

/**
 * Watches the fence from inside the database: whoever raises a run's epoch has claimed it, and until the next claim
 * nobody else may write to it, but that its time has come. A worker is known by the setting `torture.worker` of its
 * connections.
 */
const INSTALL = `
  create table torture_claims (run_id text primary key, worker text not null);
  create table torture_trespasses (run_id text, owner text, worker text);
  create function torture_fence() returns trigger language plpgsql as $$
  declare
    me text := coalesce(current_setting('torture.worker', true), 'nobody');
    claimed_by text;
  begin
    if new.epoch > old.epoch then
      insert into torture_claims values (new.id, me) on conflict (run_id) do update set worker = excluded.worker;
      return null;
    end if;
    old.due := new.due;
    if new is distinct from old then
      select worker into claimed_by from torture_claims where run_id = new.id;
      if claimed_by is distinct from me then
        insert into torture_trespasses values (new.id, claimed_by, me);
      end if;
    end if;
    return null;
  end $$;
  create function torture_fence_of_steps() returns trigger language plpgsql as $$
  declare
    me text := coalesce(current_setting('torture.worker', true), 'nobody');
    claimed_by text;
  begin
    select worker into claimed_by from torture_claims where run_id = new.run_id;
    if claimed_by is distinct from me then
      insert into torture_trespasses values (new.run_id, claimed_by, me);
    end if;
    return null;
  end $$;
  create trigger torture_fence after update on runs for each row execute function torture_fence();
  create trigger torture_fence after insert or update on steps
    for each row execute function torture_fence_of_steps()`;

export async function installFenceWatch(dispatcherDatabase: Pool): Promise<void> {
  await dispatcherDatabase.query(INSTALL);
}

/** The environment in which a process signs its connections (https://www.postgresql.org/docs/current/libpq-envars.html). */
export function signature(worker: string): Record<string, string> {
  return { PGOPTIONS: `-c torture.worker=${worker}` };
}

/** @throws Error when no claim was signed: then the watch has seen nothing. */
export async function readTrespasses(dispatcherDatabase: Pool): Promise<Trespass[]> {
  const { rows: signed } = await dispatcherDatabase.query(
    `select from torture_claims where worker <> 'nobody' limit 1`,
  );
  const { rows: any } = await dispatcherDatabase.query('select from torture_claims limit 1');
  if (any.length > 0 && signed.length === 0)
    throw new Error('no worker signs its connections: the fence is not watched');
  const { rows } = await dispatcherDatabase.query<{ run_id: string; owner: string; worker: string }>(
    'select distinct run_id, owner, worker from torture_trespasses',
  );
  return rows.map(({ run_id: runId, owner, worker }) => ({ runId, owner, worker }));
}

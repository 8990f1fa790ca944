import { DUE } from './due.ts';

/** Somebody has at most so many times the places that are left free: who is alone, four fifths of all. */
const TIMES = 4;

/** Triggers of a tenant that have their turn in one claim: each costs as much as a few runs. */
export const MOST_TRIGGERS = 8;

/** What a column of due runs holds, in order, from after one value to the end and then round to it: a step each. */
const turns = (column: string, after: string, among = 'true') => {
  const next = (of: string, until = 'true') => `(
    select ${column} from runs where ${DUE} and ${among} and ${column} > ${of}.value and ${until} order by ${column} limit 1
  )`;
  return `(
    with recursive later (value, number) as (
      select ${after}, 0 union all
      select ${next('later')}, number + 1 from later where value is not null
    ), earlier (value, number) as (
      select '', 1000000000 union all
      select ${next('earlier', `${column} <= ${after}`)}, number + 1 from earlier where value is not null
    )
    select value, number from later where number > 0 and value is not null union all
    select value, number from earlier where number > 1000000000 and value is not null
  )`;
};

/** Whether a candidate may have a place in this process, when so many are taken together with its own. */
const mayHave = (taken: string) => `(
  (held + round_of_tenant = 1 or held + round_of_tenant <= ${TIMES} * ($1 - ${taken}))
  and (held_of_trigger + round = 1
    or held_of_trigger + round <= ${TIMES} * (${TIMES} * ($1 - ${taken}) - held - round_of_tenant))
)`;

/**
 * Chooses runs that are due, so that nobody waits for another's backlog: `chosen (id, ctid, place, claimable_at)`.
 *
 * Tenants take turns, beginning with the one after $5, and so do the triggers of each ($8): who comes next is one step in
 * the index of what is due, however much each has waiting. Places ($1) are given out in rounds, one for each tenant.
 * A tenant has at most $4 runs running in all processes, and holds in this one ($6) at most four times the places that
 * are left free; a trigger has and holds ($7) at most four times what it leaves to the others of its tenant. Whoever has
 * none may take any free place. Runs of this process itself are left out ($3).
 *
 * Locks each tenant it looks at against other claims, for a count is worth nothing otherwise, and waits for none: a
 * tenant another claim has locked is left out (it has no `running`). Those who can have no place are passed over without
 * using up a turn, so the first $1 that can are enough.
 */
export const CHOOSE_RUNS = `
  tenant as materialized (
    select turn.value as org_id, turn.number, running, (running ->> '')::int as running_of_all, held, line.*
    from ${turns('org_id', '$5::text')} as turn
    cross join lateral (select coalesce(($6::jsonb ->> turn.value)::int, 0) as held) as has
    cross join lateral lock_claims(turn.value) as running
    cross join lateral (
      select array_agg(trigger_id order by number) as triggers, array_agg(held_of order by number) as helds_of,
             array_agg(running_of order by number) as runnings_of
      from (
        select trigger.value as trigger_id, trigger.number, held_of, running_of
        from ${turns('trigger_id', `coalesce($8::jsonb ->> turn.value, '')`, 'runs.org_id = turn.value')} as trigger
        cross join lateral (
          select coalesce(($7::jsonb ->> trigger.value)::int, 0) as held_of,
                 coalesce((running ->> trigger.value)::int, 0) as running_of
        ) as has_of
        where (running_of = 0 or running_of < ${TIMES} * ($4 - (running ->> '')::int - 1))
          and (held_of = 0 or held_of < ${TIMES} * (${TIMES} * ($1 - 1) - held - 1))
        limit ${MOST_TRIGGERS}
      ) as first_triggers
    ) as line
    where (held = 0 or held < ${TIMES} * ($1 - 1))
      and (running is null or ((running ->> '')::int < $4 and triggers is not null))
    limit $1
  ), candidate as materialized (
    select run.id, run.ctid, run.claimable_at, run.round, number, running_of_all, running_of_trigger, held, held_of_trigger,
           round = asked and asked < $1 as has_more,
           row_number() over (partition by number order by round, turn_of_trigger)::int as round_of_tenant
    from tenant
    cross join (select least($1, ceil(2.0 * $1 / greatest(count(*), 1))) as share from tenant) as quota
    cross join lateral (select least(share, ceil(2.0 * share / cardinality(triggers)))::int as asked) as part
    cross join lateral unnest(triggers, helds_of, runnings_of) with ordinality
      as trigger (trigger_id, held_of_trigger, running_of_trigger, turn_of_trigger)
    cross join lateral (
      select id, ctid, claimable_at, row_number() over (order by claimable_at)::int as round
      from (
        select id, ctid, claimable_at from runs
        where ${DUE} and runs.org_id = tenant.org_id and runs.trigger_id = trigger.trigger_id and claimable_at <= now()
          and id <> all ($3::text[])
        order by claimable_at
        limit asked
      ) as oldest
    ) as run
    where running is not null
  ), placed as materialized (
    select id, ctid, claimable_at, round, held, held_of_trigger, round_of_tenant,
           row_number() over (order by round_of_tenant, number)::int as place
    from candidate
    where ${mayHave('round_of_tenant')} and running_of_all + round_of_tenant <= $4
      and (running_of_trigger + round = 1
        or running_of_trigger + round <= ${TIMES} * ($4 - running_of_all - round_of_tenant))
  ), chosen as materialized (
    select id, ctid, place, claimable_at from placed where place <= $1 and ${mayHave('place')}
  )`;

/**
 * Of a run `r`: its event `e`, and in `is_newest` whether there is no newer run of the same event and trigger; ids sort by the
 * time they were made. `offset 0` keeps all other conditions out, so that the primary key of events and the unique index of
 * runs are the only ones that serve: with any other, which the planner takes for a table that has just grown, each row costs
 * all of the tenant's.
 */
export const AROUND_RUN = `
  cross join lateral (select org_id, event_type, source_id from events where id = r.event_id offset 0) as e
  cross join lateral (
    select not exists (
      select from (
        select org_id, id from runs where event_id = r.event_id and trigger_id = r.trigger_id offset 0
      ) as n
      where n.org_id = r.org_id and n.id > r.id
    ) as is_newest
  ) as newest`;

-- One row per partition: the head of the log. Locking it is what makes offsets gapless and in commit order.
-- The free space lets every new version of a row stay on its page (HOT updates).
create table bus_partitions (
  id integer generated always as identity primary key,
  topic text not null,
  partition integer not null,
  next_offset bigint not null default 0,
  retention_ms bigint not null,
  unique (topic, partition)
) with (fillfactor = 20);

-- Headers are JSON kept as text: nothing in the database looks into them, and jsonb costs a parse per message.
create table bus_messages (
  partition_id integer not null references bus_partitions,
  "offset" bigint not null,
  key text not null,
  value bytea not null,
  headers text not null,
  published_at timestamptz not null default now(),
  primary key (partition_id, "offset")
);

-- How far a group has got in a partition, and which member may move it on. The epoch grows with every change of
-- owner, so that an owner that lost its lease without noticing can store nothing.
create table bus_offsets (
  group_name text not null,
  partition_id integer not null references bus_partitions,
  next_offset bigint not null default 0,
  owner text,
  lease_expires_at timestamptz,
  epoch bigint not null default 0,
  primary key (group_name, partition_id)
) with (fillfactor = 20);

create table bus_members (
  topic text not null,
  group_name text not null,
  member text not null,
  expires_at timestamptz not null,
  primary key (topic, group_name, member)
) with (fillfactor = 20);

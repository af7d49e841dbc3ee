/**
 * Runs and their journals.
 *
 * A run has a small number as its key, and an event's key is `run << 22 | seq`: the journal is one B-tree in the
 * order in which it is read, without a second index, and an event that is there twice is impossible.
 */
export default `
  create table plans (
    digest text primary key,
    plan text not null
  );

  create table runs (
    key integer primary key,
    project text not null,
    id text not null,
    state text not null,
    name text not null,
    version text not null,
    digest text not null,
    plan_digest text not null references plans (digest),
    content_hash text not null,
    created_at integer not null,
    created_by text not null,
    started_at integer,
    ended_at integer,
    input_tokens integer not null,
    output_tokens integer not null,
    cost real not null,
    max_cost real,
    deadline_at integer,
    cancel_requested integer not null,
    lease_owner text,
    lease_epoch integer not null,
    lease_until integer,
    wake_at integer,
    -- From when on a worker may take the run; null = never (it ended, or is paused).
    due_at integer,
    error text,
    constraint runs_id unique (project, id)
  );
  -- Ids order runs of the same millisecond; they are sorted when they are read, and not kept a second time.
  create index runs_list on runs (project, created_at);
  create index runs_due on runs (due_at) where due_at is not null;

  create table events (
    key integer primary key,
    ts integer not null,
    type integer not null,
    path text,
    attempt integer,
    data text
  );

  create table cache (
    key text primary key,
    result text not null,
    run_id text not null,
    expires_at integer
  );`;

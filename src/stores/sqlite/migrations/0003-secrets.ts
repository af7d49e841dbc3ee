/** Sealed secrets: `sealed` is JSON that only a master key opens; `key_id` says which, so that a rotation finds its rows. */
export default `
  create table secrets (
    project text not null,
    name text not null,
    key_id text not null,
    sealed text not null,
    version integer not null,
    created_at integer not null,
    updated_at integer not null,
    updated_by text not null,
    constraint secrets_name primary key (project, name)
  );`;

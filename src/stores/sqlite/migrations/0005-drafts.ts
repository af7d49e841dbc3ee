/** Blueprints that are not finished; `revision` counts the changes, and a change names the one that it is made to. */
export default `
  create table drafts (
    project text not null,
    id text not null,
    name text,
    document text not null,
    revision integer not null,
    created_at integer not null,
    created_by text not null,
    updated_at integer not null,
    updated_by text not null,
    constraint drafts_id primary key (project, id)
  );`;

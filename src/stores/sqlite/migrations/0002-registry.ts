/**
 * The registry: versions, tags, content, tokens, and answers by Idempotency-Key.
 *
 * The triggers are the last guard of "versions are immutable": whatever the code above does, a row that says what a
 * version is can't be rewritten; only whether it is archived can change.
 */
export default `
  create table component_versions (
    -- Counts up, so that versions made in the same millisecond still have an order.
    number integer primary key autoincrement,
    project text not null,
    kind text not null,
    name text not null,
    version text not null,
    digest text not null,
    manifest text not null,
    info text not null,
    created_at integer not null,
    created_by text not null,
    archived_at integer,
    constraint component_versions_name unique (project, kind, name, version)
  );
  create trigger component_versions_immutable
    before update of project, kind, name, version, digest, manifest, info, created_at, created_by
    on component_versions
    begin select raise(abort, 'version_immutable'); end;

  create table component_tags (
    project text not null,
    kind text not null,
    name text not null,
    tag text not null,
    version text not null,
    constraint component_tags_tag primary key (project, kind, name, tag),
    constraint component_tags_version foreign key (project, kind, name, version)
      references component_versions (project, kind, name, version)
  );

  create table artifacts (
    project text not null,
    digest text not null,
    bytes blob not null,
    created_at integer not null,
    created_by text not null,
    constraint artifacts_digest primary key (project, digest)
  );
  create trigger artifacts_immutable before update on artifacts
    begin select raise(abort, 'artifact_mismatch'); end;

  create table tokens (
    id text primary key,
    hash text not null unique,
    name text not null,
    org text not null,
    project text,
    role text not null,
    operator integer not null,
    created_at integer not null,
    created_by text not null,
    expires_at integer,
    last_used_at integer,
    revoked_at integer
  );
  create index tokens_org on tokens (org, created_at);

  create table idempotency_keys (
    scope text not null,
    key text not null,
    request_hash text not null,
    -- Null while the first request is under way.
    status integer,
    body text,
    created_at integer not null,
    constraint idempotency_keys_key primary key (scope, key)
  );
  create index idempotency_keys_age on idempotency_keys (created_at);`;

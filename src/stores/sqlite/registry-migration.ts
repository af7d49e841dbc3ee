/**
 * Tables of the registry: versions, tags, content, tokens, answers by Idempotency-Key.
 *
 * The triggers are the last guard of "versions are immutable": whatever the code above does, a row that says what a
 * version is can't be rewritten; only archiving it can change.
 */
export const REGISTRY_TABLES: readonly string[] = [
  `create table component_versions (
    project text not null,
    kind text not null check (kind in ('tool', 'agent', 'workflow')),
    name text not null,
    version text not null,
    digest text not null,
    manifest text not null,
    info text not null,
    created_at integer not null,
    created_by text not null,
    archived_at integer,
    number integer primary key autoincrement,
    unique (project, kind, name, version)
  ) strict`,
  `create trigger component_versions_immutable
    before update of project, kind, name, version, digest, manifest, info, created_at, created_by on component_versions
    begin select raise(abort, 'version_immutable'); end`,
  `create table component_tags (
    project text not null,
    kind text not null,
    name text not null,
    tag text not null,
    version text not null,
    primary key (project, kind, name, tag),
    foreign key (project, kind, name, version) references component_versions (project, kind, name, version)
  ) strict, without rowid`,
  `create table artifacts (
    project text not null,
    digest text not null,
    bytes blob not null,
    created_at integer not null,
    created_by text not null,
    primary key (project, digest)
  ) strict`,
  `create trigger artifacts_immutable before update on artifacts
    begin select raise(abort, 'artifact_mismatch'); end`,
  `create table tokens (
    id text primary key,
    hash text not null unique,
    name text not null,
    org text not null,
    project text,
    role text not null check (role in ('viewer', 'runner', 'developer', 'admin')),
    operator integer not null check (operator in (0, 1)),
    created_at integer not null,
    created_by text not null,
    expires_at integer,
    last_used_at integer,
    revoked_at integer
  ) strict`,
  `create index tokens_by_org on tokens (org, created_at)`,
  `create table idempotency_keys (
    scope text not null,
    key text not null,
    request_hash text not null,
    status integer,
    body text,
    created_at integer not null,
    primary key (scope, key)
  ) strict`,
  `create index idempotency_keys_by_age on idempotency_keys (created_at)`,
];

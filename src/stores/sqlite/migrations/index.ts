import runs from './0001-runs.ts';
import registry from './0002-registry.ts';
import secrets from './0003-secrets.ts';
import threads from './0004-threads.ts';
import drafts from './0005-drafts.ts';

/**
 * All migrations, in order, as SQL; one file each, named by its number. A released one is never changed: what runs on
 * a file is those that it does not have yet. Add yours at the end.
 */
export const MIGRATIONS: readonly string[] = [runs, registry, secrets, threads, drafts];

/** What `PRAGMA user_version` says of a file that is up to date. */
export const SCHEMA_VERSION = MIGRATIONS.length;

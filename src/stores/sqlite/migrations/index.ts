import type { Migration } from 'kysely/migration';
import * as runs from './0001-runs.ts';
import * as registry from './0002-registry.ts';
import * as secrets from './0003-secrets.ts';
import * as threads from './0004-threads.ts';
import * as drafts from './0005-drafts.ts';

/**
 * All migrations, in order; one file each, named by its number. A released one is never changed. Written with
 * kysely's schema builder, so that another database can run them too. Add yours at the end.
 */
export const MIGRATIONS: Record<string, Migration> = {
  '0001-runs': runs,
  '0002-registry': registry,
  '0003-secrets': secrets,
  '0004-threads': threads,
  '0005-drafts': drafts,
};

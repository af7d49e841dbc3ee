/** Every store on SQLite: what a host opens together is one file to load. */
export { createArtifactStore } from './artifacts.ts';
export { openSqlite } from './connection.ts';
export { createDraftStore } from './drafts.ts';
export { createIdempotencyStore } from './idempotency.ts';
export { createRegistryStore } from './registry.ts';
export { createSqliteRuns } from './runs.ts';
export { createSecretStore } from './secrets.ts';
export { createThreadStore } from './threads.ts';
export { createTokenStore } from './tokens.ts';

/**
 * `iceos/server`: ice in your own process.
 *
 * ```ts
 * import { openHost, serve } from 'iceos/server';
 * import { createClient } from 'iceos/client';
 *
 * const host = await openHost({ database: 'ice.db', project: 'shop' });
 * host.startWorker();
 * const client = createClient({ baseUrl: 'http://ice.local', fetch: host.fetch, token: host.token });
 * const run = await client.runs.create({ ref: 'price', inputs: { cost: 10 } }, { wait: 30 });
 * await host.close();
 * ```
 *
 * `serve(host, { port })` listens with it; `createApp(services)` is the API alone, as a fetch function over whatever
 * stores and engine it is given.
 */
export { type App, createApp, type RequestInfo } from '../server/app.ts';
export type { LogEntry, ServerConfig, Services, StdCatalog, StdEntry } from '../server/services.ts';
export { IN_PROCESS_URL } from './in-process-fetch.ts';
export { type Host, type HostOptions, type HostStatus, openHost } from './open.ts';
export { openRuntimes, type Runtimes } from './runtimes.ts';
export { type ServeOptions, type Serving, serve } from './serve.ts';
export { type LiveServer, liveServer } from './server-file.ts';
export { openStd, type StdTools } from './std-catalog.ts';

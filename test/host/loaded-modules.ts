/** Runs a workflow of one `set` node in this process, and prints what was loaded for it. */
import { registerHooks } from 'node:module';
import { greet } from '../suites/client-components.ts';

const built = greet();
const loaded = new Set<string>();
registerHooks({
  load(url, context, next) {
    loaded.add(url);
    return next(url, context);
  },
});

const { openHost } = await import('../../src/host/index.ts');
const { createClient } = await import('../../src/client/index.ts');
const host = await openHost({ cwd: process.argv[2]!, project: 'demo' });
const client = createClient({ baseUrl: 'http://ice.local', fetch: host.fetch, token: host.token });
for (const [digest, bytes] of built.artifacts) await client.artifacts.put(digest, bytes);
const run = await client.runs.create({ digest: built.item.digest, inputs: { name: 'Ada' } });
const driven = host.drive(run.id);
let state = '';
for await (const entry of client.runs.follow(run.id)) if (entry.kind === 'end') state = entry.state;
await driven;
await host.close();
// What Node itself loads when a global is first used: the classes of fetch are the dear ones.
const inside = (process as unknown as { moduleLoadList: string[] }).moduleLoadList;
process.stdout.write(JSON.stringify({ state, loaded: [...loaded], inside }));

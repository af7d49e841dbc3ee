// What a user's script does: ice from its published entries in a folder, components by digest, runs. Plain JavaScript,
// because stripping types would count as ours.
//
//   node embed.js ROOT FOLDER COMPONENTS.json first             one run, and its outputs (W4)
//   node --expose-gc embed.js ROOT FOLDER COMPONENTS.json wait  1,000 runs that wait for a retry, and what they hold (W5)
import { readFileSync } from 'node:fs';

const [root, cwd, file, mode] = process.argv.slice(2);
const { openHost } = await import(`${root}/dist/server.js`);
const { createClient } = await import(`${root}/dist/client.js`);
const host = await openHost({ cwd, project: 'bench', local: true });
const client = createClient({ baseUrl: 'http://ice.local', fetch: host.fetch, token: host.token });
const { artifacts, digest, pins } = JSON.parse(readFileSync(file, 'utf8'));
for (const [name, text] of artifacts) await client.artifacts.put(name, new TextEncoder().encode(text));
host.startWorker();

if (mode === 'first') {
  const { outputs, state } = await client.runs.create({ digest, pins, inputs: { n: 1 } }, { wait: 30 });
  process.stdout.write(JSON.stringify({ outputs, state }), () => process.exit());
} else {
  const make = (count) =>
    Promise.all(Array.from({ length: count }, () => client.runs.create({ digest, pins, inputs: {} })));
  // Not by reading them all, whose garbage would be counted as theirs.
  const waiting = async () => {
    const metrics = await (await client.request('GET', '/metrics')).text();
    return Number(/^ice_runs\{state="waiting"\} (\d+)$/m.exec(metrics)[1]);
  };
  const settle = async (count) => {
    const until = Date.now() + 30_000;
    while ((await waiting()) !== count) {
      if (Date.now() > until) throw new Error(`${await waiting()} of ${count} runs are waiting`);
      await new Promise((go) => setTimeout(go, 20));
    }
  };
  const held = () => {
    globalThis.gc();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const warm = 100;
  await make(warm);
  await settle(warm);
  const before = held();
  for (let at = 0; at < 1_000; at += 100) await make(100);
  await settle(warm + 1_000);
  const kb = (held() - before) / 1_000_000;
  const rss = process.memoryUsage.rss() / 1_000_000;
  process.stdout.write(JSON.stringify({ rss, kb }));
  await host.close();
}

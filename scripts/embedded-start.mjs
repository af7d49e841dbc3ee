// What a script does that embeds ice: it opens a host, and runs a workflow that it has. `node embedded-start.mjs DIST`
import { hash } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const built = (file) => import(pathToFileURL(join(process.argv[2], file)).href);
const { openHost } = await built('server.js');
const { createClient } = await built('client.js');
const host = await openHost({ project: 'embedded', local: true });
const client = createClient({ baseUrl: 'http://ice.local', fetch: host.fetch, token: host.token });
const put = async (content) => {
  const text = JSON.stringify(content);
  const digest = `sha256:${hash('sha256', text, 'hex')}`;
  await client.artifacts.put(digest, new TextEncoder().encode(text));
  return digest;
};
const entry = await put({
  blueprint: 2,
  name: 'add',
  version: '1.0.0',
  inputs: { n: { type: 'integer' } },
  nodes: [{ id: 'next', type: 'set', values: { n: '{{ inputs.n + 1 }}' } }],
  outputs: { n: '{{ next.n }}' },
});
const schema = { type: 'object', properties: { n: { type: 'integer' } } };
const permissions = { net: [], secrets: [], limits: {} };
const digest = await put({
  kind: 'workflow',
  name: 'add',
  input: schema,
  output: schema,
  permissions,
  runtime: 'sandbox',
  entry,
});
host.startWorker();
const { state, error } = await client.runs.create({ digest, inputs: { n: 1 } }, { wait: 30 });
if (state !== 'succeeded') throw new Error(`The run is ${state}: ${JSON.stringify(error)}`);
await host.close();

/** Opens a host in a folder and prints its token's end, to compare: `node opening-process.ts FOLDER`. */
import { openHost } from '../../src/host/index.ts';

const host = await openHost({ cwd: process.argv[2]!, project: 'demo' });
const reply = await host.app.handle(
  {
    method: 'GET',
    url: 'http://ice.local/v1/whoami',
    headers: { get: (name) => (name === 'authorization' ? `Bearer ${host.token}` : null) },
    body: null,
    signal: new AbortController().signal,
  },
  { inProcess: true },
);
await host.close();
process.stdout.write(`${reply.status} ${host.token.slice(-12)}`);

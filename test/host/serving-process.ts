/** A server in a process of its own, for tests that kill it: `node serving-process.ts FOLDER`. Prints its url. */
import { openHost, serve } from '../../src/host/index.ts';

const host = await openHost({ cwd: process.argv[2]!, project: 'demo' });
const serving = await serve(host, { port: 0, announceIn: process.argv[2]! });
process.on('SIGTERM', () => {
  void serving.close();
});
process.stdout.write(`${serving.url}\n`);

// Servers that go wrong, each in its way; the first argument says how. Writes its pid, and that of its child, to a file.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

const [, , how, pidFile] = process.argv;
const child = spawn(process.execPath, ['-e', 'process.on("SIGTERM",()=>{});setInterval(()=>{},1e6)'], {
  stdio: 'ignore',
});
if (pidFile) writeFileSync(pidFile, `${process.pid} ${child.pid}`);
const say = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const welcome = {
  protocolVersion: '2025-06-18',
  capabilities: { tools: {} },
  serverInfo: { name: 'bad', version: '1' },
};
const page = (id, cursor) => ({
  id,
  result: {
    tools: [{ name: `t${cursor ?? 0}`, inputSchema: { type: 'object' } }],
    nextCursor: String(Number(cursor ?? 0) + 1),
  },
});

process.on('SIGTERM', () => {});
if (how === 'dies') {
  console.error('the key is missing');
  setTimeout(() => process.exit(3), 50);
}
if (how === 'garbage') setInterval(() => console.log('listening on port 3000'), 5);
createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line);
  if (how === 'noisy' && method === 'initialize') console.log('[info] hello from the log');
  if (['hangs', 'dies', 'garbage'].includes(how) || id === undefined) return;
  if (method === 'initialize') return say({ id, result: welcome });
  if (how === 'dies-later') return process.exit(9);
  if (how === 'hangs-later') return;
  if (how === 'endless') return say(page(id, params?.cursor));
  if (how === 'refuses') return say({ id, error: { code: -32601, message: 'Method not found' } });
  if (how === 'wrong') return say({ id, result: { tools: [{ name: 3 }] } });
  say({ id, result: { tools: [{ name: 'ok', inputSchema: { type: 'object' } }] } });
});
// Nothing ends it but a kill.
setInterval(() => {}, 1e6);

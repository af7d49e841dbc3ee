import { commentText, jsonLiteral } from '../source-text.ts';

/**
 * `_bridge.mjs`: serves a server that is a command over HTTP on the loopback, so that sandboxed tools reach it. It
 * needs Node alone. It is started by a person, beside ice: the command is not sandboxed, and starting it is a decision.
 */
export function bridgeSource(command: readonly string[], port: number, title: string): string {
  return `// Serves ${commentText(title, 80)} to the tools of this folder. Made by \`ice import mcp\`.
//
//   node _bridge.mjs
//
// The command runs with your rights and your environment, outside of the sandbox. Only this machine reaches it.
const COMMAND = ${jsonLiteral(command)};
const PORT = ${port};
${BRIDGE}`;
}

const BRIDGE = String.raw`
import { spawn } from 'node:child_process';
import { createServer } from 'node:http';

const MOST_BYTES = 10 * 1024 * 1024;
const [program, ...args] = COMMAND;
const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'], detached: process.platform !== 'win32' });
const waiting = new Map();
let next = 0;

const stop = (signal) => {
  try {
    if (process.platform === 'win32') child.kill(signal);
    else process.kill(-child.pid, signal);
  } catch {}
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => process.exit(0));
process.on('exit', () => stop('SIGKILL'));
child.on('error', (error) => {
  console.error(program + ' can not be started: ' + error.message);
  process.exit(1);
});
child.on('exit', (code, signal) => {
  console.error('The server ended ' + (signal ? 'by ' + signal : 'with code ' + code));
  process.exit(1);
});
child.stdin.on('error', () => {});

let buffer = '';
child.stdout.setEncoding('utf8').on('data', (text) => {
  buffer += text;
  const lines = buffer.split('\n');
  buffer = lines.pop();
  for (const line of lines) {
    let message;
    try {
      message = JSON.parse(line);
    } catch {
      continue;
    }
    const done = waiting.get(message?.id);
    if (done !== undefined && message.method === undefined) {
      waiting.delete(message.id);
      done(message);
    } else if (message?.id !== undefined && message.method !== undefined) {
      // The server asks its client for something (a model, a file list): there is none.
      write({ jsonrpc: '2.0', id: message.id, error: { code: -32601, message: 'Not supported by the bridge' } });
    }
  }
});

const write = (message) => child.stdin.write(JSON.stringify(message) + '\n');
const ask = (method, params) =>
  new Promise((resolve) => {
    const id = ++next;
    waiting.set(id, resolve);
    write({ jsonrpc: '2.0', id, method, params });
  });

const opened = await ask('initialize', {
  protocolVersion: '2025-06-18',
  capabilities: {},
  clientInfo: { name: 'ice-bridge', version: '1' },
});
if (opened.error) {
  console.error('The server refused: ' + opened.error.message);
  process.exit(1);
}
write({ jsonrpc: '2.0', method: 'notifications/initialized' });

const server = createServer((request, response) => {
  const answer = (status, body) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(body === undefined ? undefined : JSON.stringify(body));
  };
  // A page in a browser must not get here: it sends an Origin, or a Host that is not this one.
  const host = (request.headers.host ?? '').split(':')[0];
  if (request.headers.origin !== undefined || (host !== '127.0.0.1' && host !== 'localhost')) return answer(403);
  if (request.method !== 'POST') return answer(request.method === 'DELETE' ? 204 : 405);
  const chunks = [];
  let size = 0;
  request.on('data', (chunk) => {
    size += chunk.length;
    if (size > MOST_BYTES) request.destroy();
    else chunks.push(chunk);
  });
  request.on('end', async () => {
    let message;
    try {
      message = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    } catch {
      return answer(400, { jsonrpc: '2.0', id: null, error: { code: -32700, message: 'No JSON' } });
    }
    if (typeof message?.method !== 'string') return answer(202);
    if (message.id === undefined) {
      // Each caller opens a session of its own; the child has one, which is open.
      if (message.method !== 'notifications/initialized') write(message);
      return answer(202);
    }
    const { result, error } = message.method === 'initialize' ? opened : await ask(message.method, message.params);
    answer(200, { jsonrpc: '2.0', id: message.id, ...(error === undefined ? { result } : { error }) });
  });
});
server.on('error', (error) => {
  console.error(error.code === 'EADDRINUSE' ? 'The port ' + PORT + ' is in use: is the bridge running already?' : error.message);
  process.exit(1);
});
server.listen(PORT, '127.0.0.1', () => console.error(COMMAND.join(' ') + '  at  http://127.0.0.1:' + PORT + '/mcp'));
`;

import { execFile, spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { IceError } from '../../src/contracts/errors.ts';
import { ChildRuntime } from '../../src/sandbox/child-runtime.ts';
import { createNodeRuntime } from '../../src/sandbox/node/index.ts';
import { failure, toolRuntimeSuite } from '../suites/tool-runtime.ts';
import { bundleOf, callOf } from './call-by-hand.ts';

toolRuntimeSuite('node', () => createNodeRuntime({ maxChildren: 4 }), { crashes: true, seesDeadlock: false });

const runtime = createNodeRuntime({ maxChildren: 2, maxCalls: 3 });
afterAll(() => runtime.close());
const pid = bundleOf('return process.pid');

test('a call that ends in order reuses its child, a crash or a full count replaces it', async () => {
  const first = await runtime.call(callOf(pid));
  expect(await runtime.call(callOf(pid))).toBe(first);
  await runtime.call(callOf(pid));
  const second = await runtime.call(callOf(pid));
  expect(second).not.toBe(first);
  await failure(runtime.call(callOf(bundleOf('process.exit(1)'))));
  expect(await runtime.call(callOf(pid))).not.toBe(second);
});

test('code that cannot be had, and a call that was stopped before it began, cost no child', async () => {
  await using own = {
    runtime: createNodeRuntime({ maxChildren: 1 }),
    [Symbol.asyncDispose]: () => own.runtime.close(),
  };
  const { runtime } = own;
  const first = await runtime.call(callOf(pid));
  const lost = callOf(
    bundleOf('return 1 // lost'),
    {},
    { load: () => Promise.reject(new IceError('not_found', 'gone')) },
  );
  expect(await failure(runtime.call(lost))).toMatchObject({ code: 'not_found' });
  const abort = new AbortController();
  const late = callOf(
    bundleOf('return 2 // late'),
    {},
    {
      signal: abort.signal,
      load: async () => {
        abort.abort(new IceError('run_cancelled', 'cancelled'));
        return bundleOf('return 2 // late').code;
      },
    },
  );
  expect(await failure(runtime.call(late))).toMatchObject({ code: 'run_cancelled' });
  const second = await runtime.call(callOf(pid));
  expect(second).toBe(first);
});

test('what a call leaves behind that throws between two calls costs its child, not the call that the child was just given', async () => {
  await using own = {
    runtime: createNodeRuntime({ maxChildren: 1 }),
    [Symbol.asyncDispose]: () => own.runtime.close(),
  };
  const { runtime } = own;
  // After the end of the call it holds the thread, so that the next call is there unread, and throws.
  const leaves = bundleOf(`let hops = 0;
    const later = () => {
      if (++hops < 100) return Promise.resolve().then(later);
      const until = performance.now() + 200;
      while (performance.now() < until);
      throw new Error('left behind');
    };
    later(); return process.pid`);
  const counted = bundleOf('ctx.log("begun"); return process.pid');
  for (let i = 0; i < 3; i++) {
    const first = await runtime.call(callOf(leaves));
    const lines: string[] = [];
    const next = await runtime.call(callOf(counted, {}, { onLog: (_, message) => lines.push(message) }));
    expect(next).not.toBe(first);
    expect(lines).toEqual(['begun']);
  }
  // One that ends its process by itself has begun.
  const crashed = await failure(runtime.call(callOf(bundleOf('process.exit(86)'))));
  expect(crashed).toMatchObject({ code: 'tool_crashed' });
});

test('what a call leaves behind that throws while another runs does not fail the other', async () => {
  await using own = {
    runtime: createNodeRuntime({ maxChildren: 1 }),
    [Symbol.asyncDispose]: () => own.runtime.close(),
  };
  const { runtime } = own;
  const leaves = bundleOf(
    "const zlib = await import('node:zlib'); zlib.deflate(Buffer.alloc(3e7), () => { throw new Error('left behind'); }); return process.pid",
  );
  const slow = bundleOf('await new Promise((d) => setTimeout(d, 1500)); return process.pid');
  const first = await runtime.call(callOf(leaves));
  const lines: string[] = [];
  expect(await runtime.call(callOf(slow, {}, { onLog: (_, message) => lines.push(message) }))).toBe(first);
  expect(lines).toEqual([]);
  // And then its child is replaced.
  expect(await runtime.call(callOf(pid))).not.toBe(first);
});

test('a call that leaves a timer behind costs its child, not the next call', async () => {
  const left = bundleOf('setInterval(() => console.log("still here"), 5); return process.pid');
  const lines: string[] = [];
  const first = await runtime.call(callOf(left));
  const second = await runtime.call(callOf(pid, {}, { onLog: (_, message) => lines.push(message) }));
  expect(second).not.toBe(first);
  expect(lines).toEqual([]);
});

test('files, processes, workers and addons are out of reach', async () => {
  const code = async (body: string) => (await failure(runtime.call(callOf(bundleOf(body))))).message;
  expect(await code(`const fs = await import('node:fs'); fs.readFileSync('/etc/passwd')`)).toMatch(
    /restricted|permission/i,
  );
  expect(await code(`const fs = await import('node:fs'); fs.writeFileSync('/tmp/ice-x', '')`)).toMatch(
    /restricted|permission/i,
  );
  expect(await code(`const c = await import('node:child_process'); c.execSync('id')`)).toMatch(
    /restricted|permission/i,
  );
  expect(
    await code(`const w = await import('node:worker_threads'); new w.Worker('1', { eval: true })`),
  ).toMatch(/restricted|permission/i);
});

const script = (body: string): string => `
const { createNodeRuntime } = await import(${JSON.stringify(join(import.meta.dirname, '../../src/sandbox/node/index.ts'))});
const { bundleOf, callOf } = await import(${JSON.stringify(join(import.meta.dirname, 'call-by-hand.ts'))});
const runtime = createNodeRuntime();
${body}`;

test('warm children do not keep the process alive', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--input-type=module',
    '-e',
    script(`runtime.warm(2); console.log(await runtime.call(callOf(bundleOf('return "done"'))));`),
  ]);
  expect(stdout).toBe('done\n');
});

test('a call keeps the process alive until it ends', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--input-type=module',
    '-e',
    script(
      `runtime.call(callOf(bundleOf('await new Promise((d) => setTimeout(d, 300)); return "late"'))).then(console.log);`,
    ),
  ]);
  expect(stdout).toBe('late\n');
});

test('children end with a parent that is killed, also in the middle of an endless loop', async () => {
  const parent = spawn(process.execPath, [
    '--input-type=module',
    '-e',
    script(`
      console.log(await runtime.call(callOf(bundleOf('return process.pid'))));
      runtime.call(callOf(bundleOf('console.log(process.pid); for (;;) {}'), {}, { onLog: (_, pid) => console.log(pid) }));
      runtime.call(callOf(bundleOf('console.log(process.pid); await new Promise(() => {})'), {}, { onLog: (_, pid) => console.log(pid) }));`),
  ]);
  const pids: number[] = [];
  for await (const chunk of parent.stdout) {
    pids.push(...String(chunk).trim().split('\n').map(Number));
    if (pids.length >= 3) break;
  }
  process.kill(parent.pid!, 'SIGKILL');
  const alive = (pid: number): boolean => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  };
  await expect.poll(() => pids.filter(alive)).toEqual([]);
});

test('a process that does not start says why, in the words of its error', async () => {
  const script = join(mkdtempSync(join(tmpdir(), 'ice-child-')), 'child.js');
  writeFileSync(script, "throw new Error('no such luck');");
  const runtime = new ChildRuntime('node', {
    script,
    flags: () => [],
    memoryMb: 64,
    max: 1,
    maxCalls: 1,
    idleMs: 1000,
  });
  expect(await failure(runtime.call(callOf(pid)))).toMatchObject({
    code: 'machine',
    message: 'The process that runs tools did not start: Error: no such luck',
  });
  await runtime.close();
});

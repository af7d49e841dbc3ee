import { readFileSync } from 'node:fs';
import { afterAll, expect, test, vi } from 'vitest';
import { file as generated, guestModule } from '../../scripts/build-guest.ts';
import { childScript } from '../../src/sandbox/child-script.ts';
import { createSandboxRuntime } from '../../src/sandbox/quickjs/index.ts';
import { canRewind, isKnownShape } from '../../src/sandbox/quickjs/reuse.ts';
import { baseSnapshot, LiveVm } from '../../src/sandbox/quickjs/vm.ts';
import { toolRuntimeSuite } from '../suites/tool-runtime.ts';
import { bundleOf, callOf } from './call-by-hand.ts';

toolRuntimeSuite('quickjs', () => createSandboxRuntime({ maxChildren: 4 }), {
  crashes: false,
  seesDeadlock: true,
});

const runtime = createSandboxRuntime({ maxChildren: 1 });
// As where the library is not the one that is known: a new VM for each call.
const unused = createSandboxRuntime({ maxChildren: 1, reuse: false });
afterAll(() => Promise.all([runtime.close(), unused.close()]));

test('the guest program is what its sources say', async () => {
  expect(readFileSync(generated, 'utf8')).toBe(await guestModule());
});

test.each([
  ['a VM that is used again', runtime],
  ['a new VM', unused],
])('nothing that a call does is seen by the next one, in %s', async (_, runtime) => {
  const bundle = bundleOf(
    'const seen = [globalThis.left, count, Object.prototype.left, Array.prototype.push.left]; globalThis.left = 1; count++; Object.prototype.left = 1; Array.prototype.push.left = 1; globalThis.big = new Uint8Array(input.big); return seen.map((it) => it ?? null)',
    'let count = 0;',
  );
  for (const big of [0, 0, 8_000_000, 0, 0])
    expect(await runtime.call(callOf(bundle, { big }))).toEqual([null, 0, null, null]);
});

test('a VM is used again only where the library is made as it was when that was written', async () => {
  const wasm = new WebAssembly.Module(readFileSync(childScript('quickjs').wasm));
  const options = { wasm, memoryBytes: 32 * 1024 * 1024 };
  const base = await baseSnapshot(options);
  expect(await canRewind(base, options)).toBe(true);
  const { vm } = await LiveVm.restore(base, options);
  expect(isKnownShape(vm, wasm)).toBe(true);
  const other = Object.assign(Object.create(Object.getPrototypeOf(vm)), vm, { newState: 1 }) as typeof vm;
  expect(isKnownShape(other, wasm)).toBe(false);
  const bytes = Buffer.from('AGFzbQEAAAAGBgF/AUEACwcFAQFnAwA=', 'base64');
  expect(isKnownShape(vm, new WebAssembly.Module(bytes))).toBe(false);
  // A field is there and means something else.
  const rewind = vi.spyOn(LiveVm.prototype, 'rewind').mockImplementation(() => true);
  expect(await canRewind(base, options)).toBe(false);
  rewind.mockRestore();
});

test("clock and randomness are the call's", async () => {
  const bundle = bundleOf(
    'const before = Date.now(); await new Promise((d) => setTimeout(d, 30)); return [before, Date.now(), new Date(before).getTimezoneOffset(), Math.random(), Math.random(), crypto.randomUUID()]',
  );
  const first = (await runtime.call(callOf(bundle))) as unknown[];
  expect(first.slice(0, 3)).toEqual([1_700_000_000_000, 1_700_000_000_030, 0]);
  expect(await runtime.call(callOf(bundle))).toEqual(first);
  const other = (await runtime.call(callOf(bundle, {}, { seed: 'run_2:node' }))) as unknown[];
  expect(other[3]).not.toBe(first[3]);
  expect(other[5]).not.toBe(first[5]);
});

test('there is no Node', async () => {
  expect(
    await runtime.call(
      callOf(
        bundleOf(
          'return [typeof process, typeof require, typeof Buffer, typeof WebAssembly, typeof SharedArrayBuffer, typeof __host, await import("node:fs").catch((e) => "no")]',
        ),
      ),
    ),
  ).toEqual(['undefined', 'undefined', 'undefined', 'undefined', 'undefined', 'undefined', 'no']);
});

test('timers run in the order of their times and can be cleared', async () => {
  expect(
    await runtime.call(
      callOf(
        bundleOf(`const seen = []; const log = (n) => () => seen.push(n);
          setTimeout(log(3), 20); setTimeout(log(1), 5); setTimeout(log(2), 5); const no = setTimeout(log(9), 1); clearTimeout(no);
          let ticks = 0; const i = setInterval(() => { if (++ticks === 3) { clearInterval(i); seen.push('ticks'); } }, 10);
          await new Promise((d) => setTimeout(d, 40)); return seen`),
      ),
    ),
  ).toEqual([1, 2, 3, 'ticks']);
});

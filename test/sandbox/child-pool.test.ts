import { afterEach, expect, test } from 'vitest';
import { createSandboxRuntime } from '../../src/sandbox/quickjs/index.ts';
import { bundleOf, callOf } from './call-by-hand.ts';

const runtime = createSandboxRuntime({ maxChildren: 2 });
const stop = new AbortController();
afterEach(async () => {
  stop.abort();
  await runtime.close();
});

const of = (owner: string, code: string, more: object = {}) =>
  runtime.call(callOf(bundleOf(code), {}, { owner, ...more }));

test('the endless calls of one project keep no other project waiting', async () => {
  const endless = Array.from({ length: 6 }, () =>
    of('greedy', 'for (;;);', { signal: stop.signal }).catch((error: Error) => error.message),
  );
  // All places are taken, and four more calls wait before it; each of two others gets a place of its own.
  expect(await Promise.all([of('modest', 'return 1'), of('humble', 'return 2')])).toEqual([1, 2]);
  const rounds = Array.from({ length: 5 }, (_, i) => of('modest', `return ${i}`));
  expect(await Promise.all(rounds)).toEqual([0, 1, 2, 3, 4]);
  stop.abort();
  await Promise.all(endless);
});

test('a pool whose children cannot be started closes all the same', async () => {
  const none = createSandboxRuntime();
  const { execPath } = process;
  process.execPath = '/nowhere/node';
  try {
    none.warm(1);
  } finally {
    process.execPath = execPath;
  }
  // The system says no a moment later, when it is being closed already.
  await none.close();
});

test('what is free goes to who has the fewest at work', async () => {
  const fair = createSandboxRuntime({ maxChildren: 1 });
  const done: string[] = [];
  const call = (owner: string, code = 'return 1', signal = new AbortController().signal) =>
    fair.call(callOf(bundleOf(code), {}, { owner, signal })).then(
      () => done.push(owner),
      () => {},
    );
  const over = new AbortController();
  const many = [call('many', 'for (;;);', over.signal), call('many'), call('many'), call('many')];
  // The one place is taken by an endless call, and three more wait for it: another has a place of its own, again and again.
  await Promise.all([call('few'), call('few')]);
  expect(done).toEqual(['few', 'few']);
  over.abort();
  await Promise.all(many);
  expect(done.slice(2)).toEqual(['many', 'many', 'many']);
  await fair.close();
});

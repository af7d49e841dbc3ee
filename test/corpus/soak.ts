/**
 * Calls the sandbox over and over and prints the memory as it goes: `npm run soak -- [--calls N] [--hostile N]`.
 * 100,000 plain calls and 10,000 hostile ones (those of the corpus that end by themselves) unless said. Exit 1 when
 * the memory of this process or of a child is more than a tenth higher in the second half than it was in the first.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createSandboxRuntime } from '../../src/sandbox/quickjs/index.ts';
import { bundleOf, callOf } from '../sandbox/call-by-hand.ts';
import { readCases } from './format.ts';
import { memoryOf } from './memory.ts';
import { openStage } from './play.ts';

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '100000' },
    hostile: { type: 'string', default: '10000' },
  },
});
const POINTS = 20;

interface Point {
  calls: number;
  own: number;
  children: number;
  count: number;
  heap: number;
}

/** Works through `calls` steps; the memory at each twentieth. `step` says how many calls it made. */
async function soak(name: string, calls: number, step: () => Promise<number>): Promise<boolean> {
  console.log(`\n${name}\n   calls    host MB   heap MB   children MB    each MB   calls/s`);
  const points: Point[] = [];
  let made = 0;
  let began = performance.now();
  let since = 0;
  while (made < calls) {
    made += await step();
    if (made < ((points.length + 1) * calls) / POINTS) continue;
    globalThis.gc?.();
    const { own, children, count } = memoryOf(process.pid);
    const heap = Math.round(process.memoryUsage().heapUsed / 1024 / 1024);
    const rate = Math.round(((made - since) * 1000) / (performance.now() - began));
    points.push({ calls: made, own, children, count, heap });
    console.log(
      `${String(made).padStart(8)} ${String(own).padStart(10)} ${String(heap).padStart(9)} ${`${children} in ${count}`.padStart(13)} ${(children / Math.max(1, count)).toFixed(1).padStart(10)} ${String(rate).padStart(9)}`,
    );
    since = made;
    began = performance.now();
  }
  // Children are replaced as they go, and V8 takes its time to settle: the highest of each half is compared.
  const half = points.length / 2;
  const highest = (some: Point[], of: (point: Point) => number): number => Math.max(...some.map(of));
  const growth = (of: (point: Point) => number): number =>
    Math.round((highest(points.slice(half), of) / highest(points.slice(0, half), of) - 1) * 100);
  const host = growth((point) => point.own);
  const each = growth((point) => point.children / Math.max(1, point.count));
  console.log(`the highest of the second half over that of the first: host ${host} %, a child ${each} %`);
  return host <= 10 && each <= 10;
}

/** Tools as they are: one that computes, one that logs and uses its input, one that throws. */
async function plain(calls: number): Promise<boolean> {
  const runtime = createSandboxRuntime({ maxChildren: 2 });
  const tools = [
    bundleOf('let n = 0; for (let i = 0; i < 100; i++) n += i; return n;'),
    bundleOf('ctx.log("x", { n: input.n }); return { text: "y".repeat(input.n), at: Date.now() };'),
    bundleOf('throw new Error("no");'),
  ];
  let n = 0;
  const ok = await soak('plain calls', calls, async () => {
    const batch = [0, 1].map(() => {
      n += 1;
      return runtime.call(callOf(tools[n % 3]!, { n: n % 500 })).catch(() => undefined);
    });
    await Promise.all(batch);
    return batch.length;
  });
  await runtime.close();
  return ok;
}

/** Cases that end by themselves, each followed by a plain call that must get its answer. */
async function hostile(calls: number): Promise<boolean> {
  const folder = join(import.meta.dirname, 'cases');
  const cases = readdirSync(folder)
    .flatMap((file) => readCases(join(folder, file)))
    .filter((it) => it.bundleBytes === undefined && it.runtimes.includes('sandbox'));
  const stage = await openStage();
  const quick: typeof cases = [];
  for (const it of cases) {
    const { ms, problems } = await stage.play(it, 'sandbox');
    if (ms < 60 && problems.length === 0) quick.push(it);
  }
  let at = 0;
  let wrong = 0;
  const ok = await soak(`hostile calls, of ${quick.length} cases`, calls, async () => {
    const { problems } = await stage.play(quick[at++ % quick.length]!, 'sandbox');
    if (problems.length > 0) console.log(`${++wrong}: ${problems.join('; ')}`);
    return 2;
  });
  await stage.close();
  return ok && wrong === 0;
}

const [calls, more] = [Number(values.calls), Number(values.hostile)];
const results = [calls === 0 || (await plain(calls)), more === 0 || (await hostile(more))];
if (results.includes(false)) {
  console.log('\nMemory grew, or a case did not end as it must.');
  process.exitCode = 1;
}

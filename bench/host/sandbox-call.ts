/**
 * A sandboxed call beside what nothing can take away from it, in one process and in turns: a VM restored anew from its
 * snapshot and the tool called in it; a VM made again what it was (which is how a child of ours restores one) and the
 * tool called in it; and a call through the runtime with a warm child. No store, no schema. Prints the medians in
 * microseconds as a line of JSON.
 */
import { readFileSync } from 'node:fs';
import { childScript } from '../../src/sandbox/child-script.ts';
import { DEFAULT_LIMITS } from '../../src/sandbox/protocol.ts';
import { createSandboxRuntime } from '../../src/sandbox/quickjs/index.ts';
import { baseSnapshot, LiveVm, pureAnswer, toolSnapshot } from '../../src/sandbox/quickjs/vm.ts';
import { median } from '../engine/rows.ts';
import { addTool } from './subject.ts';

/** Turns of so many calls of each: a process that only just worked is scheduled later than one that waited. */
const TURNS = 10;
const CALLS = 100;
/** A VM anew costs ten times a call: fewer say as much. */
const ANEW = 20;

const wasm = new WebAssembly.Module(readFileSync(childScript('quickjs').wasm));
const options = { wasm, memoryBytes: DEFAULT_LIMITS.memoryMb.sandbox * 1024 * 1024 };
const limits = { logLines: 1_000, logBytes: 1_000_000, outputBytes: 1_000_000, fetches: 100 };
const [digest, bytes] = addTool('sandbox').artifacts[0]!;
const code = new TextDecoder().decode(bytes);
const snapshot = await toolSnapshot(await baseSnapshot(options), options, code, performance.now() + 10_000);
const head = JSON.stringify({ seed: 'a', idempotencyKey: 'a', secrets: {}, limits });
const runtime = createSandboxRuntime();

function callIn(live: LiveVm, n: number): void {
  let answer = '';
  live.world.host = (kind, text, more) => {
    if (kind === 'done') answer = text;
    else if (kind === 'failed') throw new Error(text);
    return pureAnswer(kind, text, more);
  };
  live.enter('call', head, JSON.stringify({ n }));
  if (JSON.parse(answer).n !== n + 1) throw new Error(`The tool answered ${answer}`);
}

async function anew(n: number): Promise<void> {
  const live = await LiveVm.restore(snapshot, options);
  callIn(live, n);
  live.dispose();
}

let kept = await LiveVm.restore(snapshot, options);
async function again(n: number): Promise<void> {
  if (!kept.rewind()) {
    kept.dispose();
    kept = await LiveVm.restore(snapshot, options);
  }
  callIn(kept, n);
}

async function throughRuntime(n: number): Promise<void> {
  const result = await runtime.call({
    bundle: digest,
    load: async () => code,
    input: { n },
    permissions: { net: [], secrets: [], limits: {} },
    seed: `${n}`,
    now: Date.now(),
    idempotencyKey: `${n}`,
    signal: new AbortController().signal,
    secrets: {},
    onLog() {},
    onProgress() {},
  });
  if ((result as { n?: number }).n !== n + 1) throw new Error(`The tool answered ${JSON.stringify(result)}`);
}

const times: Record<'anew' | 'again' | 'runtime', number[]> = { anew: [], again: [], runtime: [] };
const timed = async (into: number[], work: () => Promise<void>): Promise<void> => {
  const from = performance.now();
  await work();
  into.push((performance.now() - from) * 1_000);
};
for (let turn = 0; turn < TURNS; turn++) {
  for (let n = 0; n < ANEW; n++) await timed(times.anew, () => anew(n));
  for (let n = 0; n < CALLS; n++) await timed(times.again, () => again(n));
  for (let n = 0; n < CALLS; n++) await timed(times.runtime, () => throughRuntime(n));
}
kept.dispose();
await runtime.close();
const warm = (values: number[]): number => median(values.slice(values.length / 5));
console.log(
  JSON.stringify({ anew: warm(times.anew), again: warm(times.again), runtime: warm(times.runtime) }),
);

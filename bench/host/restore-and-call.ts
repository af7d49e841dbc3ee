/**
 * What nothing can take away from a sandboxed call: a VM made anew from its snapshot, and the tool called in it, here
 * in one process, without a store, a child or a schema. Prints its microseconds at the median as a line of JSON.
 */
import { readFileSync } from 'node:fs';
import { childScript } from '../../src/sandbox/child-script.ts';
import { DEFAULT_LIMITS } from '../../src/sandbox/protocol.ts';
import { baseSnapshot, LiveVm, pureAnswer, toolSnapshot } from '../../src/sandbox/quickjs/vm.ts';
import { addTool } from './subject.ts';

const wasm = new WebAssembly.Module(readFileSync(childScript('quickjs').wasm));
const options = { wasm, memoryBytes: DEFAULT_LIMITS.memoryMb.sandbox * 1024 * 1024 };
const limits = { logLines: 1_000, logBytes: 1_000_000, outputBytes: 1_000_000, fetches: 100 };
const code = new TextDecoder().decode(addTool('sandbox').artifacts[0]![1]);
const snapshot = await toolSnapshot(await baseSnapshot(options), options, code, performance.now() + 10_000);
const head = JSON.stringify({ seed: 'a', idempotencyKey: 'a', secrets: {}, limits });

const times: number[] = [];
for (let i = 0; i < 400; i++) {
  const start = performance.now();
  const live = await LiveVm.restore(snapshot, options);
  let answer = '';
  live.world.host = (kind, text, more) => {
    if (kind === 'done') answer = text;
    else if (kind === 'failed') throw new Error(text);
    return pureAnswer(kind, text, more);
  };
  live.enter('call', head, `{"n":${i}}`);
  times.push(performance.now() - start);
  if (!answer.includes(String(i + 1))) throw new Error(`The tool answered ${answer}`);
  live.dispose();
}
const warm = times.slice(100).sort((a, b) => a - b);
console.log(JSON.stringify({ value: warm[warm.length >> 1]! * 1_000 }));

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Built, builtTool, builtWorkflow } from '../../test/suites/client-components.ts';

const run = promisify(execFile);
const script = fileURLToPath(new URL('./embed.js', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));

const one = (): Built =>
  builtWorkflow({
    name: 'one',
    version: '1.0.0',
    inputs: { n: { type: 'integer' } },
    nodes: [{ id: 's', type: 'set', values: { n: '{{ inputs.n + 1 }}' } }],
    outputs: { n: '{{ s.n }}' },
  });
/** The wait is the timer of a retry. */
const waits = (): Built =>
  builtWorkflow({
    name: 'waits',
    version: '1.0.0',
    nodes: [
      {
        id: 'call',
        type: 'tool',
        tool: 'fails',
        args: {},
        retry: { maxAttempts: 2, initial: '1h', max: '1h', jitter: false },
      },
    ],
    outputs: { done: '{{ call }}' },
  });
const fails = (): Built => builtTool('fails', "throw new Error('not yet');", { runtime: 'node' });

function order(workflow: Built, tools: Built[]): string {
  const text = new TextDecoder();
  return JSON.stringify({
    artifacts: [workflow, ...tools].flatMap((built) =>
      built.artifacts.map(([digest, bytes]) => [digest, text.decode(bytes)]),
    ),
    digest: workflow.item.digest,
    pins: Object.fromEntries(tools.map(({ item }) => [`tool/${item.name}`, item.digest])),
  });
}

async function inFolder<T>(content: string, work: (args: string[]) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(process.env['ICE_BENCH_DIR'] ?? tmpdir(), 'ice-bench-'));
  try {
    const file = join(folder, 'components.json');
    writeFileSync(file, content);
    return await work([script, root, folder, file]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** W4: milliseconds from the start of a process that embeds ice to its first result, and of a bare Node beside it. */
export const firstResult = (): Promise<{ ms: number; bare: number }> =>
  inFolder(order(one(), []), async (args) => {
    const bareFrom = performance.now();
    await run(process.execPath, ['-e', '0']);
    const from = performance.now();
    const { stdout } = await run(process.execPath, [...args, 'first'], {
      env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'ice-bench-cache') },
    });
    const ms = performance.now() - from;
    if (JSON.parse(stdout).outputs?.n !== 2) throw new Error(`The run gave ${stdout}`);
    return { ms, bare: from - bareFrom };
  });

/** W5: a process with 1,000 waiting runs: its memory in MB, and KB that each of them holds. */
export const waitingRuns = (): Promise<{ rss: number; kb: number }> =>
  inFolder(order(waits(), [fails()]), async (args) => {
    const { stdout } = await run(process.execPath, ['--expose-gc', ...args, 'wait']);
    return JSON.parse(stdout) as { rss: number; kb: number };
  });

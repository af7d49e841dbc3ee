import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IceError } from '../../src/contracts/errors.ts';
import type { Json } from '../../src/contracts/json.ts';
import { bundle } from '../../src/project/bundle.ts';
import { createHostNetwork } from '../../src/sandbox/host-fetch.ts';
import { createNodeRuntime } from '../../src/sandbox/node/index.ts';
import type { Bundle, ToolRuntime } from '../../src/sandbox/port.ts';
import { createSandboxRuntime } from '../../src/sandbox/quickjs/index.ts';
import { createRedactor, type RedactedLines, type Redactor } from '../../src/secrets/redactor.ts';
import { bundleOf, bundleOfCode, callOf } from '../sandbox/call-by-hand.ts';
import { openBait } from './bait.ts';
import type { Case } from './format.ts';
import { judge, timeOf } from './judge.ts';

export interface Outcome {
  case: string;
  where: 'sandbox' | 'node' | 'server';
  /** The code it ended in, or `ok`. */
  outcome: string;
  ms: number;
  /** What was not as it must be. */
  problems: string[];
  /** Whether it got something that it must not get. */
  escaped: boolean;
}

export interface Stage {
  play(it: Case, runtime: 'sandbox' | 'node'): Promise<Outcome>;
  close(): Promise<void>;
}

/** Runtimes, a network, a server that nobody may reach unasked, and a secret in our environment that nobody may see. */
export async function openStage(): Promise<Stage> {
  const runtimes: Record<'sandbox' | 'node', ToolRuntime> = {
    sandbox: createSandboxRuntime({ maxChildren: 2 }),
    node: createNodeRuntime({ maxChildren: 2 }),
  };
  // What never says what it is need not be waited for as long as something that may.
  const hasty = createSandboxRuntime({ maxChildren: 1, extractMs: 1000 });
  const bait = await openBait();
  const { text } = bait;

  async function play(it: Case, name: 'sandbox' | 'node'): Promise<Outcome> {
    const runtime = it.extract && it.expect === 'timeout' ? hasty : runtimes[name];
    const network = createHostNetwork({
      allowPrivate: it.local,
      timeoutMs: 2000,
      resolve: async (host) => {
        const addresses = it.names[host] ?? (host === 'localhost' ? ['127.0.0.1'] : undefined);
        if (addresses === undefined) throw Object.assign(new Error(host), { code: 'ENOTFOUND' });
        return addresses;
      },
    });
    bait.begin(it.answer);
    const said: string[] = [];
    // What the effect of a tool node does with all that comes back.
    const redact = createRedactor(Object.values(it.secrets));
    const logs = redact.lines<{ message: string }>((line) => void said.push(JSON.stringify(line)));
    const began = performance.now();
    let outcome = 'ok';
    let message = '';
    let result: unknown;
    try {
      result = await run(it, runtime, network, { redact, logs, said });
      said.push(JSON.stringify(redact.json(result as Json)) ?? 'undefined');
    } catch (error) {
      const body =
        error instanceof IceError ? error.toBody() : { code: 'NOT AN ICE ERROR', message: String(error) };
      outcome = body.code;
      message = redact.text(body.message);
      said.push(JSON.stringify(redact.json(body as unknown as Json)));
    }
    logs.end();
    const ms = performance.now() - began;
    const problems = judge(it, {
      ...bait,
      hits: bait.hits,
      outcome,
      message,
      result,
      ms,
      said: said.join('\n'),
    });
    const escaped = problems.some((problem) => problem.startsWith('ESCAPE'));
    // Whatever happened: the next call gets its answer.
    try {
      if ((await runtime.call(callOf(bundleOf('return 1')))) !== 1)
        problems.push('the next call got another answer');
    } catch (error) {
      problems.push(`the next call failed: ${(error as Error).message}`);
    }
    await network.close();
    return { case: it.case, where: name, outcome, ms: Math.round(ms), problems, escaped };
  }

  async function run(
    it: Case,
    runtime: ToolRuntime,
    network: ReturnType<typeof createHostNetwork>,
    back: { redact: Redactor; logs: RedactedLines<{ message: string }>; said: string[] },
  ): Promise<unknown> {
    if (it.bundleBytes !== undefined) {
      const root = mkdtempSync(join(tmpdir(), 'ice-corpus-'));
      try {
        writeFileSync(join(root, 'data.txt'), 'x'.repeat(it.bundleBytes));
        writeFileSync(join(root, 'tool.ts'), "import text from './data.txt';\nexport default text;");
        return (await bundle({ root, file: 'tool.ts' })).digest;
      } finally {
        rmSync(root, { recursive: true, force: true });
      }
    }
    const made: Bundle =
      it.module === undefined ? bundleOf(text(it.run ?? '')) : bundleOfCode(text(it.module));
    if (it.extract) return runtime.extract(made);
    return runtime.call(
      callOf(made, (it.input ?? {}) as Json, {
        permissions: {
          net: it.net.map(text),
          secrets: Object.keys(it.secrets),
          limits: { memoryMb: 32, ...it.limits, timeoutMs: timeOf(it) },
        },
        secrets: it.secrets,
        ...(it.net.length === 0 ? {} : { fetch: network.hostFetch({ hosts: it.net.map(text) }) }),
        onLog: (level, line, fields) =>
          back.logs.push({
            message: line,
            ...{ level, ...(fields && { fields: back.redact.json(fields) }) },
          }),
        onProgress: (progress) => void back.said.push(back.redact.text(JSON.stringify(progress))),
      }),
    );
  }

  return {
    play,
    async close() {
      bait.close();
      await Promise.all([...Object.values(runtimes), hasty].map((runtime) => runtime.close()));
    },
  };
}

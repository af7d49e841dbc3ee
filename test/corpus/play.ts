import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
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
import type { Case } from './format.ts';

export interface Outcome {
  case: string;
  runtime: 'sandbox' | 'node';
  /** The code it ended in, or `ok`. */
  outcome: string;
  ms: number;
  /** Resident memory of this process, MB. */
  rssMb: number;
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
  const canary = randomBytes(12).toString('hex');
  const env = 'ICE_CORPUS_CANARY';
  process.env[env] = canary;
  let hits = 0;
  let answer: Case['answer'] = { status: 200, headers: {}, body: 'ok' };
  const server: Server = createServer((_request, response) => {
    hits += 1;
    response.writeHead(answer.status, fill(answer.headers)).end(answer.body);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const text = (value: string): string =>
    value.replaceAll('{{port}}', String(port)).replaceAll('{{env}}', env);
  function fill(values: Record<string, string>): Record<string, string> {
    return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, text(value)]));
  }

  async function play(it: Case, name: 'sandbox' | 'node'): Promise<Outcome> {
    const runtime = runtimes[name];
    const network = createHostNetwork({
      allowPrivate: it.local,
      timeoutMs: 2000,
      resolve: async (host) => {
        const addresses = it.names[host] ?? (host === 'localhost' ? ['127.0.0.1'] : undefined);
        if (addresses === undefined) throw Object.assign(new Error(host), { code: 'ENOTFOUND' });
        return addresses;
      },
    });
    hits = 0;
    answer = it.answer;
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
    const problems = judge(it, { outcome, message, result, ms, hits, said: said.join('\n'), canary });
    const escaped = problems.some((problem) => problem.startsWith('ESCAPE'));
    // Whatever happened: the next call gets its answer.
    try {
      if ((await runtime.call(callOf(bundleOf('return 1')))) !== 1)
        problems.push('the next call got another answer');
    } catch (error) {
      problems.push(`the next call failed: ${(error as Error).message}`);
    }
    await network.close();
    const rssMb = Math.round(process.memoryUsage().rss / 1024 / 1024);
    return { case: it.case, runtime: name, outcome, ms: Math.round(ms), rssMb, problems, escaped };
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
          limits: { timeoutMs: timeOf(it), memoryMb: 32, ...it.limits },
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
      server.closeAllConnections();
      server.close();
      await Promise.all(Object.values(runtimes).map((runtime) => runtime.close()));
    },
  };
}

const wantedOf = (it: Case): string[] => (it.expect === undefined ? ['ok'] : [it.expect].flat());

/** Cases that end by themselves have time enough on a machine that does ten other things. */
const timeOf = (it: Case): number => (wantedOf(it).includes('timeout') ? 500 : 3000);
const SLACK_MS = 4000;

function judge(
  it: Case,
  got: {
    outcome: string;
    message: string;
    result: unknown;
    ms: number;
    hits: number;
    said: string;
    canary: string;
  },
): string[] {
  const problems: string[] = [];
  if (got.said.includes(got.canary)) problems.push('ESCAPE: it read the environment of the parent');
  if (got.hits > it.hits) problems.push(`ESCAPE: it reached the server ${got.hits} times`);
  if (got.hits < it.hits) problems.push(`it reached the server ${got.hits} times, expected ${it.hits}`);
  if (Object.keys(Object.prototype).length > 0 || 'escaped' in globalThis)
    problems.push('ESCAPE: it changed this process');
  if (it.not !== undefined && got.said.includes(it.not)) problems.push(`ESCAPE: it showed ${it.not}`);
  const wanted = wantedOf(it);
  if (!wanted.includes(got.outcome))
    problems.push(
      `ended in ${got.outcome} (${got.message.slice(0, 200) || JSON.stringify(got.result)?.slice(0, 200)}), expected ${wanted.join(' or ')}`,
    );
  if (
    it.result !== undefined &&
    got.outcome === 'ok' &&
    JSON.stringify(got.result) !== JSON.stringify(it.result)
  )
    problems.push(
      `${wanted.includes('ok') ? 'ESCAPE? ' : ''}gave ${JSON.stringify(got.result)?.slice(0, 300)}, expected ${JSON.stringify(it.result)}`,
    );
  if (it.says !== undefined && !got.message.includes(it.says))
    problems.push(`said ${got.message.slice(0, 200)}, expected ${it.says}`);
  const within = it.withinMs ?? (it.limits.timeoutMs ?? timeOf(it)) + SLACK_MS;
  if (got.ms > within) problems.push(`took ${Math.round(got.ms)} ms, at most ${within}`);
  return problems;
}

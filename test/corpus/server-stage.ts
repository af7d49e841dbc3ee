import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import canonicalize from 'canonicalize';
import { createClient } from '../../src/client/index.ts';
import type { Manifest } from '../../src/contracts/components.ts';
import { IceError } from '../../src/contracts/errors.ts';
import { bundleOf, bundleOfCode } from '../sandbox/call-by-hand.ts';
import { digestOf } from '../suites/client-components.ts';
import { openBait } from './bait.ts';
import type { Case } from './format.ts';
import { judge, timeOf } from './judge.ts';
import type { Outcome } from './play.ts';

/**
 * Whether a client of a server can play the case: it is not the bundler's or the extraction's, needs no resolver of
 * its own, no address that only one's own machine allows, and no input.
 */
export const isForServer = (it: Case): boolean =>
  !it.local &&
  !it.extract &&
  it.bundleBytes === undefined &&
  it.input === undefined &&
  Object.keys(it.names).length === 0;

export interface ServerStage {
  pid: number;
  play(it: Case): Promise<Outcome>;
  /** Ends the server; what its files hold of the secrets that were set, and of our environment. */
  close(): Promise<string[]>;
}

/** `ice serve`, which trusts nobody's code, in a process of its own; the cases come with a developer's token. */
export async function openServerStage(): Promise<ServerStage> {
  const bait = await openBait();
  const folder = mkdtempSync(join(tmpdir(), 'ice-corpus-'));
  const bin = join(import.meta.dirname, '../../bin/dev.js');
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    ICE_CONFIG_DIR: join(folder, 'config'),
    ICE_MASTER_KEY: Buffer.alloc(32, 7).toString('base64'),
    [bait.env]: bait.canary,
  };
  const server = spawn(process.execPath, [bin, 'serve', '--port', '0', '--json'], {
    cwd: folder,
    env: env as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await urlOf(server);
  const clientOf = (token: string) => createClient({ baseUrl: url, token, project: 'corpus' });
  const operator = clientOf(readFileSync(join(folder, '.ice/token'), 'utf8').trim());
  const developer = clientOf(
    (await operator.tokens.create({ name: 'stranger', role: 'developer', project: 'corpus' })).secret,
  );
  const secrets = new Set<string>();

  async function upload(it: Case, code: string, runtime: Manifest['runtime']): Promise<string> {
    const entry = new TextEncoder().encode(code);
    const manifest: Manifest = {
      kind: 'tool',
      name: 'case',
      input: { type: 'object' },
      output: true,
      permissions: {
        net: it.net.map(bait.text),
        secrets: Object.keys(it.secrets),
        limits: { memoryMb: 32, ...it.limits, timeoutMs: timeOf(it) },
      },
      runtime,
      entry: digestOf(entry),
    };
    const bytes = new TextEncoder().encode(canonicalize(manifest));
    const digest = digestOf(bytes);
    await developer.artifacts.put(manifest.entry, entry);
    await developer.artifacts.put(digest, bytes);
    return digest;
  }

  /** Makes a run of the tool and waits for its end; all that a client sees of it. */
  async function run(digest: string) {
    const { id } = await developer.runs.create({ digest, inputs: {} });
    let seen = await developer.runs.get(id, { wait: 20 });
    while (seen.state === 'running' || seen.state === 'queued')
      seen = await developer.runs.get(id, { wait: 20 });
    return { seen, events: await developer.runs.events(id) };
  }

  async function play(it: Case): Promise<Outcome> {
    bait.begin(it.answer);
    for (const [name, value] of Object.entries(it.secrets)) {
      secrets.add(value);
      await operator.secrets.put(name, { value });
    }
    const [runtime] = it.runtimes;
    const { code } =
      it.module === undefined ? bundleOf(bait.text(it.run ?? '')) : bundleOfCode(bait.text(it.module));
    const began = performance.now();
    let outcome = 'ok';
    let message = '';
    let result: unknown;
    let said = '';
    try {
      const { seen, events } = await run(await upload(it, code, runtime!));
      outcome = seen.error?.code ?? (seen.state === 'succeeded' ? 'ok' : seen.state);
      message = seen.error?.message ?? '';
      result = (seen.outputs as { result?: unknown } | undefined)?.result;
      said = JSON.stringify([seen, events]);
    } catch (error) {
      const problem = IceError.from(error);
      outcome = problem.code;
      message = problem.message;
      said = JSON.stringify(problem.toBody());
    }
    const ms = performance.now() - began;
    // Full Node is for the operator's code.
    const expected = runtime === 'node' ? { ...it, expect: 'untrusted_code', says: undefined, hits: 0 } : it;
    const problems = judge(expected, { ...bait, hits: bait.hits, outcome, message, result, ms, said });
    const escaped = problems.some((problem) => problem.startsWith('ESCAPE'));
    // Whatever happened: the server answers its next call.
    const after = await next().catch((error: unknown) => IceError.from(error).code);
    if (after !== 'ok') problems.push(`the next call ended in ${after}`);
    return { case: it.case, where: 'server', outcome, ms: Math.round(ms), problems, escaped };
  }

  const plain = { net: [], secrets: {}, limits: {}, runtimes: ['sandbox'] } as unknown as Case;
  const next = async (): Promise<string> => {
    const { seen } = await run(await upload(plain, bundleOf('return 1').code, 'sandbox'));
    return seen.state === 'succeeded' ? 'ok' : (seen.error?.code ?? seen.state);
  };
  const leaks = (): string[] =>
    filesOf(folder).flatMap((file) => {
      const bytes = readFileSync(file);
      return [...secrets, bait.canary]
        .flatMap((value) => [value, Buffer.from(value).toString('base64').replace(/=+$/, '').slice(0, -1)])
        .filter((value) => bytes.includes(value))
        .map((value) => `${basename(file)}: ${value}`);
    });
  await next();
  return {
    pid: server.pid!,
    play,
    async close() {
      // Before the end as well, while what is in the log of writes is not in the database yet.
      const found = leaks();
      const ended = new Promise((done) => server.once('exit', done));
      server.kill('SIGTERM');
      await ended;
      bait.close();
      found.push(...leaks());
      rmSync(folder, { recursive: true });
      return found;
    },
  };
}

/** The address that the server says, once it is there. */
function urlOf(server: ChildProcess): Promise<string> {
  return new Promise((done, fail) => {
    let text = '';
    server.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const [, url] = /"url":\s*"([^"]+)"/.exec(text) ?? [];
      if (url !== undefined) done(url);
    });
    server.once('exit', (code) => fail(new Error(`ice serve ended with ${code}: ${text}`)));
  });
}

const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { parse } from 'yaml';
import { type Fault, faultSchema, type IceStep, type Step, type When } from './format.ts';

const root = join(import.meta.dirname, '../..');
const BIN = join(root, 'bin/run.js');
const isRoot = process.getuid?.() === 0;

export interface Outcome {
  title: string;
  /** Why it could not be played here; then `problems` is empty. */
  skipped?: string;
  problems: string[];
}

/** A stack frame, or the banner of an uncaught error: neither is ever shown to a user. */
const STACK = /\n\s+at .+:\d+:\d+|UnhandledPromiseRejection|ExperimentalWarning/;

const scaffolds = new Map<string, string>();
/** The folder that `ice init` makes for a template, made once a process. */
function scaffold(template: string): string {
  const known = scaffolds.get(template);
  if (known) return known;
  const dir = mkdtempSync(join(tmpdir(), 'ice-scaffold-'));
  execFileSync(process.execPath, [BIN, 'init', 'demo', '--template', template, '--yes', '--json'], {
    cwd: dir,
    env: { ...process.env, ICE_KEYRING: '0', ICE_CONFIG_DIR: join(dir, 'config') },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
  scaffolds.set(template, join(dir, 'demo'));
  return join(dir, 'demo');
}

interface Finished {
  exit: number;
  stdout: string;
  stderr: string;
}

/** Sends a signal to a process and all that it started; settles when it is gone. */
async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child.once('close', done));
  process.kill(-child.pid!, signal);
  await gone;
}

class Stage {
  readonly home: string;
  readonly dir: string;
  readonly problems: string[] = [];
  readonly #cleanups: (() => void | Promise<void>)[] = [];
  readonly #background: ChildProcess[] = [];

  constructor(fault: Fault) {
    this.home = mkdtempSync(join(tmpdir(), 'ice-fault-'));
    // Steps may run unprivileged, and must get here.
    chmodSync(this.home, 0o755);
    let base = this.home;
    if (fault.disk !== undefined) {
      base = join(this.home, 'disk');
      mkdirSync(base);
      execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${fault.disk}`, 'tmpfs', base]);
      this.#cleanups.push(() => void execFileSync('umount', ['-l', base]));
    }
    this.dir = join(base, fault.folder ?? 'demo');
    if (fault.project === 'none') mkdirSync(this.dir);
    else cpSync(scaffold(fault.project), this.dir, { recursive: true });
    this.write(fault.files);
  }

  write(files: Record<string, string>): void {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.dir, name)), { recursive: true });
      writeFileSync(join(this.dir, name), text);
    }
  }

  async play(step: Step, title: string): Promise<void> {
    if ('ice' in step) await this.#ice(step, title);
    else if ('write' in step) this.write(step.write);
    else if ('fill' in step) {
      const { file, size, text, before, after } = step.fill;
      this.write({ [file]: before + text.repeat(Math.ceil(size / text.length)) + after });
    } else if ('bytes' in step)
      writeFileSync(join(this.dir, step.bytes.file), Buffer.from(step.bytes.base64, 'base64'));
    else if ('chmod' in step) {
      for (const [name, mode] of Object.entries(step.chmod))
        chmodSync(join(this.dir, name), Number.parseInt(mode, 8));
    } else if ('remove' in step) {
      for (const name of step.remove) rmSync(join(this.dir, name), { recursive: true, force: true });
    } else if ('sql' in step) {
      const db = new DatabaseSync(join(this.dir, step.database ?? '.ice/ice.db'));
      db.exec(step.sql);
      db.close();
    } else if ('corrupt' in step) {
      const fd = openSync(join(this.dir, step.corrupt.file), 'r+');
      writeSync(fd, Buffer.alloc(step.corrupt.length, 0xa5), 0, step.corrupt.length, step.corrupt.offset);
      closeSync(fd);
    } else if ('killBackground' in step) {
      await Promise.all(this.#background.splice(0).map((child) => ended(child, 'SIGKILL')));
    } else if ('occupy' in step) {
      const server = createServer().listen(step.occupy, '127.0.0.1');
      await new Promise((done) => server.once('listening', done));
      this.#cleanups.push(() => void server.close());
    } else if ('fillDisk' in step) {
      const { bavail, bsize } = statfsSync(this.dir);
      writeFileSync(
        join(this.dir, 'ballast'),
        Buffer.alloc(Math.max(0, Number(bavail) * Number(bsize) - step.fillDisk.leave)),
      );
    } else if ('waitMs' in step) await new Promise((done) => setTimeout(done, step.waitMs));
    else {
      const all = await Promise.all(step.together.map((one, i) => this.#ice(one, `${title}.${i + 1}`)));
      const exits = all.map((one) => one?.exit).sort();
      if (step.exits && JSON.stringify(exits) !== JSON.stringify([...step.exits].sort())) {
        this.problems.push(`${title}: exits ${exits.join(', ')}, expected ${step.exits.join(', ')}`);
      }
    }
  }

  async #ice(step: IceStep, title: string): Promise<Finished | undefined> {
    const env: Record<string, string | undefined> = {
      PATH: process.env['PATH'],
      HOME: this.home,
      TMPDIR: process.env['TMPDIR'],
      NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
      ICE_KEYRING: '0',
      ICE_CONFIG_DIR: join(this.home, 'config'),
      CI: '1',
      ...Object.fromEntries(
        Object.entries(step.env ?? {}).map(([name, value]) => [name, value ?? undefined]),
      ),
    };
    const child = spawn(process.execPath, [BIN, ...step.ice], {
      cwd: step.cwd ? join(this.dir, step.cwd) : this.dir,
      env: env as NodeJS.ProcessEnv,
      stdio: [step.closedStdin ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      detached: true,
      ...(step.unprivileged ? { uid: 65534, gid: 65534 } : {}),
    });
    let stdout = '';
    let stderr = '';
    child.stderr!.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.stdout!.setEncoding('utf8');
    const read = () =>
      child.stdout!.on('data', (text) => {
        stdout += text;
        if (step.closeStdoutAfter !== undefined && stdout.length >= step.closeStdoutAfter)
          child.stdout!.destroy();
      });
    if (step.slowStdoutMs === undefined) read();
    else setTimeout(read, step.slowStdoutMs);
    if (child.stdin) {
      child.stdin.on('error', () => {});
      child.stdin.end(step.stdin ?? '');
    }
    if (step.stopAtMs !== undefined) {
      setTimeout(() => child.kill('SIGSTOP'), step.stopAtMs);
      setTimeout(() => child.kill('SIGCONT'), step.stopAtMs + (step.stopForMs ?? 0));
    }
    const so = (what: When, whatFor: string) => this.#until(what, () => stdout + stderr, whatFor);
    if (step.background) {
      this.#background.push(child);
      await so(step.until ?? {}, title);
      return undefined;
    }
    if (step.signal && step.signalWhen)
      void so(step.signalWhen, title).then(() => process.kill(-child.pid!, step.signal));
    else if (step.signal)
      setTimeout(() => process.kill(-child.pid!, step.signal), step.signalAfterMs ?? 1000);
    const killer = setTimeout(() => {
      this.problems.push(`${title}: still running after 60 s`);
      process.kill(-child.pid!, 'SIGKILL');
    }, 60_000);
    const exit = await new Promise<number>((done) =>
      child.once('close', (code, signal) =>
        done(code ?? (signal ? 128 + (signal === 'SIGKILL' ? 9 : 15) : -1)),
      ),
    );
    clearTimeout(killer);
    this.#check(step, { exit, stdout, stderr }, `${title} (ice ${step.ice.join(' ')})`);
    return { exit, stdout, stderr };
  }

  async #until({ file, holds = '', output: text }: When, output: () => string, title: string): Promise<void> {
    const path = file === undefined ? undefined : join(this.dir, file);
    for (let waited = 0; waited < 20_000; waited += 50) {
      const there = path === undefined || (existsSync(path) && readFileSync(path, 'utf8').includes(holds));
      if (there && (!text || output().includes(text))) return;
      await new Promise((done) => setTimeout(done, 50));
    }
    this.problems.push(`${title}: ${text ?? file} did not come; output: ${output().slice(-500)}`);
  }

  #check(step: IceStep, done: Finished, title: string): void {
    const say = (problem: string) =>
      this.problems.push(
        `${title}: ${problem}\n  stdout: ${done.stdout.slice(0, 600)}\n  stderr: ${done.stderr.slice(0, 600)}`,
      );
    if (step.exit !== undefined && ![step.exit].flat().includes(done.exit))
      say(`exit ${done.exit}, expected ${step.exit}`);
    if (STACK.test(done.stderr) || STACK.test(done.stdout)) say('shows a stack trace');
    let body: unknown;
    if (step.ice.includes('--json') && step.closeStdoutAfter === undefined && step.signal !== 'SIGKILL') {
      try {
        body = JSON.parse(done.stdout);
      } catch {
        say('stdout is not one JSON document');
      }
    }
    const at = (path: string): unknown =>
      path
        .split('.')
        .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], body);
    if (step.code !== undefined && at('error.code') !== step.code)
      say(`error.code ${String(at('error.code'))}, expected ${step.code}`);
    const first = (
      (at('diagnostics') ?? at('error.details.diagnostics')) as
        | { code: string; range?: { start: { line: number } } }[]
        | undefined
    )?.[0];
    if (step.diagnostic !== undefined && first?.code !== step.diagnostic)
      say(`first diagnostic ${first?.code}, expected ${step.diagnostic}`);
    if (step.line !== undefined && first?.range?.start.line !== step.line)
      say(`at line ${first?.range?.start.line}, expected ${step.line}`);
    for (const [path, value] of Object.entries(step.json ?? {})) {
      if (JSON.stringify(at(path)) !== JSON.stringify(value))
        say(`${path} is ${JSON.stringify(at(path))}, expected ${JSON.stringify(value)}`);
    }
    if (step.stdout !== undefined && !done.stdout.includes(step.stdout))
      say(`stdout lacks ${JSON.stringify(step.stdout)}`);
    if (step.stderr !== undefined && !done.stderr.includes(step.stderr))
      say(`stderr lacks ${JSON.stringify(step.stderr)}`);
    if (step.not !== undefined && (done.stdout + done.stderr).includes(step.not))
      say(`shows ${JSON.stringify(step.not)}`);
  }

  /** Every database in the folder: whole, and each run's journal numbered 1, 2, 3 … without a gap. */
  checkDatabases(): void {
    for (const name of readdirSync(this.dir, { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.db') || name.includes('node_modules')) continue;
      const db = new DatabaseSync(join(this.dir, name));
      const [integrity] = db.prepare('PRAGMA integrity_check').all() as { integrity_check: string }[];
      if (integrity?.integrity_check !== 'ok')
        this.problems.push(`${name}: integrity_check says ${integrity?.integrity_check}`);
      const gaps = db.prepare(JOURNAL_GAPS).all();
      if (gaps.length > 0)
        this.problems.push(`${name}: journals with gaps: ${JSON.stringify(gaps.slice(0, 5))}`);
      db.close();
    }
  }

  async close(): Promise<void> {
    for (const child of this.#background) {
      const killer = setTimeout(() => process.kill(-child.pid!, 'SIGKILL'), 5000);
      await ended(child, 'SIGTERM');
      clearTimeout(killer);
    }
    for (const cleanup of this.#cleanups.reverse()) await cleanup();
    rmSync(this.home, { recursive: true, force: true });
  }
}

// An event's key is `run << 22 | seq` (src/stores/sqlite/migrations/0001-runs.ts); seq starts at 1.
const JOURNAL_GAPS = `SELECT r.id, COUNT(e.key) AS events, MAX(e.key & 4194303) AS last FROM runs r
  LEFT JOIN events e ON e.key >> 22 = r.key
  GROUP BY r.key HAVING events = 0 OR last <> events`;

/** Plays the case in a file: makes its project, takes its steps, checks each, then the databases. */
export async function playFault(file: string): Promise<Outcome> {
  const fault = faultSchema.parse(parse(readFileSync(file, 'utf8')));
  if (fault.disk !== undefined && !isRoot)
    return { title: fault.case, skipped: 'needs root for a small file system', problems: [] };
  if (fault.steps.some((step) => 'ice' in step && step.unprivileged) && !isRoot)
    return { title: fault.case, skipped: 'needs root to drop privileges', problems: [] };
  const stage = new Stage(fault);
  try {
    for (const [i, step] of fault.steps.entries()) await stage.play(step, `step ${i + 1}`);
    if (fault.database === 'whole' && stage.problems.length === 0) stage.checkDatabases();
  } finally {
    await stage.close();
  }
  return { title: fault.case, problems: stage.problems };
}

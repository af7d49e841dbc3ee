import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '../..');
export const BIN = join(root, 'bin/run.js');

export interface IceOptions {
  cwd: string;
  env?: Record<string, string | undefined>;
  /** Written to stdin, which is then closed; `null` leaves it open, `'closed'` gives none. */
  stdin?: string | null | 'closed';
  /** More arguments for Node, before the bin. */
  node?: string[];
}

export interface Finished {
  exit: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
  /** stdout as the one document that it must be. */
  // biome-ignore lint/suspicious/noExplicitAny: tests read into documents whose shape is what they test
  json: Record<string, any>;
}

/** A folder of its own for settings and state, so that no test sees another's or the user's. */
export function cleanEnv(home: string, more: Record<string, string | undefined> = {}): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: home,
    ICE_CONFIG_DIR: join(home, 'config'),
    ICE_KEYRING: '0',
    TMPDIR: process.env['TMPDIR'],
    NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'],
    ...more,
  } as NodeJS.ProcessEnv;
}

/** Runs the built `ice` to its end. */
export function ice(args: string[], { cwd, env, stdin = '', node = [] }: IceOptions): Promise<Finished> {
  const child = spawn(process.execPath, [...node, BIN, ...args], {
    cwd,
    env: cleanEnv(dirname(cwd), env),
    stdio: [stdin === 'closed' ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  child.stdin?.on('error', () => {});
  if (typeof stdin === 'string' && stdin !== 'closed') child.stdin?.end(stdin);
  return new Promise((resolve) => {
    child.once('close', (exit, signal) => {
      resolve({
        exit,
        signal,
        stdout,
        stderr,
        get json() {
          return JSON.parse(stdout);
        },
      });
    });
  });
}

/** A temporary folder; removed by `remove`. */
export function temporary(): { dir: string; remove(): void } {
  const dir = mkdtempSync(join(tmpdir(), 'ice-cli-'));
  return { dir, remove: () => rmSync(dir, { recursive: true, force: true }) };
}

export function writeFiles(dir: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
}

let made: string | undefined;
/** A project of the template `tool`, made once a process and copied. */
export async function toolProject(dir: string): Promise<string> {
  if (made === undefined || !existsSync(made)) {
    const { dir: home } = temporary();
    const done = await ice(['init', 'demo', '--template', 'tool', '--yes', '--json'], { cwd: home });
    if (done.exit !== 0) throw new Error(`ice init ended with ${done.exit}: ${done.stdout}${done.stderr}`);
    made = join(home, 'demo');
  }
  const project = join(dir, 'demo');
  cpSync(made, project, { recursive: true });
  return project;
}

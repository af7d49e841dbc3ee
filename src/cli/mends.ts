import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join, relative } from 'node:path';
import { applyFixes } from '../language/index.ts';
import type { LoadedProject } from '../project/load-project.ts';

/** Something about this folder that is not as it should be, and that can be put right without a loss. */
export interface Mend {
  name: string;
  says: string;
  /** What `ice doctor --fix` does about it, as a thing that was done. */
  done: string;
  mend(): void;
}

/** What holds tokens, inputs and results is its owner's alone. */
const PRIVATE = ['token', 'server.json', 'ice.db', 'ice.db-wal', 'ice.db-shm'];
/** What is written aside is moved into place at once; so old, its writer is gone. */
const LEFT_MS = 3_600_000;

/** All that can be mended in a project's folder and the user's own. `isServed` asks whether its server is alive. */
export async function mendsOf(
  root: string,
  loaded: LoadedProject | undefined,
  configDir: string | undefined,
  isServed: () => Promise<boolean>,
): Promise<Mend[]> {
  const state = join(root, '.ice');
  return [
    ...settingsMend(root, loaded),
    ...((await isServed()) ? [] : serverMend(state)),
    ...filesMend(root, [
      ...PRIVATE.map((name) => join(state, name)),
      ...(configDir === undefined
        ? []
        : ['credentials.json', 'config.json'].map((name) => join(configDir, name))),
    ]),
    ...leftoverMend(state),
    ...ignoreMend(root, state),
  ];
}

function settingsMend(root: string, loaded: LoadedProject | undefined): Mend[] {
  const safe = loaded?.diagnostics.filter((one) => one.file === 'ice.yaml' && one.fix?.safe) ?? [];
  if (safe.length === 0) return [];
  const file = join(root, 'ice.yaml');
  return [
    {
      name: 'project',
      says: `ice.yaml: ${safe.map(({ message }) => message).join('; ')}`,
      done: 'ice.yaml is corrected',
      mend: () => writeFileSync(file, applyFixes(readFileSync(file, 'utf8'), safe).text),
    },
  ];
}

function serverMend(state: string): Mend[] {
  const file = join(state, 'server.json');
  if (!existsSync(file)) return [];
  return [
    {
      name: 'server',
      says: '.ice/server.json names a server that is gone',
      done: '.ice/server.json is removed',
      mend: () => rmSync(file, { force: true }),
    },
  ];
}

function filesMend(root: string, files: readonly string[]): Mend[] {
  if (process.platform === 'win32') return [];
  const open = files.filter((file) => {
    const stat = statSync(file, { throwIfNoEntry: false });
    return stat !== undefined && (stat.mode & 0o077) !== 0;
  });
  if (open.length === 0) return [];
  const names = open.map((file) => nameOf(root, file)).join(', ');
  return [
    {
      name: 'files',
      says: `others may read ${names}`,
      done: `${names}: for their owner alone now`,
      mend: () => {
        for (const file of open) chmodSync(file, 0o600);
      },
    },
  ];
}

function leftoverMend(state: string): Mend[] {
  const left = namesIn(state).filter((name) => {
    if (!/\.(?:part|restoring)$/.test(name)) return false;
    const stat = statSync(join(state, name), { throwIfNoEntry: false });
    return stat?.isFile() === true && Date.now() - stat.mtimeMs > LEFT_MS;
  });
  if (left.length === 0) return [];
  const names = left.map((name) => `.ice/${name}`).join(', ');
  return [
    {
      name: 'files',
      says: `half-written files are left over: ${names}`,
      done: `${names}: removed`,
      mend: () => {
        for (const name of left) rmSync(join(state, name), { force: true });
      },
    },
  ];
}

/** State in the repository would be pushed to others, with the inputs of runs and a token. */
function ignoreMend(root: string, state: string): Mend[] {
  if (!existsSync(state)) return [];
  const asked = spawnSync('git', ['check-ignore', '-q', '.ice/token'], {
    cwd: root,
    timeout: 5_000,
    stdio: 'ignore',
  });
  // 1: not ignored; 0: ignored; 128 or none: no repository, or no git.
  if (asked.status !== 1) return [];
  const file = join(root, '.gitignore');
  return [
    {
      name: 'git',
      says: 'the repository does not ignore .ice/, which holds a token and the data of runs',
      done: '.gitignore has .ice/ now',
      mend: () => {
        const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
        appendFileSync(file, `${text === '' || text.endsWith('\n') ? '' : '\n'}.ice/\n`);
      },
    },
  ];
}

const nameOf = (root: string, file: string): string => {
  const near = relative(root, file);
  return near.startsWith('..') ? file : near;
};

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // No state yet.
    return [];
  }
}

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Range } from './eager-functions.ts';

/** What is typed all day, in a project with a workflow and a tool; `run` comes again, since the first one builds. */
const COMMANDS = [
  ['--help'],
  ['validate'],
  ['run', 'add', '-i', 'n=1'],
  ['run', 'add', '-i', 'n=1'],
  ['run', 'double', '-i', 'n=1'],
  ['run', 'double', '-i', 'n=1'],
  ['push', '--yes'],
  ['push', '--yes'],
  ['runs', 'list'],
];
const FILES = {
  'ice.yaml': 'name: starts\n',
  'workflows/add.yaml': `blueprint: 2
name: add
version: 1.0.0
description: One more
inputs:
  n: { type: integer }
nodes:
  - id: next
    type: set
    values: { n: "{{ inputs.n + 1 }}" }
outputs:
  n: "{{ next.n }}"
`,
  'tools/double.js': `export default {
  kind: 'tool', name: 'double', version: '1.0.0', description: 'Twice', examples: [], limits: {}, runtime: 'sandbox',
  permissions: { net: [], secrets: [] },
  input: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] },
  output: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] },
  run: ({ n }) => ({ n: 2 * n }),
};
`,
};

/**
 * The functions of the built files (by their path) that are called when a command starts, or a script that embeds
 * ice: each is started once in a folder of its own, and V8 writes down what it called. Throws what a start said that
 * failed: the build does not run then.
 */
export function calledInStarts(root: string): Map<string, Range[]> {
  const parent = mkdtempSync(join(tmpdir(), 'ice-build-'));
  const coverage = join(parent, 'coverage');
  const folder = join(parent, 'project');
  const start = (args: string[]): void => {
    const { status, stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: folder,
      encoding: 'utf8',
      env: {
        PATH: process.env['PATH'],
        // Nothing of the user's is read or written.
        HOME: parent,
        XDG_CONFIG_HOME: parent,
        ICE_KEYRING: '0',
        // What comes from a cache is compiled as a whole, so that V8 can't tell what was called.
        NODE_DISABLE_COMPILE_CACHE: '1',
        NODE_V8_COVERAGE: coverage,
      },
    });
    if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stdout}${stderr}`);
  };
  try {
    for (const [file, text] of Object.entries(FILES)) {
      mkdirSync(join(folder, file, '..'), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    for (const args of COMMANDS) start([join(root, 'bin/run.js'), ...args]);
    start([join(root, 'scripts/embedded-start.mjs'), join(root, 'dist')]);
    return readCoverage(coverage, join(root, 'dist'));
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
}

/** What V8 says of a script: the first range of a function is the function. */
interface ScriptCoverage {
  url: string;
  functions: { ranges: { startOffset: number; endOffset: number; count: number }[] }[];
}

function readCoverage(folder: string, dist: string): Map<string, Range[]> {
  const called = new Map<string, Map<string, Range>>();
  for (const file of readdirSync(folder)) {
    const { result } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { result: ScriptCoverage[] };
    for (const { url, functions } of result) {
      const path = url.startsWith('file:') ? fileURLToPath(url) : '';
      if (!path.startsWith(dist)) continue;
      const ranges = called.get(path) ?? new Map<string, Range>();
      called.set(path, ranges);
      for (const { ranges: whole } of functions) {
        const { startOffset: start, endOffset: end, count } = whole[0]!;
        if (count > 0) ranges.set(`${start}-${end}`, { start, end });
      }
    }
  }
  return new Map([...called].map(([path, ranges]) => [path, [...ranges.values()]]));
}

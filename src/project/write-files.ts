import { existsSync, lstatSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { explainFileError } from './file-errors.ts';
import type { RenderedFile } from './templates.ts';

/** What becomes of a file: written, extended with what it lacked, or left as it is. */
export interface PlannedFile {
  path: string;
  action: 'create' | 'extend' | 'keep';
  text: string;
}

/**
 * What writing `files` into a folder would do. A file that is there is never overwritten: `package.json` and
 * `.gitignore` are extended with what they lack, everything else is kept.
 */
export function planFiles(dir: string, files: readonly RenderedFile[]): PlannedFile[] {
  return files.map(({ path, text }) => {
    const target = join(dir, path);
    if (!existsSync(target)) return { path, action: 'create', text };
    const before = lstatSync(target).isDirectory() ? '' : readFileSync(target, 'utf8');
    const extended = EXTEND[path]?.(before, text);
    return extended === undefined
      ? { path, action: 'keep', text: before }
      : { path, action: 'extend', text: extended };
  });
}

/** Carries a plan out; when that fails in the middle, what it made is removed again. */
export function writeFiles(dir: string, files: readonly PlannedFile[]): void {
  const madeFiles: string[] = [];
  const madeFolders: string[] = [];
  const before = new Map<string, string>();
  let current = dir;
  try {
    makeFolder(dir, madeFolders);
    for (const { path, action, text } of files) {
      if (action === 'keep') continue;
      current = join(dir, path);
      makeFolder(dirname(current), madeFolders);
      if (action === 'extend') before.set(current, readFileSync(current, 'utf8'));
      writeFileSync(current, text, { flag: action === 'create' ? 'wx' : 'w' });
      if (action === 'create') madeFiles.push(current);
    }
  } catch (error) {
    for (const file of madeFiles) rmSync(file, { force: true });
    for (const [file, text] of before) restore(file, text);
    for (const folder of madeFolders.reverse()) removeIfEmpty(folder);
    throw explainFileError(error, current, 'write');
  }
}

function makeFolder(folder: string, made: string[]): void {
  const missing: string[] = [];
  for (let each = folder; !existsSync(each); each = dirname(each)) missing.push(each);
  for (const each of missing.reverse()) {
    mkdirSync(each);
    made.push(each);
  }
}

function restore(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch {
    // It could not be written a moment ago either, so it is as it was.
  }
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Someone else has put something into it: then it stays.
  }
}

/** File -> how it takes in what it lacks; undefined when it lacks nothing or can't be read. */
const EXTEND: Record<string, ((before: string, wanted: string) => string | undefined) | undefined> = {
  'package.json': (before, wanted) => {
    let own: Fields;
    try {
      own = JSON.parse(before.replace(/^\uFEFF/, '')) as Fields;
    } catch {
      return undefined;
    }
    const extended = withMissing(own, JSON.parse(wanted) as Fields);
    if (JSON.stringify(extended) === JSON.stringify(own)) return undefined;
    const indent = /^[\t ]+(?=")/m.exec(before)?.[0] ?? '  ';
    return `${JSON.stringify(extended, null, indent)}\n`;
  },
  '.gitignore': (before, wanted) => {
    const lines = before.split(/\r?\n/);
    const missing = wanted.split('\n').filter((line) => line.trim() !== '' && !lines.includes(line));
    if (missing.length === 0) return undefined;
    return `${before}${before === '' || before.endsWith('\n') ? '' : '\n'}${missing.join('\n')}\n`;
  },
};

/** A package keeps what it says; scripts and dependencies that it lacks are added. */
function withMissing(own: Fields, wanted: Fields): Fields {
  const result = { ...own };
  for (const field of ['scripts', 'devDependencies', 'allowScripts']) {
    const has = fieldsOf(own[field]);
    const taken = field === 'devDependencies' ? { ...fieldsOf(own['dependencies']), ...has } : has;
    const added = Object.entries(fieldsOf(wanted[field])).filter(([name]) => !Object.hasOwn(taken, name));
    if (added.length > 0) result[field] = { ...has, ...Object.fromEntries(added) };
  }
  // `npm init` writes a test script that only fails: ours takes its place.
  const scripts = fieldsOf(result['scripts']);
  const test = fieldsOf(wanted['scripts'])['test'];
  if (test !== undefined && String(scripts['test']).includes('no test specified'))
    result['scripts'] = { ...scripts, test };
  return result;
}

type Fields = Record<string, unknown>;
const fieldsOf = (value: unknown): Fields =>
  value !== null && typeof value === 'object' ? (value as Fields) : {};

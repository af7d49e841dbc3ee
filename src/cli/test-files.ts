import { type Dirent, existsSync, globSync, readFileSync, statSync } from 'node:fs';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { IceError } from '../contracts/errors.ts';
import type { Project } from '../project/load-project.ts';

/** What is to be tested: files of tests, and the sources whose own tests (examples, files that run them) are. */
export interface TestSelection {
  /** Paths relative to the project, with `/`. */
  testFiles: string[];
  /** Test files that were not named: they are asked for when they test one of `sources`. */
  others: string[];
  /** Absent: nothing was named, so all examples are run. */
  sources?: Set<string>;
}

const IS_TEST = /\.test\.(ya?ml|json)$/;
export const isTestFile = (name: string): boolean => IS_TEST.test(name);
export const isCassette = (name: string): boolean => /\.cassette\.ya?ml$/.test(name);
const MOST_FILES = 5_000;

/**
 * The test files of a project: `*.test.yaml` anywhere in it, but for packages, hidden folders and projects inside. With
 * names, only these: test files, sources of components, folders. Errors: `not_found`, `usage`.
 */
export function selectTests(project: Project, cwd: string, named: readonly string[]): TestSelection {
  const all = findTestFiles(project.root);
  if (named.length === 0) return { testFiles: all, others: [] };
  const testFiles = new Set<string>();
  const sources = new Set<string>();
  for (const name of named) {
    const path = resolve(cwd, name);
    if (!existsSync(path))
      throw new IceError('not_found', `There is no file ${name}.`, {
        hint: 'Name test files, sources of components, or folders; for names there is --filter',
      });
    const file = relative(project.root, path).split(sep).join('/');
    if (file.startsWith('..') || isAbsolute(file))
      throw new IceError('usage', `${name} is not in the project ${project.root}.`, {
        hint: 'Name a file of the project',
      });
    if (statSync(path).isDirectory()) {
      const inside = (one: string): boolean => file === '' || one.startsWith(`${file}/`);
      for (const one of all.filter(inside)) testFiles.add(one);
      for (const one of project.sources) if (inside(one.file)) sources.add(one.file);
    } else if (IS_TEST.test(file)) testFiles.add(file);
    else if (project.sources.some((one) => one.file === file)) sources.add(file);
    else
      throw new IceError('usage', `${name} is neither a test nor a component.`, {
        hint: 'Tests are called NAME.test.yaml',
      });
  }
  return {
    testFiles: [...testFiles].sort(),
    others: sources.size === 0 ? [] : all.filter((one) => !testFiles.has(one)),
    sources,
  };
}

export function findTestFiles(root: string): string[] {
  const found = globSync('**/*.test.{yaml,yml,json}', {
    cwd: root,
    withFileTypes: true,
    exclude: (entry: Dirent) =>
      entry.isDirectory() &&
      (entry.name === 'node_modules' ||
        (entry.name.startsWith('.') && entry.name !== '.') ||
        existsSync(join(entry.parentPath, entry.name, 'ice.yaml'))),
  })
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .sort();
  if (found.length > MOST_FILES)
    throw new IceError('too_large', `There are ${found.length} test files; ${MOST_FILES} is the most.`, {
      hint: 'Name a folder: ice test tests/billing',
    });
  return found;
}

/** `tests/shop.test.yaml` -> `tests/shop.cassette.yaml`, `tools/rates.ts` -> `tools/rates.cassette.yaml`. */
export const cassetteBeside = (file: string): string =>
  `${file.replace(/\.test\.(ya?ml|json)$|\.[^./]+$/, '')}.cassette.yaml`;

/** The text of a file of the project; undefined when there is none. */
export function textIfThere(root: string, file: string): string | undefined {
  try {
    return readFileSync(join(root, file), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new IceError('machine', `${file} cannot be read: ${(error as Error).message}`, { cause: error });
  }
}

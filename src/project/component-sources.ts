import { type Dirent, globSync, lstatSync, readdirSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { Diagnostic } from '../contracts/diagnostics.ts';
import type { ComponentKind } from '../contracts/ids.ts';
import { COMPONENT_GLOBS, type ProjectFile } from '../contracts/project.ts';
import { finding } from '../language/diagnostics/finding.ts';

/** A file that holds a component. */
export interface ComponentSource {
  kind: ComponentKind;
  /** Relative to the project, with `/` on every system. */
  file: string;
  path: string;
}

/** `mcp/github/create_issue.json` is the tool of that name. */
export const mcpName = (file: string): string | undefined =>
  /^mcp\/[^/]+\/[^/]+\.json$/.test(file) ? file.slice(0, -'.json'.length) : undefined;

const GLOBS = { tool: 'tools', agent: 'agents', workflow: 'workflows' } as const;
/** More files than this is a glob that went astray, as `**` in a home folder. */
const MOST_FILES = 5_000;

/** Folders that never hold sources of the project. */
const skipFolder = (name: string): boolean =>
  name === 'node_modules' || (name.startsWith('.') && name !== '.');

/** Files beside components that are none: helpers (`_money.ts`), tests and their cassettes, declarations. */
const isComponentFile = (file: string): boolean => {
  const name = file.slice(file.lastIndexOf('/') + 1);
  return !name.startsWith('_') && !name.startsWith('.') && !/\.(test|spec|d|cassette)\.[^.]+$/.test(name);
};

/** Something wrong with a glob, and where in `ice.yaml` it is written. */
export interface GlobFinding {
  keys: (string | number)[];
  diagnostic: Diagnostic;
}

/**
 * The files that the globs of `ice.yaml` name, in the order of kind and path. A glob that the user wrote and that
 * names no file is a warning; the default ones may name none.
 */
export function componentSources(
  root: string,
  file: ProjectFile,
): { sources: ComponentSource[]; findings: GlobFinding[] } {
  const findings: GlobFinding[] = [];
  const sources: ComponentSource[] = [];
  for (const [kind, field] of Object.entries(GLOBS) as [ComponentKind, 'tools' | 'agents' | 'workflows'][]) {
    const files = new Set<string>();
    for (const [index, pattern] of file.components[field].entries()) {
      const keys = ['components', field, index];
      if (pattern.startsWith('/') || /^[A-Za-z]:/.test(pattern) || pattern.split(/[\\/]/).includes('..')) {
        findings.push({
          keys,
          diagnostic: finding('ICE1502', 'ice.yaml', `The glob ${pattern} leads out of the project`, {
            help: 'Write it relative to the project; components live in its folder.',
          }),
        });
        continue;
      }
      const matched = expand(root, pattern);
      for (const match of matched) files.add(match);
      if (matched.length === 0 && !COMPONENT_GLOBS[field].includes(pattern))
        findings.push({
          keys,
          diagnostic: finding('ICE1503', 'ice.yaml', `No file matches ${pattern}`, {
            severity: 'warning',
            help: 'Check how it is written, or remove it.',
          }),
        });
    }
    if (files.size > MOST_FILES) {
      findings.push({
        keys: ['components', field],
        diagnostic: finding(
          'ICE1502',
          'ice.yaml',
          `The globs of ${field} match ${files.size} files; ${MOST_FILES} is the most`,
          { help: 'Write narrower ones, as tools/**/*.ts' },
        ),
      });
      continue;
    }
    for (const name of [...files].sort()) sources.push({ kind, file: name, path: join(root, name) });
  }
  return { sources, findings };
}

/** The form of nearly every glob, and of all default ones: all files of a kind in a folder, however deep. */
const DEEP = /^([\w-]+(?:\/[\w-]+)*)\/\*\*\/\*(\.\w+)$/;

function expand(root: string, pattern: string): string[] {
  const deep = DEEP.exec(pattern);
  // Node's glob is a parser of patterns that takes longer to load than the folders to read. Links are left to it.
  const walked = deep && walk(root, deep[1]!, deep[2]!);
  if (walked) return walked.filter(isComponentFile);
  const found = globSync(pattern, {
    cwd: root,
    withFileTypes: true,
    exclude: (entry: Dirent) => entry.isDirectory() && skipFolder(entry.name),
  });
  return found
    .filter((entry) => entry.isFile() || entry.isSymbolicLink())
    .map((entry) =>
      join(entry.parentPath, entry.name)
        .slice(root.length + 1)
        .split(sep)
        .join('/'),
    )
    .filter(isComponentFile);
}

/** The files below a folder whose names end so; undefined where a link leads to who knows what. */
function walk(root: string, folder: string, end: string): string[] | undefined {
  const parts = folder.split('/');
  for (let depth = 1; depth <= parts.length; depth++) {
    const stat = lstatSync(join(root, ...parts.slice(0, depth)), { throwIfNoEntry: false });
    if (stat?.isSymbolicLink()) return undefined;
    if (!stat?.isDirectory()) return [];
  }
  const files: string[] = [];
  const folders = [folder];
  for (const each of folders) {
    let entries: Dirent[];
    try {
      entries = readdirSync(join(root, each), { withFileTypes: true });
    } catch {
      // As a glob: what may not be read names no file.
      continue;
    }
    for (const entry of entries) {
      if (entry.isSymbolicLink()) return undefined;
      const path = `${each}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!skipFolder(entry.name)) folders.push(path);
      } else if (entry.isFile() && entry.name.endsWith(end)) files.push(path);
    }
  }
  return files;
}

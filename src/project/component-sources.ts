import { type Dirent, globSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { Diagnostic } from '../contracts/diagnostics.ts';
import type { ComponentKind } from '../contracts/ids.ts';
import { type ProjectFile, projectFileSchema } from '../contracts/project.ts';
import { finding } from '../language/diagnostics/finding.ts';
import type { ParsedSource } from '../language/source/parsed-source.ts';

/** A file that holds a component. */
export interface ComponentSource {
  kind: ComponentKind;
  /** Relative to the project, with `/` on every system. */
  file: string;
  path: string;
}

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

/**
 * The files that the globs of `ice.yaml` name, in the order of kind and path. A glob that the user wrote and that
 * names no file is a warning; the default ones may name none.
 */
export function componentSources(
  root: string,
  file: ProjectFile,
  source: ParsedSource,
): { sources: ComponentSource[]; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const sources: ComponentSource[] = [];
  const defaults = projectFileSchema.parse({ name: file.name }).components;
  for (const [kind, field] of Object.entries(GLOBS) as [ComponentKind, 'tools' | 'agents' | 'workflows'][]) {
    const files = new Set<string>();
    for (const [index, pattern] of file.components[field].entries()) {
      const place = { range: source.valueRange(['components', field, index]) };
      if (pattern.startsWith('/') || /^[A-Za-z]:/.test(pattern) || pattern.split(/[\\/]/).includes('..')) {
        diagnostics.push(
          finding('ICE1502', 'ice.yaml', `The glob ${pattern} leads out of the project`, {
            ...place,
            help: 'Write it relative to the project; components live in its folder.',
          }),
        );
        continue;
      }
      const matched = expand(root, pattern);
      for (const match of matched) files.add(match);
      if (matched.length === 0 && !defaults[field].includes(pattern))
        diagnostics.push(
          finding('ICE1503', 'ice.yaml', `No file matches ${pattern}`, {
            ...place,
            severity: 'warning',
            help: 'Check how it is written, or remove it.',
          }),
        );
    }
    if (files.size > MOST_FILES) {
      diagnostics.push(
        finding(
          'ICE1502',
          'ice.yaml',
          `The globs of ${field} match ${files.size} files; ${MOST_FILES} is the most`,
          {
            range: source.valueRange(['components', field]),
            help: 'Write narrower ones, as tools/**/*.ts',
          },
        ),
      );
      continue;
    }
    for (const name of [...files].sort()) sources.push({ kind, file: name, path: join(root, name) });
  }
  return { sources, diagnostics };
}

function expand(root: string, pattern: string): string[] {
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

import { hash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Diagnostic } from '../contracts/diagnostics.ts';
import { IceError } from '../contracts/errors.ts';
import type { ProjectFile } from '../contracts/project.ts';
import { type ComponentSource, componentSources } from './component-sources.ts';
import { explainFileError } from './file-errors.ts';
import { findProject, PROJECT_FILE } from './find-project.ts';
import { keepFile, readKept } from './kept-file.ts';
import type { ReadProjectFile } from './read-project-file.ts';
import { buildId } from './toolchain.ts';

/** A user's folder, read: what `ice.yaml` says, and the files that hold components. */
export interface Project {
  /** Absolute, without symlinks. */
  root: string;
  /** `name` of `ice.yaml`. */
  name: string;
  file: ProjectFile;
  /** In the order of kind, then path. */
  sources: ComponentSource[];
}

export interface LoadedProject {
  /** Absent when `ice.yaml` has errors. */
  project?: Project;
  diagnostics: Diagnostic[];
  /** Text of each file that a diagnostic may point into, by its path relative to the project. */
  texts: Map<string, string>;
}

/**
 * Reads the project that `dir` is in. Everything wrong with `ice.yaml` comes back as diagnostics, all at once.
 * `id` is that of this build, which vouches for what it kept.
 * Errors: `project_invalid` when there is no `ice.yaml` here or above, `not_found` when there is no such folder.
 */
export async function loadProject(dir: string, id = buildId()): Promise<LoadedProject> {
  const root = findProject(dir);
  if (root === undefined) {
    throw new IceError('project_invalid', `There is no ${PROJECT_FILE} in ${dir} or above it.`, {
      hint: 'Go to the folder of a project, or make one: ice init my-project',
      details: { dir },
    });
  }

  let text: string;
  try {
    text = readFileSync(join(root, PROJECT_FILE), 'utf8');
  } catch (error) {
    throw explainFileError(error, join(root, PROJECT_FILE), 'read');
  }
  const texts = new Map([[PROJECT_FILE, text]]);
  // The language takes longer to load than most commands take in all, so it is loaded only for a text that is new.
  const read = async () => (await import('./read-project-file.ts')).readProjectFile(text);
  const key = id === undefined ? undefined : hash('sha256', `${id}\0${text}`, 'hex');
  const kept = keptFile(root, key);
  const { file, diagnostics }: Pick<ReadProjectFile, 'file' | 'diagnostics'> = kept
    ? { file: kept, diagnostics: [] }
    : await read();
  if (!file) return { diagnostics, texts };
  // What nothing is wrong with is kept, unless a command that only looks would have to make a folder for it.
  if (key !== undefined && !kept && diagnostics.length === 0 && existsSync(join(root, '.ice')))
    keepFile(keptPath(root), JSON.stringify({ of: key, file }));

  const { sources, findings } = componentSources(root, file);
  if (Object.keys(file.mcpServers).length > 0) {
    const servers = (await import('./mcp-sources.ts')).mcpSources(root, file);
    // Tools come first, and those of servers after those of the project.
    sources.splice(sources.findLastIndex((each) => each.kind === 'tool') + 1, 0, ...servers.sources);
    findings.push(...servers.findings);
  }
  if (findings.length > 0) {
    const { source } = await read();
    for (const { keys, diagnostic } of findings)
      diagnostics.push({ ...diagnostic, range: source.valueRange(keys) });
  }
  return { project: { root, name: file.name, file, sources }, diagnostics, texts };
}

/** What `ice.yaml` said when the same build read the same text before. */
function keptFile(root: string, key: string | undefined): ProjectFile | undefined {
  if (key === undefined) return undefined;
  const kept = readKept(keptPath(root)) as { of?: unknown; file?: ProjectFile } | null | undefined;
  return kept?.of === key ? kept.file : undefined;
}

const keptPath = (root: string): string => join(root, '.ice', 'cache', 'project.json');

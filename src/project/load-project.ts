import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Diagnostic } from '../contracts/diagnostics.ts';
import { IceError } from '../contracts/errors.ts';
import { projectNameSchema } from '../contracts/ids.ts';
import { type ProjectFile, projectFileSchema } from '../contracts/project.ts';
import { Collector } from '../language/diagnostics/collector.ts';
import { replaceValue } from '../language/diagnostics/fixes.ts';
import { isMap, Walk } from '../language/shape/walk.ts';
import { describeValue, type Shape, shapeOf } from '../language/shape/zod-shape.ts';
import { readSource } from '../language/source/read-source.ts';
import { type ComponentSource, componentSources } from './component-sources.ts';
import { explainFileError } from './file-errors.ts';
import { findProject, PROJECT_FILE } from './find-project.ts';
import { slug } from './slug.ts';

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

const BEGIN = 'Begin with the name of the project: name: my-project';

/**
 * Reads the project that `dir` is in. Everything wrong with `ice.yaml` comes back as diagnostics, all at once.
 * Errors: `project_invalid` when there is no `ice.yaml` here or above, `not_found` when there is no such folder.
 */
export function loadProject(dir: string): LoadedProject {
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
  const { source, diagnostics, readable } = readSource({ text, file: PROJECT_FILE, begin: BEGIN });
  const texts = new Map([[PROJECT_FILE, text]]);
  if (!readable) return { diagnostics, texts };

  const found = new Collector(source);
  const parsed = projectFileSchema.safeParse(readShape(found, source.value));
  explainName(found, source.value);
  // The walk explains every slip that it knows; the schema itself has the last word.
  if (!parsed.success && found.errors === 0)
    for (const issue of parsed.error.issues)
      found.atValue('ICE1501', issue.path as (string | number)[], `${PROJECT_FILE}: ${issue.message}`);
  diagnostics.push(...found.diagnostics);
  if (!parsed.success || diagnostics.some((each) => each.severity === 'error')) return { diagnostics, texts };

  const file = parsed.data;
  const { sources, diagnostics: unmatched } = componentSources(root, file, source);
  diagnostics.push(...unmatched);
  return { project: { root, name: file.name, file, sources }, diagnostics, texts };
}

function readShape(found: Collector, value: unknown): unknown {
  if (!isMap(value)) {
    found.atValue('ICE1101', [], `${PROJECT_FILE} is a map, and this is ${describeValue(value)}`, {
      help: BEGIN,
    });
    return undefined;
  }
  const shape = shapeOf(projectFileSchema) as Extract<Shape, { kind: 'object' }>;
  return new Walk(found).object(shape, value, [], { place: { kind: 'other' }, what: PROJECT_FILE }).value;
}

/** The walk reports a name of the wrong form in general words; here it gets its own. */
function explainName(found: Collector, value: unknown): void {
  const name = isMap(value) ? value['name'] : undefined;
  if (typeof name !== 'string' || projectNameSchema.safeParse(name).success) return;
  const general = found.diagnostics.findIndex((each) => each.path === 'name');
  if (general >= 0) found.diagnostics.splice(general, 1);
  const meant = slug(name);
  found.atValue('ICE1501', ['name'], `"${name.slice(0, 60)}" can't be the name of a project`, {
    help: `It is made of lower-case letters, digits and dashes, at most 63.${meant === '' ? '' : ` Write ${meant}.`}`,
    ...(meant === '' ? {} : { fix: replaceValue(found.source, ['name'], meant, `Write ${meant}`, false) }),
  });
}

import { readFileSync, realpathSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import type { Diagnostic } from '../contracts/diagnostics.ts';
import { IceError } from '../contracts/errors.ts';
import type { ComponentRef } from '../contracts/ids.ts';
import { rootCauseFirst } from '../language/check/order.ts';
import { type Catalog, type CatalogEntry, referencesOf } from '../language/references/catalog.ts';
import { buildComponents, type ProjectComponent } from '../project/build-components.ts';
import { catalogOf, unansweredRefs } from '../project/catalog.ts';
import type { ComponentSource } from '../project/component-sources.ts';
import type { Project } from '../project/load-project.ts';
import { buildProgress } from './build-progress.ts';
import type { Workbench } from './local-workbench.ts';
import type { Output } from './output.ts';

/** A project whose components are built, with what they may refer to, and everything that is wrong with them. */
export interface BuiltProject {
  project: Project;
  components: ProjectComponent[];
  catalog: Catalog;
  /** Of `ice.yaml`, of the components, and of the workflows against the catalog; root causes first in each file. */
  diagnostics: Diagnostic[];
  /** Text of each file that a diagnostic may point into. */
  texts: Map<string, string>;
  files: string[];
}

/** Asks the target for components that neither the project nor std has. */
export type AskTarget = (refs: ComponentRef[]) => Promise<Map<string, CatalogEntry>>;

export interface BuildRequest {
  project: Project;
  workbench: Workbench;
  /** Files that were named on the command line and that the globs of ice.yaml may not name. */
  extra?: ComponentSource[];
  ask: AskTarget;
  /** Only these workflows are checked against the catalog; all unless said. */
  only?: (component: ProjectComponent) => boolean;
  /** Where it is said how far the build is, when it takes long; nowhere where something else is drawn. */
  output?: Output;
}

/** Builds and checks; never throws for what is wrong with the project, which is in `diagnostics`. */
export async function buildProject(request: BuildRequest): Promise<BuiltProject> {
  const { project, workbench, extra = [], only = () => true } = request;
  const { extract, document, std: stdOf } = workbench;
  const { progress, end } = buildProgress(request.output);
  const built = await buildComponents(project, { extract, document, std: stdOf, extra, progress }).finally(
    end,
  );
  const refs = built.components.flatMap((component) => {
    const document = component.blueprint ?? component.agent;
    return document ? referencesOf(document) : [];
  });
  refs.push(...built.documents.mentioned());
  // Only documents refer to anything: a project of tools never loads std.
  const std = refs.length > 0 ? await workbench.std() : [];
  const own = { components: built.components, std };
  const open = unansweredRefs(refs, own);
  const remote = open.length > 0 ? await request.ask(open) : new Map<string, CatalogEntry>();
  const catalog = catalogOf({ ...own, remote });

  const byFile = new Map<string, Diagnostic[]>();
  const add = (diagnostic: Diagnostic): void => {
    byFile.set(diagnostic.file, [...(byFile.get(diagnostic.file) ?? []), diagnostic]);
  };
  built.diagnostics.forEach(add);
  for (const source of [...project.sources, ...extra].filter((one) => one.kind !== 'tool')) {
    const text = built.texts.get(source.file);
    const component = built.components.find((one) => one.file === source.file);
    if (text === undefined || (component && !only(component))) continue;
    const known = new Set((byFile.get(source.file) ?? []).map(keyOf));
    // A module that has no document has said why.
    const found = await built.documents.check(source.file, catalog);
    for (const diagnostic of found?.findings ?? []) {
      if (!known.has(keyOf(diagnostic))) add(diagnostic);
    }
  }
  built.documents.save();
  const files = [...new Set([...project.sources, ...extra].map((source) => source.file))];
  return {
    project,
    components: built.components,
    catalog,
    diagnostics: [...byFile.keys()].sort().flatMap((file) => rootCauseFirst(byFile.get(file)!)),
    texts: built.texts,
    files,
  };
}

const keyOf = ({ code, range, message }: Diagnostic): string => `${code} ${range?.start.offset} ${message}`;

export const errorsIn = (diagnostics: readonly Diagnostic[]): Diagnostic[] =>
  diagnostics.filter((one) => one.severity === 'error');

/** What a push or a run of a project that is not valid ends with. */
export function validationFailed(diagnostics: readonly Diagnostic[]): IceError {
  const errors = errorsIn(diagnostics);
  return new IceError(
    'validation_failed',
    `${errors.length === 1 ? 'There is 1 error' : `There are ${errors.length} errors`} in the project.`,
    { hint: 'ice validate', details: { diagnostics: errors.slice(0, 100) } },
  );
}

/** Whether a module that no glob names is a workflow: it uses the builder, and defines no tool. */
const buildsWorkflow = (text: string): boolean =>
  /\bworkflow\s*[(<]/.test(text) && !/\bdefineTool\s*[(<]/.test(text);

/** A component source for a file that was named on the command line. Errors: `usage`, `not_found`. */
export function sourceOfFile(project: Project, cwd: string, name: string): ComponentSource {
  const path = resolve(cwd, name);
  let real: string;
  try {
    real = realpathSync(path);
  } catch {
    throw new IceError('not_found', `There is no file ${name}.`, {
      hint: 'Check the path; ice components list shows names',
    });
  }
  const file = relative(project.root, real);
  if (file.startsWith('..') || isAbsolute(file))
    throw new IceError('usage', `${name} is not in the project ${project.root}.`, {
      hint: 'Put it in the folder of the project',
    });
  const posix = file.split(sep).join('/');
  const known = project.sources.find((source) => source.file === posix);
  if (known) return known;
  if (/\.(ya?ml|json)$/.test(posix)) return { kind: 'workflow', file: posix, path: real };
  if (/\.(m?ts|m?js)$/.test(posix)) {
    const kind = buildsWorkflow(readFileSync(real, 'utf8')) ? 'workflow' : 'tool';
    return { kind, file: posix, path: real };
  }
  throw new IceError(
    'usage',
    `${name} is no component: it is neither YAML, JSON, TypeScript nor JavaScript.`,
  );
}

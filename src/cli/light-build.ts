import { readFileSync } from 'node:fs';
import type { ComponentRef } from '../contracts/ids.ts';
import { referencesOf } from '../language/references/catalog.ts';
import { buildComponents, type ProjectComponent } from '../project/build-components.ts';
import { catalogOf } from '../project/catalog.ts';
import { type ComponentSource, mcpName } from '../project/component-sources.ts';
import type { Project } from '../project/load-project.ts';
import type { BuiltProject } from './built-project.ts';
import type { Workbench } from './local-workbench.ts';

export interface LightRequest {
  project: Project;
  workbench: Workbench;
  /** What is to be run: a file, or a name that a file is called after. */
  wanted: { source: ComponentSource } | { ref: ComponentRef };
}

/**
 * Builds only what one component needs, found by the names of files, and checks nothing that its target will check
 * anyway: a run of one tool of a large project looks at one file. Undefined where that is not enough to be sure (a
 * component that is not called as its file, something wrong): then the whole project has to be built.
 */
export async function lightBuild({
  project,
  workbench,
  wanted,
}: LightRequest): Promise<BuiltProject | undefined> {
  const extra = 'source' in wanted ? [wanted.source] : [];
  const all = [
    ...project.sources,
    ...extra.filter((one) => !project.sources.some((own) => own.file === one.file)),
  ];
  const first =
    'source' in wanted
      ? [wanted.source]
      : all.filter(
          (source) =>
            stemOf(source) === wanted.ref.name && (!wanted.ref.kind || source.kind === wanted.ref.kind),
        );
  if (first.length === 0) return undefined;
  const sources = neededBy(first, all);
  const { components, diagnostics, texts } = await buildComponents(
    { ...project, sources },
    { extract: workbench.extract, document: workbench.document, std: workbench.std },
  );
  if (diagnostics.some((one) => one.severity === 'error')) return undefined;
  const catalog = catalogOf({ components });
  for (const component of components) {
    for (const ref of refsOf(component)) {
      const here = catalog.versions(ref.kind!, ref.name).length > 0;
      // A version that the source is not: the whole check says so. One that is not here: another file may hold it.
      if (here ? !catalog.resolve(ref) : sources.length < all.length && !ref.name.startsWith('std/'))
        return undefined;
    }
  }
  return { project, components, catalog, diagnostics, texts, files: sources.map((source) => source.file) };
}

const refsOf = (component: ProjectComponent): ComponentRef[] => {
  const document = component.blueprint ?? component.agent;
  return document ? referencesOf(document) : [];
};

/** Whether a name is, by the name of its file, that of a tool. */
export const namesTool = ({ sources }: Project, { kind, name }: ComponentRef): boolean =>
  (kind ?? 'tool') === 'tool' && sources.some((source) => source.kind === 'tool' && stemOf(source) === name);

/** `tools/price.ts` and `tools/price/index.ts` are price. */
function stemOf({ file }: ComponentSource): string {
  const server = mcpName(file);
  if (server !== undefined) return server;
  const parts = file.split('/');
  const stem = parts.at(-1)!.replace(/\.[^.]+$/, '');
  return stem === 'index' ? (parts.at(-2) ?? stem) : stem;
}

/** Documents may refer to whatever they mention; more than they do refer to is no harm. */
function neededBy(first: ComponentSource[], all: ComponentSource[]): ComponentSource[] {
  const needed = new Set(first);
  for (const source of needed) {
    if (source.kind === 'tool') continue;
    const text = readFileSync(source.path, 'utf8');
    const words = new Set(text.match(/[a-z][a-z0-9-]*/g) ?? []);
    for (const other of all) {
      const stem = stemOf(other);
      if (stem.includes('/') ? text.includes(stem) : words.has(stem)) needed.add(other);
    }
  }
  return all.filter((source) => needed.has(source));
}

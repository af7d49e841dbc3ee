import { readFileSync } from 'node:fs';
import type { Diagnostic } from '../contracts/diagnostics.ts';
import { finding } from '../language/diagnostics/finding.ts';
import type { Built } from './build-cache.ts';
import type { BundleOf, ModuleBuild } from './build-tool.ts';
import type { ComponentSource } from './component-sources.ts';
import { rangeIn } from './definition-fields.ts';
import { unreadable } from './unreadable.ts';

/** Modules are loaded this many at once: each is a child process for a moment. */
const AT_ONCE = 4;

export interface ModulesBuild<Said> {
  /** Those that could be built, in the order of the sources. */
  made: { source: ComponentSource; text: string; made: Built<Said> }[];
  diagnostics: Diagnostic[];
  texts: Map<string, string>;
  rebuilt: number;
  unchanged: number;
}

/**
 * Builds the modules of one kind that are not as they were kept. One that exports nothing by default is a helper if
 * another one imports it.
 */
export async function buildModules<Said>(
  root: string,
  sources: readonly ComponentSource[],
  kept: (source: ComponentSource) => ModuleBuild<Said> | undefined,
  build: (source: ComponentSource, bundleOf: BundleOf) => Promise<ModuleBuild<Said>>,
): Promise<ModulesBuild<Said>> {
  const all: ModulesBuild<Said> = {
    made: [],
    diagnostics: [],
    texts: new Map(),
    rebuilt: 0,
    unchanged: 0,
  };
  const helpers: ComponentSource[] = [];
  const results: { diagnostics: Diagnostic[]; built?: Built<Said> }[] = [];
  const take = (index: number, { built, diagnostics, cached }: ModuleBuild<Said>): void => {
    all[cached ? 'unchanged' : 'rebuilt'] += 1;
    results[index] = { diagnostics, ...(built ? { built } : {}) };
  };
  const changed: [number, ComponentSource][] = [];
  for (const [index, source] of sources.entries()) {
    let text: string;
    try {
      text = readFileSync(source.path, 'utf8');
    } catch (error) {
      results[index] = { diagnostics: [unreadable(source, error)] };
      continue;
    }
    all.texts.set(source.file, text);
    if (!EXPORTS_DEFAULT.test(text)) {
      helpers.push(source);
      continue;
    }
    const unchanged = kept(source);
    if (unchanged) take(index, unchanged);
    else changed.push([index, source]);
  }
  if (changed.length > 0) {
    const { Bundles } = await import('./bundles.ts');
    const bundles = new Bundles(
      root,
      changed.map(([, { path }]) => path),
    );
    const queue = changed.values();
    const work = async (): Promise<void> => {
      // The iterator is shared: each worker takes the next file.
      for (const [index, source] of queue) take(index, await build(source, (file) => bundles.of(file)));
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, changed.length) }, work));
  }

  const imported = new Set<string>();
  for (const [index, source] of sources.entries()) {
    const { diagnostics, built } = results[index] ?? { diagnostics: [] };
    all.diagnostics.push(...diagnostics);
    if (!built) continue;
    for (const file of built.ownFiles) imported.add(file);
    all.made.push({ source, text: all.texts.get(source.file)!, made: built });
  }
  for (const source of helpers.filter((each) => !imported.has(each.file)))
    all.diagnostics.push(noExport(source, all.texts.get(source.file)!));
  return all;
}

const EXPORTS_DEFAULT = /\bexport\s+default\b|\bas\s+default\b|\bexport\s*\{\s*default\b|\bmodule\.exports\b/;

/** A module that nobody imports was meant to be a component. */
function noExport({ kind, file }: ComponentSource, text: string): Diagnostic {
  const called = kind === 'tool' ? 'defineTool' : 'workflow';
  const made = new RegExp(`\\b(?:export\\s+)?(?:const|let|var)\\s+\\w+[^=\\n]*=\\s*${called}\\s*[(<]`).exec(
    text,
  );
  return finding('ICE1516', file, `The file exports no ${kind}`, {
    ...(made ? { range: rangeIn(text, made.index, made.index + made[0].length - 1) } : {}),
    help: made
      ? `Write export default ${called}(…, since the default export is what is looked for.`
      : `Write export default ${called === 'workflow' ? "workflow('…').nodes(…).outputs(…)" : 'defineTool({ … })'}. If it only helps others, let its name start with _.`,
  });
}

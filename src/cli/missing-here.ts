import type { Diagnostic } from '../contracts/diagnostics.ts';
import { finding } from '../language/diagnostics/finding.ts';
import { hint } from '../language/expressions/suggest.ts';
import { modelsIn, referencesOf } from '../language/references/catalog.ts';
import type { ProjectComponent } from '../project/build-components.ts';
import type { BuiltProject } from './built-project.ts';
import type { KnownModels } from './local-workbench.ts';
import { plural } from './render/figures.ts';

/** The names of the keys of a model's provider, any of which does; undefined when it needs none. */
export type KeysOf = (model: string) => Promise<readonly string[] | undefined>;

interface Needed {
  names: readonly string[];
  component: ProjectComponent;
  /** What to look for in the file, to show where it is. */
  written: string;
  by: string;
}

/** What components need: secrets that tools declare, and keys of the models that documents name. */
async function neededBy(built: BuiltProject, keysOf: KeysOf): Promise<Needed[]> {
  const needed: Needed[] = [];
  for (const component of built.components) {
    const { manifest, name } = component;
    for (const secret of manifest.permissions.secrets)
      needed.push({ names: [secret], component, written: secret, by: `The tool ${name}` });
    const document = component.blueprint ?? component.agent;
    if (!document) continue;
    for (const [model, ...fallback] of modelsIn(document)) {
      const keys = await Promise.all([model!, ...fallback].map(keysOf));
      if (keys.every((names) => names !== undefined))
        needed.push({ names: keys.flat(), component, written: model!, by: `The model ${model}` });
    }
    for (const ref of referencesOf(document)) {
      const entry = built.catalog.resolve(ref);
      // Those of the project are told at their own file.
      if (!entry || entry.file !== undefined) continue;
      for (const secret of entry.manifest.permissions.secrets)
        needed.push({ names: [secret], component, written: ref.name, by: `The tool ${ref.name}` });
    }
  }
  return needed;
}

/**
 * A warning for each secret or key that is not set (ICE1704), where it is first needed, with the command that sets it.
 * `isSet` is asked for the names that are needed, once.
 */
export async function missingSecrets(
  built: BuiltProject,
  keysOf: KeysOf,
  isSet: (names: readonly string[]) => Promise<ReadonlySet<string>>,
): Promise<Diagnostic[]> {
  const needed = await neededBy(built, keysOf);
  if (needed.length === 0) return [];
  const set = await isSet([...new Set(needed.flatMap(({ names }) => names))]);
  const byName = Map.groupBy(
    needed.filter(({ names }) => !names.some((name) => set.has(name))),
    ({ names }) => names.join(' or '),
  );
  return [...byName].map(([names, [first, ...more]]) => {
    const { component, written, by } = first!;
    const others = new Set(more.map((each) => each.component)).size;
    const all = others === 0 ? `${by} needs` : `${by}, and ${plural(others, 'other component')}, need`;
    return finding('ICE1704', component.file, `${all} ${names}, which is not set here`, {
      severity: 'warning',
      ...rangeOf(built.texts.get(component.file) ?? '', written),
      help: `A run is refused without it: ice secret set ${first!.names[0]}`,
    });
  });
}

/**
 * A warning for each model of a provider that there is not here (ICE1705), a note for each that has no price
 * (ICE1706). `models` is asked when a document names a model at all.
 */
export async function unknownModels(
  built: BuiltProject,
  models: () => Promise<KnownModels>,
): Promise<Diagnostic[]> {
  const found = new Map<string, Diagnostic>();
  for (const { file, blueprint, agent } of built.components) {
    const document = blueprint ?? agent;
    for (const model of document ? modelsIn(document).flat() : []) {
      const [provider] = model.split('/', 1);
      if (provider === 'echo' || found.has(`${file} ${model}`)) continue;
      const { providers, hasPrice } = await models();
      const known = providers.includes(provider!);
      if (known && hasPrice(model)) continue;
      const range = rangeOf(built.texts.get(file) ?? '', model);
      found.set(
        `${file} ${model}`,
        known
          ? finding('ICE1706', file, `${model} has no price here, so its calls count as $0`, {
              severity: 'info',
              ...range,
              help: 'Give it a line in a file that ICE_MODEL_PRICES names. A run with a budget is refused until then.',
            })
          : finding('ICE1705', file, `There is no model provider '${provider}' here`, {
              severity: 'warning',
              ...range,
              help: `${hint(provider!, providers) ?? ''} Providers: ${providers.join(', ')}. Others get a name by ICE_MODEL_ENDPOINTS.`.trim(),
            }),
      );
    }
  }
  return [...found.values()];
}

function rangeOf(text: string, written: string): Pick<Diagnostic, 'range'> {
  const start = text.indexOf(written);
  if (start < 0) return {};
  const position = (offset: number) => {
    const before = text.slice(0, offset);
    return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n'), offset };
  };
  return { range: { start: position(start), end: position(start + written.length) } };
}

import type { Diagnostic } from '../contracts/diagnostics.ts';
import type { Json } from '../contracts/json.ts';
import { finding } from '../language/diagnostics/finding.ts';
import { referencesOf } from '../language/index.ts';
import type { ProjectComponent } from '../project/build-components.ts';
import type { BuiltProject } from './built-project.ts';

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
    for (const [model, ...fallback] of modelLists(document as unknown as Json)) {
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

/** `model` with its `fallback`, wherever one stands in a document. */
function modelLists(value: Json): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(modelLists);
  const { model, fallback } = value;
  const own =
    typeof model === 'string'
      ? [[model, ...(Array.isArray(fallback) ? fallback.filter((one) => typeof one === 'string') : [])]]
      : [];
  return [...own, ...Object.values(value).flatMap(modelLists)];
}

/**
 * A warning for each secret or key that is not set (ICE1704), with the command that sets it. `isSet` is asked for the
 * names that are needed, once.
 */
export async function missingSecrets(
  built: BuiltProject,
  keysOf: KeysOf,
  isSet: (names: readonly string[]) => Promise<ReadonlySet<string>>,
): Promise<Diagnostic[]> {
  const needed = await neededBy(built, keysOf);
  if (needed.length === 0) return [];
  const set = await isSet([...new Set(needed.flatMap(({ names }) => names))]);
  const found = new Map<string, Diagnostic>();
  for (const { names, component, written, by } of needed) {
    if (names.some((name) => set.has(name))) continue;
    const [name] = names;
    const key = `${component.file} ${name}`;
    if (found.has(key)) continue;
    found.set(
      key,
      finding('ICE1704', component.file, `${by} needs ${names.join(' or ')}, which is not set here`, {
        severity: 'warning',
        ...rangeOf(built.texts.get(component.file) ?? '', written),
        help: `A run is refused without it: ice secret set ${name}`,
      }),
    );
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

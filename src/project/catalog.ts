import type { ComponentKind, ComponentRef } from '../contracts/ids.ts';
import type { Catalog, CatalogEntry } from '../language/index.ts';
import { resolveRange } from '../registry/resolve-range.ts';
import type { ProjectComponent } from './project-component.ts';

/** What references may mean, strongest first. */
export interface CatalogParts {
  /** What the project has: found first, and a version outside of the range is a finding, not a reason to look on. */
  components: readonly ProjectComponent[];
  /** What the target answered, by reference as `refKey` writes it. */
  remote?: ReadonlyMap<string, CatalogEntry>;
  /** The tools that ship with ice. */
  std?: readonly CatalogEntry[];
}

/** A reference as a key: `tool/price@^1`. Its kind must be set. */
export const refKey = (ref: ComponentRef): string =>
  `${ref.kind}/${ref.name}${ref.range === undefined ? '' : `@${ref.range}`}`;

/** The catalog that the language checks and compiles against. */
export function catalogOf(parts: CatalogParts): Catalog {
  const own = parts.components.map((component) => ({
    ...component,
    archivedAt: null,
    entry: entryOf(component),
  }));
  const std = (parts.std ?? []).map((entry) => ({
    kind: entry.manifest.kind,
    name: entry.manifest.name,
    version: entry.version,
    archivedAt: null,
    entry,
  }));
  const remote = [...(parts.remote?.values() ?? [])];
  const remoteRows = remote.map((entry) => ({ kind: entry.manifest.kind, name: entry.manifest.name, entry }));
  const named = (kind: ComponentKind, name: string) => (row: { kind: ComponentKind; name: string }) =>
    row.kind === kind && row.name === name;

  return {
    resolve(ref) {
      const kind = ref.kind!;
      for (const rows of [own, std]) {
        const mine = rows.filter(named(kind, ref.name));
        if (mine.length === 0) continue;
        // In sources there is one version and no tag: what names none, or a tag, means that one.
        const range = ref.range === undefined || !/[\d*]/.test(ref.range) ? undefined : ref.range;
        if (range === undefined) return mine[0]!.entry;
        const resolution = resolveRange(mine, [], { kind, name: ref.name, range });
        return 'found' in resolution ? resolution.found.entry : undefined;
      }
      return parts.remote?.get(refKey(ref));
    },
    names: (kind) =>
      [
        ...new Set([...own, ...std, ...remoteRows].filter((row) => row.kind === kind).map((row) => row.name)),
      ].sort(),
    versions(kind, name) {
      const mine = [...own, ...std].filter(named(kind, name)).map((row) => row.version);
      if (mine.length > 0) return mine;
      return [...new Set(remoteRows.filter(named(kind, name)).map((row) => row.entry.version))];
    },
  };
}

const entryOf = ({ version, digest, manifest, blueprint, agent, file }: ProjectComponent): CatalogEntry => ({
  version,
  digest,
  manifest,
  ...(blueprint ? { blueprint } : {}),
  ...(agent ? { agent } : {}),
  file,
});

/** References that neither the project nor std answers: what the target has to be asked for. */
export function unansweredRefs(
  refs: readonly ComponentRef[],
  parts: Omit<CatalogParts, 'remote'>,
): ComponentRef[] {
  const catalog = catalogOf({ components: parts.components, std: parts.std });
  // A component that is here in another version is a finding: the target is not asked for it.
  return refs.filter((ref) => catalog.versions(ref.kind!, ref.name).length === 0);
}

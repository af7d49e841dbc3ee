import type { ComponentSummary, ComponentVersion } from '../contracts/components.ts';
import { type ComponentKind, type ComponentRef, parseRef } from '../contracts/ids.ts';
import { highestRelease, type Resolution, resolveRange } from '../registry/index.ts';
import type { TagRow, VersionRow } from '../registry/ports.ts';
import type { Services } from './services.ts';

/** A project's versions as the API shows them: those of its registry, and those that ship with ice. */

interface Known {
  versions: readonly (VersionRow | ComponentVersion)[];
  tags: readonly TagRow[];
}

const ms = (time: number | string): number => (typeof time === 'number' ? time : Date.parse(time));
const isStd = (name: string): boolean => name.startsWith('std/');

/** A version as the API shows it. */
export function shownVersion(row: VersionRow | ComponentVersion, tags: readonly TagRow[]): ComponentVersion {
  if ('origin' in row) return row;
  return {
    kind: row.kind,
    name: row.name,
    version: row.version,
    digest: row.digest,
    manifest: row.manifest,
    info: row.info,
    tags: tags
      .filter((tag) => tag.kind === row.kind && tag.name === row.name && tag.version === row.version)
      .map((tag) => tag.tag),
    createdAt: new Date(row.createdAt).toISOString(),
    createdBy: row.createdBy,
    archivedAt: row.archivedAt === null ? null : new Date(row.archivedAt).toISOString(),
    origin: 'pushed',
  };
}

/** Versions of one name, or of a kind, or all: newest first within a component. */
export async function versionsOf(
  services: Services,
  project: string,
  filter: { kind?: ComponentKind | undefined; name?: string | undefined },
): Promise<Known> {
  // What ships with ice is in no registry, and no registry may have a name under std/.
  if (filter.name !== undefined && isStd(filter.name)) {
    const std = await services.std.versions();
    return {
      versions: std
        .map((entry) => entry.version)
        .filter((v) => v.name === filter.name && (filter.kind === undefined || v.kind === filter.kind)),
      tags: [],
    };
  }
  const [versions, tags] = await Promise.all([
    services.registry.versions(project, {
      ...(filter.kind === undefined ? {} : { kind: filter.kind }),
      ...(filter.name === undefined ? {} : { name: filter.name }),
    }),
    services.registry.tags(project),
  ]);
  if (filter.name !== undefined) return { versions, tags };
  const std = await services.std.versions();
  return {
    versions: [
      ...versions,
      ...std.map((entry) => entry.version).filter((v) => filter.kind === undefined || v.kind === filter.kind),
    ],
    tags,
  };
}

/** Resolves a reference on the target. */
export async function resolveOn(
  services: Services,
  project: string,
  ref: ComponentRef,
): Promise<Resolution<ComponentVersion>> {
  const known = await versionsOf(services, project, { kind: ref.kind, name: ref.name });
  const rows = known.versions.map((row) => ({
    kind: row.kind,
    name: row.name,
    version: row.version,
    archivedAt: row.archivedAt === null ? null : ms(row.archivedAt),
    row,
  }));
  const resolution = resolveRange(rows, known.tags, ref);
  return 'found' in resolution ? { found: shownVersion(resolution.found.row, known.tags) } : resolution;
}

/** Resolves the text of a reference; `undefined` when it is none or nothing fits. */
export async function resolveText(
  services: Services,
  project: string,
  text: string,
): Promise<ComponentVersion | undefined> {
  const ref = parseRef(text);
  if (!ref) return undefined;
  const resolution = await resolveOn(services, project, ref);
  return 'found' in resolution ? resolution.found : undefined;
}

/** Why nothing was found, as one sentence and a next step. */
export function whyMissing(
  ref: string,
  missing: Exclude<Resolution<unknown>, { found: unknown }>,
): { message: string; hint: string } {
  const some = missing.versions.slice(0, 5).join(', ');
  switch (missing.missing) {
    case 'unknown':
      return {
        message: `There is no component ${ref} on this target`,
        hint: 'See what there is: ice components list. Is it pushed? ice push',
      };
    case 'ambiguous':
      return {
        message: `${ref} is the name of several kinds: ${missing.kinds.join(', ')}`,
        hint: `Say which: ${missing.kinds[0]}/${ref}`,
      };
    case 'range':
      return {
        message: `${ref} names neither a version, a range nor a tag`,
        hint: `There are the versions ${some}`,
      };
    case 'archived':
      return {
        message: `Every version that fits ${ref} is archived`,
        hint: `Name an exact version (${some}), or restore one`,
      };
    case 'none':
      return { message: `No version fits ${ref}`, hint: `There are the versions ${some}` };
  }
}

/** Rows of `components list`: one a component, sorted by kind and name. */
export function summaries(known: Known, archived: boolean): ComponentSummary[] {
  const groups = new Map<string, (VersionRow | ComponentVersion)[]>();
  for (const row of known.versions) {
    const key = `${row.kind} ${row.name}`;
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  const out: ComponentSummary[] = [];
  for (const rows of groups.values()) {
    const live = rows.filter((row) => row.archivedAt === null);
    if (live.length === 0 && !archived) continue;
    const newest = latestOf(live.length > 0 ? live : rows);
    out.push({
      kind: newest.kind,
      name: newest.name,
      latest: newest.version,
      versions: rows.length,
      description: newest.info.description,
      updatedAt: new Date(Math.max(...rows.map((row) => ms(row.createdAt)))).toISOString(),
      origin: 'origin' in newest ? newest.origin : 'pushed',
      archived: live.length === 0,
    });
  }
  return out.sort((a, b) => compareKeys([a.kind, a.name], [b.kind, b.name]));
}

/** The highest release, or where there is none the newest version. */
function latestOf(rows: (VersionRow | ComponentVersion)[]): VersionRow | ComponentVersion {
  const plain = rows.map((row) => ({ ...row, archivedAt: null, row }));
  return highestRelease(plain)?.row ?? rows[0]!;
}

export function compareKeys(a: (string | number)[], b: (string | number)[]): number {
  for (let i = 0; i < a.length; i++) {
    if (a[i]! < b[i]!) return -1;
    if (a[i]! > b[i]!) return 1;
  }
  return 0;
}

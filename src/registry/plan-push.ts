import semver from 'semver';
import type { Manifest, PushEntry, PushItem, PushPlan } from '../contracts/components.ts';
import type { ComponentKind } from '../contracts/ids.ts';
import { asksForMore, diffPermissions, NOTHING, sayAdded } from './diff-permissions.ts';
import { diffSchemas } from './diff-schemas.ts';
import { nextVersion, taggedVersion } from './next-version.ts';
import type { TagRow, VersionRow } from './ports.ts';
import { isRelease, isTag, LATEST } from './resolve-range.ts';

/** A project's registry as it is; `revision` must have been read before (or with) the rest. */
export interface RegistryState {
  project: string;
  revision: string;
  versions: readonly VersionRow[];
  tags: readonly TagRow[];
}

/** A component as it should be, with the manifest that its digest is of. */
export interface WantedComponent extends PushItem {
  manifest: Manifest;
}

export interface PushOptions {
  archiveMissing?: boolean;
  allowBreaking?: boolean;
  allowPermissions?: boolean;
  bump?: boolean;
  /** Absent or `latest`: a release. Another tag registers `<version>-<tag>.<digest12>` and moves that tag. */
  tag?: string;
}

const KINDS: readonly ComponentKind[] = ['tool', 'agent', 'workflow'];
const order = (a: { kind: ComponentKind; name: string }, b: { kind: ComponentKind; name: string }): number =>
  KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || (a.name < b.name ? -1 : a.name === b.name ? 0 : 1);
const keyOf = (item: { kind: string; name: string }): string => `${item.kind}/${item.name}`;

/**
 * What a push of `wanted` would do to a registry: pure, and the same for the same arguments. One refused entry
 * refuses the whole push. Planning again after the plan was applied gives `unchanged` for everything.
 */
export function planPush(
  current: RegistryState,
  wanted: readonly WantedComponent[],
  options: PushOptions = {},
): PushPlan {
  const tag = options.tag === LATEST ? undefined : options.tag;
  const seen = new Map<string, number>();
  for (const item of wanted) seen.set(keyOf(item), (seen.get(keyOf(item)) ?? 0) + 1);

  const entries = wanted.map((item) => {
    const rows = current.versions.filter((row) => row.kind === item.kind && row.name === item.name);
    const fault = faultOf(item, seen.get(keyOf(item))!, tag);
    if (fault) return refuse(entryOf(item, 'refused', item.version, null), 'push_refused', ...fault);
    return withNewer(planComponent(item, rows, current.tags, tag, options), rows);
  });
  // A push under a tag is a draft of some components: it says nothing about those that it leaves out.
  if (tag === undefined) entries.push(...planMissing(current, seen, options));
  entries.sort(order);

  const changing = entries.filter((entry) => ['create', 'update', 'archive'].includes(entry.action));
  return {
    plan: 1,
    project: current.project,
    base: current.revision,
    entries,
    changes: changing.length,
    breaking: entries.some((entry) => entry.schema.some((change) => change.breaking)),
    asksForPermissions: entries.some((entry) => entry.previous !== null && asksForMore(entry.permissions)),
    refused: entries.some((entry) => entry.action === 'refused'),
  };
}

/** At most this many versions that the project does not know are named. */
const MOST_NEWER = 5;

/** Drift: the target has releases above what the project is at. It is told, and refuses nothing. */
function withNewer(entry: PushEntry, rows: readonly VersionRow[]): PushEntry {
  const newer = rows
    .filter(
      (row) => row.archivedAt === null && isRelease(row.version) && semver.gt(row.version, entry.version),
    )
    .sort((a, b) => semver.rcompare(a.version, b.version))
    .slice(0, MOST_NEWER)
    .map(({ version, createdAt, createdBy }) => ({
      version,
      createdAt: new Date(createdAt).toISOString(),
      createdBy,
    }));
  return newer.length === 0 ? entry : { ...entry, newer };
}

/** What makes a component no candidate at all: reason and hint. */
function faultOf(
  item: WantedComponent,
  times: number,
  tag: string | undefined,
): [string, string] | undefined {
  if (times > 1)
    return [`${keyOf(item)} is in this push ${times} times.`, 'Give each component its own name.'];
  if (item.name.startsWith('std/'))
    return ['Names that start with std/ are those of the tools that ship with ice.', 'Choose another name.'];
  if (semver.valid(item.version) !== item.version || semver.parse(item.version)!.build.length > 0)
    return [`"${item.version}" is not a version.`, 'Write a semver version without build data: 1.0.0'];
  if (tag !== undefined && !isTag(tag))
    return [`"${tag}" can't be a tag.`, 'A tag is lower-case letters, digits and dashes: --tag dev'];
  if (item.manifest.kind !== item.kind || item.manifest.name !== item.name)
    return [
      `The manifest is of ${keyOf(item.manifest)}.`,
      'Build the project again and push what it was built to.',
    ];
  return undefined;
}

function planComponent(
  item: WantedComponent,
  rows: readonly VersionRow[],
  tags: readonly TagRow[],
  tag: string | undefined,
  options: PushOptions,
): PushEntry {
  const version = tag === undefined ? item.version : taggedVersion(item.version, tag, item.digest);
  const stored = rows.find((row) => row.version === version);

  if (stored && stored.digest === item.digest) {
    const entry = entryOf(item, 'unchanged', version, version);
    if (stored.archivedAt !== null)
      return { ...entry, action: 'update', reason: 'was archived, is restored' };
    const tagged = tags.some(
      (row) => row.kind === item.kind && row.name === item.name && row.tag === tag && row.version === version,
    );
    if (tag !== undefined && !tagged)
      return { ...entry, action: 'update', reason: `the tag ${tag} moves here` };
    return entry;
  }
  if (stored) return planChangedContent(item, stored, rows, options);
  return planNewVersion(item, version, rows, tag, options);
}

/** The version is there with other content: only a bundled dependency changed, or the version must move. */
function planChangedContent(
  item: WantedComponent,
  stored: VersionRow,
  rows: readonly VersionRow[],
  options: PushOptions,
): PushEntry {
  const taken = rows.map((row) => row.version);
  const cause = dependencyChange(item, stored);
  if (cause === undefined) {
    const entry = withDiffs(entryOf(item, 'refused', item.version, stored.version), stored, item);
    const next = nextVersion(
      item.version,
      entry.schema.some((change) => change.breaking),
      taken,
    );
    return refuse(
      entry,
      'version_immutable',
      `${item.version} is on the target with other content, and a version never changes.`,
      `set version: ${next}${item.file === undefined ? '' : ` in ${item.file}`}`,
    );
  }
  // An earlier --bump may have registered this very content under a later version.
  const bumped = rows.find(
    (row) => row.digest === item.digest && row.archivedAt === null && isRelease(row.version),
  );
  if (bumped)
    return {
      ...entryOf(item, 'unchanged', bumped.version, bumped.version),
      reason: `${cause}; it is ${bumped.version} there`,
    };
  if (!options.bump)
    return {
      ...entryOf(item, 'unchanged', stored.version, stored.version),
      digest: stored.digest,
      reason: `${cause}; ${stored.version} stays as it is`,
      hint: 'To register the new bundle under the next patch version: ice push --bump',
    };
  const next = nextVersion(item.version, false, taken);
  const entry = planNewVersion(item, next, rows, undefined, options);
  return entry.action === 'refused' ? entry : { ...entry, reason: cause };
}

/** Why the content differs although the project's own sources do not; undefined when they do. */
function dependencyChange(item: WantedComponent, stored: VersionRow): string | undefined {
  const [before, after] = [stored.info, item.info];
  if (before.sources === undefined || before.sources !== after.sources) return undefined;
  if (before.toolchain !== after.toolchain)
    return `only the toolchain changed (${before.toolchain ?? 'unknown'} -> ${after.toolchain ?? 'unknown'})`;
  return 'only a bundled dependency changed';
}

function planNewVersion(
  item: WantedComponent,
  version: string,
  rows: readonly VersionRow[],
  tag: string | undefined,
  options: PushOptions,
): PushEntry {
  const before = predecessorOf(rows, version);
  if (!before) {
    const entry = entryOf(item, 'create', version, null);
    return { ...entry, permissions: diffPermissions(NOTHING, item.manifest) };
  }
  const entry = withDiffs(entryOf(item, 'update', version, before.version), before, item);
  const breaking = entry.schema.filter((change) => change.breaking);
  // A prerelease is reached by nobody who did not name it, so it breaks nobody.
  const reachesCallers = tag === undefined && isRelease(version) && semver.gt(version, before.version);
  if (breaking.length > 0 && reachesCallers && !options.allowBreaking) {
    const next = nextVersion(
      before.version,
      true,
      rows.map((row) => row.version),
    );
    const reached = semver.satisfies(version, `^${before.version}`);
    return refuse(
      entry,
      'breaking_change',
      `It breaks callers of ${before.version} that ${reached ? `ask for ^${before.version}` : 'name no range'}: ${sayChanges(breaking)}.`,
      reached
        ? `set version: ${next}${item.file === undefined ? '' : ` in ${item.file}`}, and accept it with --allow-breaking`
        : 'Accept it with --allow-breaking',
    );
  }
  if (asksForMore(entry.permissions) && !options.allowPermissions)
    return refuse(
      entry,
      'permissions_widened',
      `It newly asks for ${sayAdded(entry.permissions)}.`,
      'Accept it with --allow-permissions',
    );
  return entry;
}

/**
 * The version that a new one is compared with: the highest release up to it that is in use, else the highest of any
 * sort. A version older than all is compared with the oldest there is, so that it can't bring permissions in.
 */
function predecessorOf(rows: readonly VersionRow[], version: string): VersionRow | undefined {
  const inUse = rows
    .filter((row) => row.archivedAt === null)
    .sort((a, b) => semver.rcompare(a.version, b.version));
  // 1.0.0-dev.… is a draft of what comes after 1.0.0, although semver sorts it before.
  const ceiling = isRelease(version) ? version : semver.coerce(version)!.version;
  const below = inUse.filter((row) => semver.lte(row.version, ceiling) && row.version !== version);
  return below.find((row) => isRelease(row.version)) ?? below[0] ?? inUse.at(-1);
}

function planMissing(
  current: RegistryState,
  wanted: ReadonlyMap<string, number>,
  options: PushOptions,
): PushEntry[] {
  const missing = new Map<string, VersionRow>();
  for (const row of current.versions) {
    // Drafts under a tag are not what the project promises, so their absence is no finding.
    if (row.archivedAt !== null || !isRelease(row.version) || wanted.has(keyOf(row))) continue;
    const highest = missing.get(keyOf(row));
    if (!highest || semver.gt(row.version, highest.version)) missing.set(keyOf(row), row);
  }
  return [...missing.values()].map((row) => ({
    action: options.archiveMissing ? 'archive' : 'missing',
    kind: row.kind,
    name: row.name,
    version: row.version,
    previous: row.version,
    digest: row.digest,
    reason: options.archiveMissing
      ? 'not in the project: all its versions are archived'
      : 'on the target, not in the project; it stays',
    ...(options.archiveMissing ? {} : { hint: 'To archive what is missing: ice push --allow-archive' }),
    schema: [],
    permissions: [],
  }));
}

const entryOf = (
  item: WantedComponent,
  action: PushEntry['action'],
  version: string,
  previous: string | null,
): PushEntry => ({
  action,
  kind: item.kind,
  name: item.name,
  version,
  previous,
  digest: item.digest,
  schema: [],
  permissions: [],
});

const withDiffs = (entry: PushEntry, before: VersionRow, item: WantedComponent): PushEntry => ({
  ...entry,
  schema: [
    ...diffSchemas('input', before.manifest.input, item.manifest.input),
    ...diffSchemas('output', before.manifest.output, item.manifest.output),
  ],
  permissions: diffPermissions(before.manifest, item.manifest),
});

const refuse = (entry: PushEntry, code: string, reason: string, hint: string): PushEntry => ({
  ...entry,
  action: 'refused',
  code,
  reason,
  hint,
});

const sayChanges = (changes: PushEntry['schema']): string => {
  const words = changes
    .slice(0, 3)
    .map((change) => `${change.where} ${change.path} ${change.change}`.replace(/ {2,}/g, ' '));
  return changes.length > 3 ? `${words.join('; ')}; and ${changes.length - 3} more` : words.join('; ');
};

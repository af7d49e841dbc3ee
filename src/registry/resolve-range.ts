import semver from 'semver';
import type { ComponentKind, ComponentRef } from '../contracts/ids.ts';
import type { TagRow } from './ports.ts';

/** The part of a version that resolving looks at. */
export interface ResolvableVersion {
  kind: ComponentKind;
  name: string;
  version: string;
  archivedAt: number | null;
}

export type Resolution<T> =
  | { found: T }
  /**
   * `unknown`: no component of that name; `ambiguous`: several kinds have it; `range`: neither a version, a range nor
   * a tag; `archived`: all that fits is archived; `none`: no version fits. `versions` is what there is, highest first.
   */
  | {
      missing: 'unknown' | 'ambiguous' | 'range' | 'archived' | 'none';
      kinds: ComponentKind[];
      versions: string[];
    };

export const LATEST = 'latest';

/** A tag: lower case, digits and dashes, and nothing that reads as a version or a range. */
export const isTag = (text: string): boolean =>
  /^[a-z][a-z0-9-]{0,49}$/.test(text) && semver.validRange(text) === null;

export const isRelease = (version: string): boolean => semver.prerelease(version) === null;

/** The highest version that is neither archived nor a prerelease. */
export const highestRelease = <T extends ResolvableVersion>(rows: readonly T[]): T | undefined =>
  highest(rows.filter((row) => row.archivedAt === null && isRelease(row.version)));

/**
 * What `latest` names once releases come into use: the highest of them, if it is above the one that is named now. So a
 * release that was taken back, by moving the tag below it, stays so when one between comes. Where nothing in use is
 * named, it is the highest in use; undefined where nothing is to be named anew.
 */
export function latestWith<T extends ResolvableVersion>(
  named: string | undefined,
  coming: readonly T[],
  rows: readonly T[],
): T | undefined {
  const current = rows.find((row) => row.version === named && row.archivedAt === null);
  if (!current) return highestRelease(rows);
  const highest = highestRelease(coming);
  return highest && semver.gt(highest.version, current.version) ? highest : undefined;
}

/**
 * The version that a reference means. No range is the tag `latest`. An exact version is itself, also when it is
 * archived or a prerelease: a pinned run goes on. A range is the highest release in it that is not archived; ranges
 * never match prereleases. Anything else is a tag.
 */
export function resolveRange<T extends ResolvableVersion>(
  rows: readonly T[],
  tags: readonly TagRow[],
  ref: ComponentRef,
): Resolution<T> {
  const named = rows.filter(
    (row) => row.name === ref.name && (ref.kind === undefined || row.kind === ref.kind),
  );
  const kinds = [...new Set(named.map((row) => row.kind))];
  const versions = named.map((row) => row.version).sort(semver.rcompare);
  const missing = (why: Exclude<Resolution<T>, { found: T }>['missing']): Resolution<T> => ({
    missing: why,
    kinds,
    versions,
  });
  if (kinds.length === 0) return missing('unknown');
  if (kinds.length > 1) return missing('ambiguous');

  const range = ref.range ?? LATEST;
  const exact = semver.valid(range);
  if (exact !== null) {
    const row = named.find((candidate) => semver.eq(candidate.version, exact));
    return row ? { found: row } : missing('none');
  }

  if (isTag(range)) {
    const tag = tags.find((row) => row.kind === kinds[0] && row.name === ref.name && row.tag === range);
    const tagged = tag && named.find((row) => row.version === tag.version && row.archivedAt === null);
    if (tagged) return { found: tagged };
    if (range !== LATEST) return missing(tag ? 'archived' : 'none');
    const newest = highestRelease(named);
    if (newest) return { found: newest };
    return missing(named.every((row) => row.archivedAt !== null) ? 'archived' : 'none');
  }

  if (semver.validRange(range) === null) return missing('range');
  const fitting = named.filter((row) => isRelease(row.version) && semver.satisfies(row.version, range));
  const newest = highestRelease(fitting);
  if (newest) return { found: newest };
  return missing(fitting.length > 0 ? 'archived' : 'none');
}

function highest<T extends ResolvableVersion>(rows: readonly T[]): T | undefined {
  let best: T | undefined;
  for (const row of rows) if (!best || semver.gt(row.version, best.version)) best = row;
  return best;
}

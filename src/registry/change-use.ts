import type { ComponentKind } from '../contracts/ids.ts';
import type { RegistryState } from './plan-push.ts';
import type { RegistryChange, TagRow, VersionRow } from './ports.ts';
import { LATEST, latestWith } from './resolve-range.ts';

/** Whose versions are archived or restored. */
export interface UseRequest {
  kind: ComponentKind;
  name: string;
  /** One version; absent: all of the component. */
  version?: string | undefined;
}

/** What archiving or restoring writes, and what it means for tags. */
export interface UseChange {
  change: RegistryChange;
  /** The versions that change, as they will be. */
  versions: VersionRow[];
  /** Tags that name an archived version afterwards: what asks for them finds nothing. */
  dangling: TagRow[];
}

/**
 * Archives (`at` = epoch ms) or restores (`at` = null) versions. `latest` leaves a version that goes into the archive
 * for the highest release that is still in use, and follows one that comes back above it; any other tag stays where a
 * person put it.
 */
export function changeUse(current: RegistryState, request: UseRequest, at: number | null): UseChange {
  const { kind, name, version } = request;
  const rows = current.versions.filter((row) => row.kind === kind && row.name === name);
  const after = rows.map((row) =>
    (version === undefined || row.version === version) && (row.archivedAt === null) !== (at === null)
      ? { ...row, archivedAt: at }
      : row,
  );
  const changed = after.filter((row, i) => row !== rows[i]);
  const tags = current.tags.filter((tag) => tag.kind === kind && tag.name === name);
  const named = tags.find((tag) => tag.tag === LATEST)?.version;
  // A version that comes back under its tag keeps it, whatever comes back with it.
  const coming = at === null && !changed.some((row) => row.version === named) ? changed : [];
  const latest = changed.length === 0 ? undefined : latestWith(named, coming, after);
  const moved: TagRow[] =
    latest && latest.version !== named ? [{ kind, name, tag: LATEST, version: latest.version }] : [];
  const archived = new Set(after.filter((row) => row.archivedAt !== null).map((row) => row.version));
  return {
    change: {
      project: current.project,
      base: current.revision,
      versions: [],
      tags: moved,
      archive: changed.map((row) => ({ kind, name, version: row.version, at })),
    },
    versions: changed,
    dangling: tags.filter(
      (tag) => archived.has(tag.version) && !moved.some((other) => other.tag === tag.tag),
    ),
  };
}

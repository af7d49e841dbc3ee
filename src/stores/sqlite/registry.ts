import type { ComponentInfo, Manifest } from '../../contracts/components.ts';
import type { ComponentKind } from '../../contracts/ids.ts';
import type { RegistryChange, RegistryStore, TagRow, VersionRow } from '../../registry/ports.ts';
import { refuseRewrite, registryRevision, targetMoved, unknownVersion } from '../registry-guards.ts';
import type { SqliteConnection } from './connection.ts';
import { Remembered } from './remembered.ts';

interface StoredVersion {
  project: string;
  kind: ComponentKind;
  name: string;
  version: string;
  digest: string;
  manifest: string;
  info: string;
  created_at: number;
  created_by: string;
  archived_at: number | null;
}

const versionRow = (row: StoredVersion): VersionRow => ({
  project: row.project,
  kind: row.kind,
  name: row.name,
  version: row.version,
  digest: row.digest,
  manifest: JSON.parse(row.manifest) as Manifest,
  info: JSON.parse(row.info) as ComponentInfo,
  createdAt: row.created_at,
  createdBy: row.created_by,
  archivedAt: row.archived_at,
});

/** Versions and tags of projects in the SQLite database behind `connection`. */
export function createRegistryStore(connection: SqliteConnection): RegistryStore {
  const select = connection.prepare(`
    select project, kind, name, version, digest, manifest, info, created_at, created_by, archived_at
    from component_versions
    where project = ? and (?2 is null or kind = ?2) and (?3 is null or name = ?3)
    order by created_at desc, number desc`);
  const selectTags = connection.prepare(
    'select kind, name, tag, version from component_tags where project = ? order by kind, name, tag',
  );
  const selectState = connection.prepare(
    'select kind, name, version, digest, archived_at is not null as archived from component_versions where project = ?',
  );
  const selectDigest = connection.prepare(
    'select digest from component_versions where project = ? and kind = ? and name = ? and version = ?',
  );
  const insert = connection.prepare(`
    insert into component_versions
      (project, kind, name, version, digest, manifest, info, created_at, created_by, archived_at)
    values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const archive = connection.prepare(
    'update component_versions set archived_at = ? where project = ? and kind = ? and name = ? and version = ?',
  );
  const putTag = connection.prepare(`
    insert into component_tags (project, kind, name, tag, version) values (?, ?, ?, ?, ?)
    on conflict (project, kind, name, tag) do update set version = excluded.version`);

  const removeTag = connection.prepare(
    'delete from component_tags where project = ? and kind = ? and name = ? and tag = ?',
  );

  const tags = (project: string): TagRow[] => selectTags.all(project) as unknown as TagRow[];
  const revision = (project: string): string => {
    const state = selectState.all(project) as unknown as {
      kind: string;
      name: string;
      version: string;
      digest: string;
      archived: number;
    }[];
    return registryRevision(
      state.map((row) => ({ ...row, archived: row.archived === 1 })),
      tags(project),
    );
  };

  // Asked for by every run that is started by name; made of the whole registry.
  const revisions = new Remembered<string>(connection);

  const apply = (change: RegistryChange): void => {
    const { project } = change;
    revisions.forget();
    if (revision(project) !== change.base) throw targetMoved(project);
    for (const row of change.versions) {
      const stored = selectDigest.get(project, row.kind, row.name, row.version) as
        | { digest: string }
        | undefined;
      if (stored) throw refuseRewrite(row, stored.digest);
      insert.run(
        project,
        row.kind,
        row.name,
        row.version,
        row.digest,
        JSON.stringify(row.manifest),
        JSON.stringify(row.info),
        row.createdAt,
        row.createdBy,
        row.archivedAt,
      );
    }
    for (const { kind, name, version, at } of change.archive)
      if (archive.run(at, project, kind, name, version).changes === 0)
        throw unknownVersion({ kind, name, version });
    for (const { kind, name, tag, version } of change.tags) {
      if (!selectDigest.get(project, kind, name, version)) throw unknownVersion({ kind, name, version });
      putTag.run(project, kind, name, tag, version);
    }
    for (const { kind, name, tag } of change.untag ?? []) removeTag.run(project, kind, name, tag);
  };

  return {
    versions: async (project, filter = {}) =>
      (select.all(project, filter.kind ?? null, filter.name ?? null) as unknown as StoredVersion[]).map(
        versionRow,
      ),
    tags: async (project) => tags(project),
    revision: async (project) => revisions.get(project, () => revision(project)),
    apply: async (change) => connection.write(() => apply(change)),
  };
}

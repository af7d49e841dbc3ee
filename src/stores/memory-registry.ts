import type { RegistryStore, TagRow, VersionRow } from '../registry/ports.ts';
import { refuseRewrite, registryRevision, targetMoved, unknownVersion } from './registry-guards.ts';

interface ProjectRegistry {
  /** In the order they were made. */
  versions: VersionRow[];
  tags: TagRow[];
}

type Named = { kind: string; name: string; version: string };
const same = (a: Named, b: Named): boolean =>
  a.kind === b.kind && a.name === b.name && a.version === b.version;
const byName = (a: TagRow, b: TagRow): number => {
  const [left, right] = [a, b].map((row) => `${row.kind} ${row.name} ${row.tag}`);
  return left! < right! ? -1 : left === right ? 0 : 1;
};

/** Versions and tags in memory: for tests and for the simulation. */
export function createMemoryRegistryStore(): RegistryStore {
  const projects = new Map<string, ProjectRegistry>();
  const of = (project: string): ProjectRegistry => projects.get(project) ?? { versions: [], tags: [] };
  const revision = ({ versions, tags }: ProjectRegistry): string =>
    registryRevision(
      versions.map((row) => ({ ...row, archived: row.archivedAt !== null })),
      tags,
    );

  return {
    versions: async (project, filter = {}) =>
      of(project)
        .versions.filter((row) => filter.kind === undefined || row.kind === filter.kind)
        .filter((row) => filter.name === undefined || row.name === filter.name)
        .map((row, number) => ({ row, number }))
        .sort((a, b) => b.row.createdAt - a.row.createdAt || b.number - a.number)
        .map(({ row }) => structuredClone(row)),
    tags: async (project) => structuredClone(of(project).tags).sort(byName),
    revision: async (project) => revision(of(project)),
    apply: async (change) => {
      // Everything is done on a copy that takes the place of the old one at the end: all or nothing.
      const next = structuredClone(of(change.project));
      if (revision(next) !== change.base) throw targetMoved(change.project);
      for (const row of change.versions) {
        const stored = next.versions.find((other) => same(other, row));
        if (stored) throw refuseRewrite(row, stored.digest);
        next.versions.push({ ...structuredClone(row), project: change.project });
      }
      for (const { at, ...named } of change.archive) {
        const stored = next.versions.find((row) => same(row, named));
        if (!stored) throw unknownVersion(named);
        stored.archivedAt = at;
      }
      for (const row of change.tags) {
        if (!next.versions.some((version) => same(version, row))) throw unknownVersion(row);
        next.tags = next.tags.filter(
          (tag) => !(tag.kind === row.kind && tag.name === row.name && tag.tag === row.tag),
        );
        next.tags.push({ kind: row.kind, name: row.name, tag: row.tag, version: row.version });
      }
      for (const gone of change.untag ?? [])
        next.tags = next.tags.filter(
          (tag) => !(tag.kind === gone.kind && tag.name === gone.name && tag.tag === gone.tag),
        );
      projects.set(change.project, next);
    },
  };
}

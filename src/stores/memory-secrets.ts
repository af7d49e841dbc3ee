import type { SecretRow, SecretStore } from '../secrets/port.ts';

/** Sealed secrets, in memory. */
export function createMemorySecretStore(): SecretStore {
  const rows = new Map<string, SecretRow>();
  const keyOf = (project: string, name: string) => `${project}/${name}`;
  const copy = (row: SecretRow): SecretRow => structuredClone(row);
  const sorted = () =>
    [...rows.values()].sort((a, b) => (keyOf(a.project, a.name) < keyOf(b.project, b.name) ? -1 : 1));
  return {
    get: async (project, name) => {
      const row = rows.get(keyOf(project, name));
      return row && copy(row);
    },
    list: async (project) =>
      sorted()
        .filter((row) => row.project === project)
        .map(copy),
    put: async (row) => {
      const key = keyOf(row.project, row.name);
      const before = rows.get(key);
      const made = {
        ...structuredClone(row),
        version: (before?.version ?? 0) + 1,
        createdAt: before?.createdAt ?? row.updatedAt,
      };
      rows.set(key, made);
      return copy(made);
    },
    remove: async (project, name) => rows.delete(keyOf(project, name)),
    notUnder: async (key, limit) =>
      sorted()
        .filter((row) => row.sealed.key !== key)
        .slice(0, limit)
        .map(copy),
    reseal: async ({ project, name, version, sealed }) => {
      const row = rows.get(keyOf(project, name));
      if (row?.version !== version) return false;
      row.sealed = structuredClone(sealed);
      return true;
    },
  };
}

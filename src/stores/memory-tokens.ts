import type { TokenRow, TokenStore } from '../registry/ports.ts';

/** Bearer tokens by hash, in memory. */
export function createMemoryTokenStore(): TokenStore {
  const tokens = new Map<string, TokenRow>();
  return {
    byHash: async (hash) => {
      for (const row of tokens.values()) if (row.hash === hash) return { ...row };
      return undefined;
    },
    list: async (org) =>
      [...tokens.values()]
        .filter((row) => row.org === org)
        .sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
        .map((row) => ({ ...row })),
    put: async (row) => {
      tokens.set(row.id, { ...row });
    },
    touch: async (id, at) => {
      const row = tokens.get(id);
      if (row) row.lastUsedAt = Math.max(row.lastUsedAt ?? 0, at);
    },
    revoke: async (id, at) => {
      const row = tokens.get(id);
      if (!row || row.revokedAt !== null) return false;
      row.revokedAt = at;
      return true;
    },
  };
}

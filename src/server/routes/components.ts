import type { ComponentVersion } from '../../contracts/components.ts';
import { IceError } from '../../contracts/errors.ts';
import type { Reach } from '../../contracts/runs.ts';
import { pageOf } from '../page.ts';
import { reachOf } from '../reach.ts';
import { type Handlers, missingOf } from '../route.ts';
import type { Services } from '../services.ts';
import {
  compareKeys,
  resolveOn,
  resolveText,
  shownVersion,
  summaries,
  versionsOf,
  whyMissing,
} from '../versions.ts';

export function componentRoutes(
  services: Services,
): Pick<Handlers, 'componentsList' | 'componentsGet' | 'componentsVersions' | 'componentsResolve'> {
  return {
    componentsList: async ({ project, query }) => {
      const rows = summaries(await versionsOf(services, project, { kind: query.kind }), query.archived);
      return { body: pageOf(rows, query, (row) => [row.kind, row.name], compareKeys), etag: 'hash' };
    },
    componentsGet: async ({ project, params, query }) => {
      const resolution = await resolveOn(services, project, {
        kind: params.kind,
        name: params.name,
        ...(query.range === undefined ? {} : { range: query.range }),
      });
      if ('found' in resolution) return { body: resolution.found, etag: 'hash' };
      if (resolution.missing === 'unknown') throw missingOf('componentsGet', params);
      const ref = `${params.kind}/${params.name}${query.range === undefined ? '' : `@${query.range}`}`;
      const { message, hint } = whyMissing(ref, resolution);
      throw new IceError('not_found', message, {
        hint,
        details: { versions: resolution.versions.slice(0, 50) },
      });
    },
    componentsVersions: async ({ project, params, query }) => {
      const known = await versionsOf(services, project, { kind: params.kind, name: params.name });
      if (known.versions.length === 0) throw missingOf('componentsVersions', params);
      // Newest first, so a version that comes in stands before every cursor. A version is its own key: they are unique.
      const rows = known.versions.map((row) => shownVersion(row, known.tags));
      const key = (row: { createdAt: string; version: string }) => [-Date.parse(row.createdAt), row.version];
      rows.sort((a, b) => compareKeys(key(a), key(b)));
      return { body: pageOf(rows, query, key, compareKeys), etag: 'hash' };
    },
    componentsResolve: async ({ project, body }) => {
      const found: Record<string, ComponentVersion & { reach?: Reach }> = {};
      const missing: string[] = [];
      for (const ref of new Set(body.refs)) {
        const version = await resolveText(services, project, ref);
        if (!version) missing.push(ref);
        else if (!body.reach) found[ref] = version;
        else {
          const reach = await reachOf(services, project, version);
          found[ref] = { ...version, ...(reach ? { reach } : {}) };
        }
      }
      return { body: { found, missing } };
    },
  };
}

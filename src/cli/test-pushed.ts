import type { Client } from '../client/index.ts';
import type { ComponentRef } from '../contracts/ids.ts';
import type { CreateRun } from '../contracts/requests/runs.ts';
import { type CatalogEntry, referencesOf } from '../language/references/catalog.ts';
import { manifestBytes } from '../project/build-components.ts';
import { refKey } from '../project/catalog.ts';
import { askTarget } from './ask-target.ts';

/** What tests need of a target, by reference and by digest: the host that they run in has no registry of its own. */
export interface Pushed {
  entries: Map<string, CatalogEntry>;
  pins: Record<string, string>;
  about: NonNullable<CreateRun['about']>;
  content: Map<string, Uint8Array>;
}

export const nothingPushed = (): Pushed => ({ entries: new Map(), pins: {}, about: {}, content: new Map() });

const MOST_COMPONENTS = 1_000;

/** Fetches references, and all that they refer to, into `pushed`. */
export async function fetchPushed(client: Client, refs: ComponentRef[], pushed: Pushed): Promise<Pushed> {
  let open = refs;
  while (open.length > 0 && pushed.entries.size < MOST_COMPONENTS) {
    const found = await askTarget(client, open);
    const next: ComponentRef[] = [];
    for (const [key, entry] of found) {
      if (pushed.entries.has(key)) continue;
      pushed.entries.set(key, entry);
      pushed.pins[key] = entry.digest;
      pushed.about[entry.digest] = {
        version: entry.version,
        ...(entry.description ? { description: entry.description } : {}),
      };
      if (!pushed.content.has(entry.digest)) {
        pushed.content.set(entry.digest, manifestBytes(entry.manifest));
        pushed.content.set(entry.manifest.entry, await client.artifacts.get(entry.manifest.entry));
      }
      const document = entry.blueprint ?? entry.agent;
      if (document) next.push(...referencesOf(document));
    }
    open = next.filter((ref) => !ref.name.startsWith('std/') && !pushed.entries.has(refKey(ref)));
    if (found.size === 0) break;
  }
  return pushed;
}

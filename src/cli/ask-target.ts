import type { Client } from '../client/index.ts';
import { IceError } from '../contracts/errors.ts';
import type { ComponentRef } from '../contracts/ids.ts';
import type { CatalogEntry } from '../language/index.ts';
import { refKey } from '../project/catalog.ts';

const MOST_REFS = 1000;

/** Resolves references on a target, with the documents of workflows and agents, and what those refer to. */
export async function askTarget(client: Client, refs: ComponentRef[]): Promise<Map<string, CatalogEntry>> {
  const entries = new Map<string, CatalogEntry>();
  const { found } = await client.components.resolve([...new Set(refs.map(refKey))].slice(0, MOST_REFS));
  for (const [key, component] of Object.entries(found)) {
    const { version, digest, manifest, info } = component;
    const document = manifest.kind === 'tool' ? undefined : await readDocument(client, manifest.entry);
    entries.set(key, {
      version,
      digest,
      manifest,
      description: info.description,
      ...(document === undefined
        ? {}
        : manifest.kind === 'workflow'
          ? { blueprint: document as CatalogEntry['blueprint'] }
          : { agent: document as CatalogEntry['agent'] }),
    } as CatalogEntry);
  }
  return entries;
}

/** The document of a workflow or an agent, by the digest of its entry. */
export async function readDocument(client: Client, digest: string): Promise<unknown> {
  const bytes = await client.artifacts.get(digest);
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new IceError('artifact_mismatch', `The content ${digest} of the target is no document.`, {
      cause: error,
    });
  }
}

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Client } from '../client/index.ts';
import type { ComponentVersion } from '../contracts/components.ts';
import { IceError } from '../contracts/errors.ts';
import type { JsonObject } from '../contracts/json.ts';
import { documentText } from '../language/index.ts';
import type { ProjectComponent } from '../project/build-components.ts';
import { explainFileError } from '../project/file-errors.ts';
import type { Project } from '../project/load-project.ts';
import { pulledEntry } from '../project/lock.ts';

/** What becomes of the file of a workflow or an agent that is pulled. */
export interface PulledDocument {
  kind: string;
  name: string;
  version: string;
  file: string;
  action: 'create' | 'update' | 'unchanged';
  /** The version that the project had, when the target knows it. */
  from: string | null;
  text: string;
  /** As it will be in the project. */
  component: ProjectComponent;
}

/**
 * Plans how a workflow or an agent of the target becomes a source of the project. A file whose content is some version
 * of the target is brought forward; one with work that nobody pushed is not touched without `force`. Errors: `conflict`.
 */
export async function planDocument(
  client: Client,
  project: Project,
  components: readonly ProjectComponent[],
  version: ComponentVersion,
  force: boolean,
): Promise<PulledDocument> {
  const { kind, name } = version;
  const own = components.find((one) => one.kind === kind && one.name === name);
  const file = own?.file ?? `${kind}s/${name}.yaml`;
  const { manifest, digest, info } = version;
  const entry = await client.artifacts.get(manifest.entry);
  const pulled = pulledEntry({ version: version.version, digest, manifest, info, entry });
  const component: ProjectComponent = { ...pulled, kind, name, info, entry, file };
  const plan = {
    kind,
    name,
    version: version.version,
    file,
    text: textOf(version, entry, file),
    component,
  };
  // The document is what a person edits; the types in the manifest come from what it refers to.
  if (own?.manifest.entry === manifest.entry && own.version === version.version)
    return { ...plan, action: 'unchanged', from: own.version };
  if (/\.[mc]?[tj]s$/.test(file))
    throw new IceError('conflict', `${file} makes ${kind}/${name}, and a program can't be pulled.`, {
      hint: `Move it away, and ${kind}s/${name}.yaml is written. See what differs: ice components diff ${kind}/${name}`,
      details: { file },
    });
  const path = join(project.root, file);
  if (!own && existsSync(path) && !force)
    throw new IceError('conflict', `${file} is there, and is not ${kind}/${name}.`, {
      hint: `Move it away, or write over it: ice pull ${kind}/${name} --force`,
      details: { file },
    });
  const known = own && (await isKnown(client, own));
  if (own && !known && !force)
    throw new IceError('conflict', `${file} has changes that no version of the target has.`, {
      hint: `Push them first, or lose them: ice pull ${kind}/${name} --force. See them: ice components diff ${kind}/${name}`,
      details: { file, version: own.version },
    });
  return {
    ...plan,
    action: own || existsSync(path) ? 'update' : 'create',
    from: known ? own!.version : null,
  };
}

/** Whether this very document is one of the versions there. */
async function isKnown(client: Client, own: ProjectComponent): Promise<boolean> {
  let cursor: string | undefined;
  do {
    const page = await client.components.versions(own.kind, own.name, {
      limit: 200,
      ...(cursor === undefined ? {} : { cursor }),
    });
    if (page.items.some((one) => one.manifest.entry === own.manifest.entry)) return true;
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
  return false;
}

function textOf({ version, info, kind, name }: ComponentVersion, entry: Uint8Array, file: string): string {
  const document: JsonObject = {
    ...(JSON.parse(new TextDecoder().decode(entry)) as JsonObject),
    version,
    ...(info.description === '' ? {} : { description: info.description }),
  };
  return file.endsWith('.json')
    ? `${JSON.stringify(document, null, 2)}\n`
    : documentText(document, `${kind}/${name} ${version}, by ice pull`);
}

export function writeDocument(project: Project, { file, text }: PulledDocument): void {
  const path = join(project.root, file);
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } catch (error) {
    throw explainFileError(error, path, 'write');
  }
}

import { hash } from 'node:crypto';
import type { Client } from '../client/index.ts';
import { IceError } from '../contracts/errors.ts';
import { type ComponentRef, parseRef } from '../contracts/ids.ts';
import type { JsonSchema } from '../contracts/json.ts';
import type { CreateRun } from '../contracts/requests/runs.ts';
import { referencesOf } from '../language/references/catalog.ts';
import { manifestBytes, type ProjectComponent } from '../project/build-components.ts';
import { catalogOf, refKey } from '../project/catalog.ts';
import type { BuiltProject } from './built-project.ts';
import { findComponent } from './find-component.ts';

/** What to run, and the schema of its inputs. */
export interface RunOrder {
  /** `tool/price`, for messages. */
  title: string;
  /** Where it is written, relative to the project; absent for what is registered. */
  file?: string;
  what: Pick<CreateRun, 'ref' | 'digest' | 'version' | 'pins' | 'about'>;
  input: JsonSchema;
  /** It calls tools, as far as can be told without its target. */
  callsTools: boolean;
  /** Project sources: content to upload first. Empty for what is registered on the target. */
  content: Map<string, Uint8Array>;
}

/** Whether a word is a file and no reference: `./flow.yaml`, `flow.yaml`, `tools/price.ts`. */
export const looksLikeFile = (text: string): boolean =>
  /^\.{1,2}\//.test(text) || text.startsWith('/') || /\.(ya?ml|json|[mc]?[tj]s)$/.test(text);

/**
 * What a reference means among the sources of the project; undefined when none has that name. A version outside of
 * the range is an error and no reason to look on: what runs would be another thing than what one sees.
 * Errors: `conflict` where several kinds have the name, `not_found` for a range that the source is not in.
 */
export function componentOf(
  components: readonly ProjectComponent[],
  ref: ComponentRef,
): ProjectComponent | undefined {
  const named = components.filter((one) => one.name === ref.name && (!ref.kind || one.kind === ref.kind));
  if (named.length === 0) return undefined;
  const [component] = named;
  if (named.length > 1)
    throw new IceError(
      'conflict',
      `${ref.name} is the name of several components: ${named.map((one) => one.kind).join(', ')}.`,
      {
        hint: `Say which: ${component!.kind}/${ref.name}`,
      },
    );
  if (catalogOf({ components: named }).resolve({ ...ref, kind: component!.kind })) return component;
  throw new IceError(
    'not_found',
    `The project has ${ref.name} ${component!.version}, which ${ref.range} does not mean.`,
    {
      hint: `Run what is here: ${component!.kind}/${ref.name}. Or the pushed one, from outside of the project: --cwd DIR`,
    },
  );
}

/** The component and what it refers to in the project, however deep; and what each reference is pinned to. */
export function involved(built: BuiltProject, component: ProjectComponent) {
  const pins: Record<string, string> = {};
  const components = new Map<string, ProjectComponent>();
  const add = (one: ProjectComponent): void => {
    if (components.has(one.file)) return;
    components.set(one.file, one);
    const document = one.blueprint ?? one.agent;
    for (const ref of document ? referencesOf(document) : []) {
      const entry = built.catalog.resolve(ref);
      const own = built.components.find((other) => other.file === entry?.file && entry?.file !== undefined);
      if (!own) continue;
      pins[refKey(ref)] = own.digest;
      add(own);
    }
  };
  add(component);
  return { pins, components };
}

/** Whether a finding is in what a component is made of. */
export function filesOf(
  built: BuiltProject,
  component: ProjectComponent,
): (one: { file: string }) => boolean {
  const { components } = involved(built, component);
  return ({ file }) => components.has(file);
}

/** Everything that a component of the project needs, by digest: itself, and what it refers to in the project. */
export function orderOfSource(built: BuiltProject, component: ProjectComponent): RunOrder {
  const { pins, components } = involved(built, component);
  const about = Object.fromEntries(
    [...components.values()].map(({ digest, version, info }) => [
      digest,
      { version, description: info.description.slice(0, 10_000) },
    ]),
  );
  return {
    title: `${component.kind}/${component.name}`,
    file: component.file,
    what: { digest: component.digest, version: component.version, pins, about },
    input: component.manifest.input,
    callsTools: component.kind === 'tool' || Object.keys(pins).length > 0 || refersToStd(component),
    content: contentOf([...components.values()]),
  };
}

const refersToStd = ({ blueprint, agent }: ProjectComponent): boolean => {
  const document = blueprint ?? agent;
  return document !== undefined && referencesOf(document).some((ref) => ref.name.startsWith('std/'));
};

/** A component that is registered on the target, or ships with ice. */
export async function orderOfRegistered(
  client: Client,
  text: string,
  own: readonly string[] = [],
): Promise<RunOrder> {
  const { kind, name, manifest } = await findComponent(client, text, own);
  const range = parseRef(text)?.range;
  return {
    title: `${kind}/${name}`,
    what: { ref: `${kind}/${name}${range === undefined ? '' : `@${range}`}` },
    input: manifest.input,
    callsTools: kind !== 'workflow',
    content: new Map(),
  };
}

/** Manifests and entries of components, by digest: all that a target needs of them. */
export function contentOf(components: readonly ProjectComponent[]): Map<string, Uint8Array> {
  const content = new Map<string, Uint8Array>();
  for (const one of components) {
    content.set(one.digest, manifestBytes(one.manifest));
    content.set(one.manifest.entry, one.entry);
  }
  return content;
}

/** Uploads what the target lacks. It makes no versions: only a push does. */
export async function uploadContent(client: Client, content: Map<string, Uint8Array>): Promise<number> {
  if (content.size === 0) return 0;
  const missing = await client.artifacts.missing([...content.keys()]);
  for (const digest of missing) await client.artifacts.put(digest, content.get(digest)!);
  return missing.length;
}

/** The run id of an idempotency key: the same key is the same run, on whatever machine the command is repeated. */
export function runIdForKey(project: string, key: string): string {
  const bytes = hash('sha256', `${project}\0${key}`, 'buffer');
  const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
  return `run_${[...bytes.subarray(0, 26)].map((byte) => alphabet[byte & 31]).join('')}`;
}

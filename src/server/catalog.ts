import { type Blueprint, blueprintSchema } from '../contracts/blueprint.ts';
import { type Manifest, manifestSchema } from '../contracts/components.ts';
import { IceError } from '../contracts/errors.ts';
import { type ComponentKind, type ComponentRef, formatRef } from '../contracts/ids.ts';
import { type AgentDocument, agentDocumentSchema } from '../contracts/nodes/agent.ts';
import type { CreateRun } from '../contracts/requests/runs.ts';
import { type Catalog, type CatalogEntry, referencesOf } from '../language/references/catalog.ts';
import type { VersionRow } from '../registry/ports.ts';
import type { Services } from './services.ts';

/** A component that a run or a push reaches, with what vouches for it. */
export interface Reached extends CatalogEntry {
  /** Who put it here: `std`, `operator` or the id of a token. */
  by: string;
}

export type About = NonNullable<CreateRun['about']>;

/** Where references are looked up before the target's registry. */
export interface CatalogSources {
  project: string;
  /** `tool/price@^1` -> digest of an uploaded manifest. Whoever pins vouches for it: `pinnedBy`. */
  pins?: Readonly<Record<string, string>>;
  pinnedBy?: string;
  /** What the sources of pinned components say of themselves, by digest: it is no part of their manifests. */
  about?: About;
  /** Versions that a push is about to make. */
  coming?: readonly VersionRow[];
}

/** A catalog whose every reference was resolved beforehand, children's included: the compiler asks it synchronously. */
export interface ReadyCatalog extends Catalog {
  /** Everything that was reached, by digest. */
  reached: ReadonlyMap<string, Reached>;
  /** Whether the registry of the target was asked: what is pinned or ships with ice can't change. */
  usedRegistry: boolean;
}

/** Versions and their ranges, which what is pinned does without. */
const ranges = () => import('./versions.ts');

/** More than a sane project has; a document that reaches more is refused. */
const MOST_COMPONENTS = 2_000;

/**
 * Resolves the references of `document` (or those given), of the workflows and agents that it calls, and so on: pins
 * first, then a push's own versions, then the registry, then what ships with ice. What is not found is left out: the
 * checker says where it is asked for.
 */
export async function buildCatalog(
  services: Services,
  document: Blueprint | AgentDocument | readonly ComponentRef[] | undefined,
  sources: CatalogSources,
): Promise<ReadyCatalog> {
  const entries = new Map<string, Reached | undefined>();
  const reached = new Map<string, Reached>();
  let usedRegistry = false;
  let unresolved = false;
  const open: ComponentRef[] = [];
  if (document) open.push(...('length' in document ? document : referencesOf(document)));

  while (open.length > 0) {
    const ref = open.pop()!;
    const key = formatRef(ref);
    if (entries.has(key)) continue;
    if (entries.size >= MOST_COMPONENTS)
      throw new IceError('too_large', `The workflow reaches more than ${MOST_COMPONENTS} components`);
    const { entry, fromRegistry } = await find(services, ref, key, sources);
    usedRegistry ||= fromRegistry;
    entries.set(key, entry);
    if (!entry) unresolved = true;
    else if (!reached.has(entry.digest)) {
      reached.set(entry.digest, entry);
      const inner = entry.blueprint ?? entry.agent;
      if (inner) open.push(...referencesOf(inner));
    }
  }

  // Names and versions are for "did you mean", so they are read only when something is missing.
  const known = unresolved
    ? [
        ...(await (await ranges()).versionsOf(services, sources.project, {})).versions,
        ...(sources.coming ?? []),
      ]
    : [];
  return {
    reached,
    usedRegistry,
    resolve: (ref) => entries.get(formatRef(ref)),
    names: (kind) => [...new Set(known.filter((row) => row.kind === kind).map((row) => row.name))].sort(),
    versions: (kind, name) =>
      known.filter((row) => row.kind === kind && row.name === name).map((row) => row.version),
  };
}

async function find(
  services: Services,
  ref: ComponentRef,
  key: string,
  sources: CatalogSources,
): Promise<{ entry: Reached | undefined; fromRegistry: boolean }> {
  const { project, pins, coming } = sources;
  const pin = pins && Object.hasOwn(pins, key) ? pins[key] : undefined;
  if (pin !== undefined) {
    const entry = await loadDigest(services, project, pin, sources.about?.[pin], sources.pinnedBy);
    if (entry.manifest.kind !== ref.kind || entry.manifest.name !== ref.name)
      throw new IceError(
        'bad_request',
        `The pin of ${key} is the digest of ${entry.manifest.kind}/${entry.manifest.name}`,
        { details: { pin: key, digest: pin } },
      );
    return { entry, fromRegistry: false };
  }
  const mine = coming?.filter((row) => row.kind === ref.kind && row.name === ref.name) ?? [];
  if (mine.length > 0) {
    const { LATEST, resolveRange } = await import('../registry/index.ts');
    const there = await services.registry.versions(project, { kind: mine[0]!.kind, name: ref.name });
    const tags = (await services.registry.tags(project)).filter(
      (tag) => tag.tag !== LATEST || tag.name !== ref.name,
    );
    const found = resolveRange([...mine, ...there], tags, ref);
    if ('found' in found)
      return { entry: await loadVersion(services, project, found.found), fromRegistry: true };
  }
  const resolution = await (await ranges()).resolveOn(services, project, ref);
  if (!('found' in resolution)) return { entry: undefined, fromRegistry: true };
  const version = resolution.found;
  if (version.origin !== 'std')
    return { entry: await loadVersion(services, project, version), fromRegistry: true };
  return { entry: { ...bare(version), by: 'std' }, fromRegistry: false };
}

/** What the language needs of a version. Models read the description when they choose a tool. */
const bare = (row: {
  version: string;
  digest: string;
  manifest: Manifest;
  info?: { description: string };
}): CatalogEntry => ({
  version: row.version,
  digest: row.digest,
  manifest: row.manifest,
  ...(row.info?.description ? { description: row.info.description } : {}),
});

/** A registered version: its manifest is in the row, a workflow's document is its entry. */
export async function loadVersion(
  services: Services,
  project: string,
  row: Pick<VersionRow, 'version' | 'digest' | 'manifest' | 'info' | 'createdBy'>,
): Promise<Reached> {
  const entry: Reached = { ...bare(row), by: row.createdBy };
  return withDocument(services, project, entry);
}

/** A component by the digest of its manifest: uploaded content, or one that ships with ice. */
export async function loadDigest(
  services: Services,
  project: string,
  digest: string,
  about: About[string] | undefined,
  vouchedBy: string | undefined,
): Promise<Reached> {
  const found = await services.artifacts.get(project, digest);
  if (!found) {
    const std = await services.std.byDigest(digest);
    if (std) return { ...bare(std.version), by: 'std' };
    throw new IceError('not_found', `There is no content ${digest} here`, {
      hint: 'Upload the manifest and its entry first: PUT them under their digests',
      details: { digest },
    });
  }
  const manifest = parseManifest(digest, found.bytes);
  const entry: Reached = {
    version: about?.version ?? '0.0.0',
    digest,
    manifest,
    ...(about?.description ? { description: about.description } : {}),
    by: vouchedBy === 'operator' ? 'operator' : found.by,
  };
  return withDocument(services, project, entry);
}

/** The manifest under a digest, if it is here. */
export async function loadManifest(
  services: Services,
  project: string,
  digest: string,
): Promise<Manifest | undefined> {
  const found = await services.artifacts.get(project, digest);
  return found && parseManifest(digest, found.bytes);
}

/** The manifest that some content is. Fails with `artifact_mismatch`. */
export function parseManifest(digest: string, bytes: Uint8Array): Manifest {
  const refuse = (why: string) =>
    new IceError('artifact_mismatch', `The content ${digest} is no manifest: ${why}`, {
      hint: 'A manifest is the canonical JSON of kind, name, input, output, permissions, runtime and entry',
      details: { digest },
    });
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw refuse('it is not JSON');
  }
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw refuse(`${issue.path.join('.') || 'it'}: ${issue.message}`);
}

/** The component with the document that its entry is: a blueprint, or an agent's. A tool has none. */
export async function withDocument(services: Services, project: string, entry: Reached): Promise<Reached> {
  const { manifest } = entry;
  if (manifest.kind === 'tool') return entry;
  const found = await services.artifacts.get(project, manifest.entry);
  if (!found) throw noEntry(manifest);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(found.bytes));
  } catch {
    value = undefined;
  }
  const refuse = (issue: string | undefined) =>
    new IceError(
      'artifact_mismatch',
      `The entry of ${manifest.kind}/${manifest.name} is no document of its kind`,
      {
        hint: 'It is the canonical JSON of the document; build the project again and push that',
        details: { digest: manifest.entry, ...(issue === undefined ? {} : { issue }) },
      },
    );
  if (manifest.kind === 'workflow') {
    const parsed = blueprintSchema.safeParse(value);
    if (!parsed.success) throw refuse(parsed.error.issues[0]?.message);
    return { ...entry, blueprint: parsed.data };
  }
  const parsed = agentDocumentSchema.safeParse(value);
  if (!parsed.success) throw refuse(parsed.error.issues[0]?.message);
  return { ...entry, agent: parsed.data };
}

export const noEntry = (manifest: { kind: ComponentKind; name: string; entry: string }): IceError =>
  new IceError(
    'not_found',
    `The content ${manifest.entry} of ${manifest.kind}/${manifest.name} is not here`,
    {
      hint: 'Upload it first: PUT it under its digest',
      details: { digest: manifest.entry },
    },
  );

/** Refuses code that this server may not run, and code that is not here. */
export async function assertRunnable(
  services: Services,
  project: string,
  reached: Iterable<Reached>,
): Promise<void> {
  const { trustPushedCode, untrustedRuntime } = services.config;
  const needed: Manifest[] = [];
  for (const { manifest, by } of reached) {
    if (manifest.kind !== 'tool' || by === 'std') continue;
    needed.push(manifest);
    if (trustPushedCode || by === 'operator') continue;
    if (isContained(manifest, untrustedRuntime)) continue;
    throw untrusted(manifest, untrustedRuntime);
  }
  if (needed.length === 0) return;
  const there = await services.artifacts.has(
    project,
    needed.map((manifest) => manifest.entry),
  );
  for (const manifest of needed) if (!there.has(manifest.entry)) throw noEntry(manifest);
}

/** Whether a tool can do no more here than its permissions say: it is sandboxed, or at a server that is called. */
export const isContained = ({ runtime, permissions }: Manifest, untrustedRuntime: boolean): boolean =>
  runtime === 'mcp' ? !permissions.commands?.length : runtime === 'sandbox' && untrustedRuntime;

export const untrusted = (manifest: Manifest, untrustedRuntime: boolean): IceError =>
  new IceError(
    'untrusted_code',
    manifest.runtime === 'mcp'
      ? `tool/${manifest.name} starts a program, ${manifest.permissions.commands?.join(', ')}, and this server starts its operator's only`
      : untrustedRuntime
        ? `tool/${manifest.name} asks for the runtime node, which this server gives to its operator's code only`
        : `tool/${manifest.name} was not pushed by the operator, and this server has no sandbox for it`,
    {
      hint:
        manifest.runtime === 'mcp'
          ? "Use a server with a url, push it with the operator's token, or start the server with: ice serve --trust-pushed-code"
          : untrustedRuntime
            ? "Use runtime: sandbox (the default), or push it with the operator's token"
            : "Push it with the operator's token, or start the server with: ice serve --trust-pushed-code",
      details: { tool: manifest.name, runtime: manifest.runtime },
    },
  );

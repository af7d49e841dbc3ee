import type { Client } from '../client/index.ts';
import type { ComponentVersion, PermissionChange } from '../contracts/components.ts';
import { IceError } from '../contracts/errors.ts';
import { type ComponentRef, formatRef, parseRef } from '../contracts/ids.ts';
import type { LockFile } from '../contracts/lock.ts';
import { type CatalogEntry, referencesOf } from '../language/references/catalog.ts';
import type { ProjectComponent } from '../project/build-components.ts';
import { refKey, unansweredRefs } from '../project/catalog.ts';
import { LOCK_FILE } from '../project/find-project.ts';
import { type ProjectLock, type PulledVersion, pulledEntry } from '../project/lock.ts';
import { diffPermissions, NOTHING } from '../registry/index.ts';

const MOST_COMPONENTS = 1_000;

export interface PullRequest {
  client: Client;
  /** The project as it is (with documents that were just pulled). */
  components: readonly ProjectComponent[];
  std: readonly CatalogEntry[];
  /** References asked for by name, earlier and now. */
  wanted: readonly string[];
  target: LockFile['target'];
  before: ProjectLock | undefined;
}

/** A reference that means something else than by the lock before. */
export interface LockChange {
  ref: string;
  from: string | null;
  to: string | null;
  /** What the version newly asks for; in what ships with ice nothing is asked. */
  permissions: PermissionChange[];
}

/** Resolves everything that the project refers to outside of itself, and all that this refers to. */
export async function resolveLock(request: PullRequest): Promise<ProjectLock> {
  const { client, components, std, wanted, target } = request;
  const own = components.flatMap((one) => referencesOf(one.blueprint ?? one.agent ?? NO_REFS));
  const versions = new Map<string, PulledVersion>();
  const refs: LockFile['refs'] = {};
  const contents = new Map<string, Promise<Uint8Array>>();
  const content = (digest: string): Promise<Uint8Array> => {
    const known = contents.get(digest) ?? client.artifacts.get(digest);
    contents.set(digest, known);
    return known;
  };

  const lockStd = (ref: ComponentRef): void => {
    const entry = std.find((one) => one.manifest.kind === ref.kind && one.manifest.name === ref.name);
    if (entry) refs[refKey(ref)] = { version: entry.version, digest: entry.digest };
  };
  let open = [...unansweredRefs(own, { components, std }), ...wanted.map((text) => parseRef(text)!)];
  for (const ref of own) if (ref.name.startsWith('std/')) lockStd(ref);

  while (open.length > 0) {
    const asked = [...new Set(open.map(refKey))].filter((key) => refs[key] === undefined);
    open = [];
    if (asked.length === 0) break;
    if (Object.keys(refs).length + asked.length > MOST_COMPONENTS)
      throw new IceError('too_large', `The project reaches more than ${MOST_COMPONENTS} components.`);
    const { found, missing } = await client.components.resolve(asked);
    if (missing.length > 0) throw notThere(missing, components);
    for (const key of asked) {
      const version = found[key]!;
      refs[key] = { version: version.version, digest: version.digest };
      if (version.origin === 'std') continue;
      const pulled = await pulledOf(version, content);
      versions.set(key, pulled);
      const entry = pulledEntry(pulled);
      const document = entry.blueprint ?? entry.agent;
      for (const ref of document ? referencesOf(document) : []) {
        if (ref.name.startsWith('std/')) lockStd(ref);
        else open.push(ref);
      }
    }
  }
  return { file: { lock: 1, target, wanted: [...new Set(wanted)].sort(), refs }, versions };
}

/** A document without references, so that tools need no case of their own. */
const NO_REFS = { nodes: [] } as unknown as NonNullable<ProjectComponent['blueprint']>;

async function pulledOf(
  { version, digest, manifest, info }: ComponentVersion,
  content: (digest: string) => Promise<Uint8Array>,
): Promise<PulledVersion> {
  return { version, digest, manifest, info, entry: await content(manifest.entry) };
}

function notThere(missing: readonly string[], components: readonly ProjectComponent[]): IceError {
  const [first] = missing;
  const by = components.find((one) => {
    const document = one.blueprint ?? one.agent;
    return document && referencesOf(document).some((ref) => refKey(ref) === first);
  });
  return new IceError(
    'not_found',
    `The target has no ${first}${by ? `, which ${by.file} refers to` : ''}${missing.length > 1 ? ` (and ${missing.length - 1} more)` : ''}.`,
    { hint: 'See what it has: ice components list', details: { missing } },
  );
}

/** What is different from the lock before, reference by reference. */
export function lockChanges(before: ProjectLock | undefined, after: ProjectLock): LockChange[] {
  const old = before?.file.refs ?? {};
  const changes: LockChange[] = [];
  for (const ref of [...new Set([...Object.keys(old), ...Object.keys(after.file.refs)])].sort()) {
    const [was, is] = [old[ref], after.file.refs[ref]];
    if (was?.digest === is?.digest && was?.version === is?.version) continue;
    const now = after.versions.get(ref);
    changes.push({
      ref,
      from: was?.version ?? null,
      to: is?.version ?? null,
      permissions: now ? diffPermissions(before?.versions.get(ref)?.manifest ?? NOTHING, now.manifest) : [],
    });
  }
  return changes;
}

/** What a lock that is checked, and not written, has against it. */
export function staleLock(changes: readonly LockChange[]): IceError {
  const [first] = changes;
  const what =
    first!.from === null
      ? `${first!.ref} is not in it`
      : first!.to === null
        ? `nothing refers to ${first!.ref} any more`
        : `${first!.ref} is ${first!.to} there, and the lock has ${first!.from}`;
  return new IceError(
    'lock_stale',
    `${LOCK_FILE} is not up to date: ${what}${changes.length > 1 ? ` (and ${changes.length - 1} more)` : ''}.`,
    {
      hint: 'Lock it anew: ice pull',
      details: { moved: changes.map(({ ref, from, to }) => ({ ref, locked: from, now: to })) },
    },
  );
}

/** A reference of `ice pull NAME`, with its kind as the target knows it. */
export const wantedRef = (version: ComponentVersion, ref: ComponentRef): string =>
  formatRef({ ...ref, kind: version.kind });

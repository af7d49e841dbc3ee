import type { Client } from '../client/index.ts';
import { IceError } from '../contracts/errors.ts';
import { type ComponentRef, formatRef } from '../contracts/ids.ts';
import { type CatalogEntry, referencesOf } from '../language/references/catalog.ts';
import { manifestBytes, type ProjectComponent } from '../project/build-components.ts';
import { refKey } from '../project/catalog.ts';
import { LOCK_FILE } from '../project/find-project.ts';
import type { Project } from '../project/load-project.ts';
import { type ProjectLock, pulledEntry, readLock } from '../project/lock.ts';
import type { BuiltProject } from './built-project.ts';
import type { RunOrder } from './run-order.ts';
import { nothingPushed, type Pushed } from './test-pushed.ts';

/** References by the lock: the target is not asked what they mean. */
export interface Locked {
  lock: ProjectLock;
  /** What the lock has, in the form in which a target's answers come. */
  pushed: Pushed;
  /** Answers references of the project. Errors: `lock_stale`, with all that the lock lacks. */
  ask(refs: ComponentRef[]): Promise<Map<string, CatalogEntry>>;
  /** Refuses a project whose references to what ships with ice mean something else by now. */
  assertStd(built: BuiltProject): void;
}

const stale = (message: string, details: Record<string, unknown>): IceError =>
  new IceError('lock_stale', message, { hint: 'Look at what moved, and lock it anew: ice pull', details });

/** A project without a lock has locked nothing: it needs none while it refers to nothing outside of itself. */
const NOTHING_LOCKED: ProjectLock = {
  file: { lock: 1, target: { name: 'local', url: null, project: 'none' }, wanted: [], refs: {} },
  versions: new Map(),
};

/** Opens the lock of the project. Errors: those of reading it. */
export function openLocked(project: Project): Locked {
  const found = readLock(project.root);
  const lock = found ?? NOTHING_LOCKED;
  const subject = found ? `${LOCK_FILE} does not have` : `There is no ${LOCK_FILE} yet that has`;
  const pushed = nothingPushed();
  for (const [key, version] of lock.versions) {
    pushed.entries.set(key, pulledEntry(version));
    pushed.pins[key] = version.digest;
    pushed.about[version.digest] = { version: version.version, description: version.info.description };
    pushed.content.set(version.digest, manifestBytes(version.manifest));
    pushed.content.set(version.manifest.entry, version.entry);
  }
  return {
    lock,
    pushed,
    ask: async (refs) => {
      const missing = [...new Set(refs.map(refKey))].filter((key) => !pushed.entries.has(key));
      if (missing.length > 0)
        throw stale(
          `${subject} ${missing.slice(0, 3).join(', ')}${missing.length > 3 ? ` and ${missing.length - 3} more` : ''}.`,
          {
            missing,
          },
        );
      return pushed.entries;
    },
    assertStd: (built) => {
      const moved = stdRefsOf(built).flatMap((ref) => {
        const key = refKey(ref);
        const now = built.catalog.resolve(ref);
        const locked = lock.file.refs[key];
        if (!now || locked?.digest === now.digest) return [];
        return [{ ref: key, locked: locked?.version ?? null, now: now.version }];
      });
      if (moved.length === 0) return;
      const [first] = moved;
      throw stale(
        first!.locked === null
          ? `${subject} ${first!.ref}.`
          : `${first!.ref} is ${first!.now} in this ice, and the lock has ${first!.locked}.`,
        { moved },
      );
    },
  };
}

function refsOf(one: ProjectComponent | CatalogEntry): ComponentRef[] {
  const document = one.blueprint ?? one.agent;
  return document ? referencesOf(document) : [];
}

const stdRefsOf = ({ components }: BuiltProject): ComponentRef[] =>
  components.flatMap(refsOf).filter((ref) => ref.name.startsWith('std/'));

/**
 * An order with everything that `made` (its components) refers to, however deep, pinned by the lock and brought along.
 * What ships with ice is pinned too: a target with another one refuses the run.
 */
export function lockedOrder(
  order: RunOrder,
  locked: Locked,
  made: readonly (ProjectComponent | CatalogEntry)[],
): RunOrder {
  const { pushed, lock } = locked;
  const pins: Record<string, string> = { ...order.what.pins };
  const about = { ...order.what.about };
  const content = new Map(order.content);
  const open: ComponentRef[] = made.flatMap(refsOf);
  const seen = new Set<string>();
  for (let ref = open.pop(); ref; ref = open.pop()) {
    const key = refKey(ref);
    if (seen.has(key)) continue;
    seen.add(key);
    // What the project itself has is pinned already, and is among `made`.
    if (pins[key] !== undefined) continue;
    const entry = pushed.entries.get(key);
    const digest = entry?.digest ?? lock.file.refs[key]?.digest;
    if (digest !== undefined) pins[key] = digest;
    if (!entry) continue;
    about[entry.digest] = pushed.about[entry.digest]!;
    for (const one of [entry.digest, entry.manifest.entry]) content.set(one, pushed.content.get(one)!);
    open.push(...refsOf(entry));
  }
  return { ...order, what: { ...order.what, pins, about }, content };
}

/** What a reference that the project does not have means by the lock. Errors: `lock_stale`. */
export function orderOfLocked(locked: Locked, ref: ComponentRef): RunOrder {
  const { pushed } = locked;
  const keys = [...pushed.entries.keys()].filter(
    (key) =>
      key === formatRef(ref) ||
      (ref.kind === undefined && key.slice(key.indexOf('/') + 1) === formatRef(ref)),
  );
  const entry = keys.length === 1 ? pushed.entries.get(keys[0]!) : undefined;
  if (!entry)
    throw stale(
      keys.length > 1
        ? `${LOCK_FILE} has several that ${formatRef(ref)} may mean: ${keys.join(', ')}.`
        : `${LOCK_FILE} does not have ${formatRef(ref)}.`,
      { missing: [formatRef(ref)] },
    );
  const { manifest, digest, version } = entry;
  const order: RunOrder = {
    title: `${manifest.kind}/${manifest.name}`,
    what: { digest, version, pins: {}, about: { [digest]: pushed.about[digest]! } },
    input: manifest.input,
    callsTools: true,
    content: new Map([digest, manifest.entry].map((one) => [one, pushed.content.get(one)!])),
  };
  return lockedOrder(order, locked, [entry]);
}

/** What the lock has and the target would now resolve to something else: after a push, runs there would use that. */
export async function assertTargetAgrees(client: Client, { lock }: Locked, target: string): Promise<void> {
  const refs = [...lock.versions.keys()];
  if (refs.length === 0) return;
  const { found } = await client.components.resolve(refs.slice(0, 1_000));
  const moved = refs
    .slice(0, 1_000)
    .map((ref) => ({
      ref,
      locked: lock.file.refs[ref]!.version,
      now: found[ref]?.version ?? null,
      same: found[ref]?.digest === lock.file.refs[ref]!.digest,
    }))
    .filter((one) => !one.same)
    .map(({ same: _, ...one }) => one);
  if (moved.length === 0) return;
  const [first] = moved;
  throw stale(
    `${target} has moved: ${first!.ref} is ${first!.now ?? 'nothing'} there, and the lock has ${first!.locked}${moved.length > 1 ? ` (and ${moved.length - 1} more)` : ''}.`,
    { moved },
  );
}

/** A pin that the target does not have is a tool that ships with another ice: said as what moved. */
export function explainPin(error: unknown, { what: { pins = {} } }: RunOrder): unknown {
  if (!(error instanceof IceError) || error.code !== 'not_found') return error;
  const digest = error.details?.['digest'];
  const ref = Object.keys(pins).find((key) => pins[key] === digest && key.includes('/std/'));
  if (ref === undefined) return error;
  return stale(`The target's ice has another ${ref} than the lock.`, { moved: [{ ref, locked: digest }] });
}

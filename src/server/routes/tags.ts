import semver from 'semver';
import type { ComponentTag } from '../../contracts/answers.ts';
import { IceError } from '../../contracts/errors.ts';
import type { ComponentKind } from '../../contracts/ids.ts';
import { changeUse, isRelease, isTag, LATEST, type RegistryState } from '../../registry/index.ts';
import type { RegistryChange, TagRow } from '../../registry/ports.ts';
import { assertMatches } from '../precondition.ts';
import { type Answer, type Handlers, missingOf } from '../route.ts';
import type { Services } from '../services.ts';
import { shownVersion } from '../versions.ts';

/** How often a change is made anew when others change the registry meanwhile. */
const MOST_ATTEMPTS = 5;

type Names = { kind: ComponentKind; name: string };

/** What moves after a push: tags, and whether versions are in use. */
export function tagRoutes(
  services: Services,
): Pick<
  Handlers,
  'componentsTag' | 'componentsSetTag' | 'componentsRemoveTag' | 'componentsArchive' | 'componentsRestore'
> {
  const { registry, clock } = services;

  const stateOf = async (project: string, { kind, name }: Names): Promise<RegistryState> => {
    // The revision is read first: what comes in between makes the change stale, never wrong.
    const revision = await registry.revision(project);
    const [versions, tags] = await Promise.all([
      registry.versions(project, { kind, name }),
      registry.tags(project),
    ]);
    return {
      project,
      revision,
      versions,
      tags: tags.filter((tag) => tag.kind === kind && tag.name === name),
    };
  };

  /** Reads, decides, writes; again when somebody else wrote in between, so that the decision is never stale. */
  const change = async <R>(
    project: string,
    names: Names,
    decide: (current: RegistryState) => { write: RegistryChange; answer: R },
  ): Promise<R> => {
    refuseStd(names);
    for (let attempt = 1; ; attempt++) {
      const { write, answer } = decide(await stateOf(project, names));
      if (write.tags.length + write.archive.length + (write.untag?.length ?? 0) === 0) return answer;
      try {
        await registry.apply(write);
        return answer;
      } catch (error) {
        if (!(error instanceof IceError && error.code === 'target_moved') || attempt >= MOST_ATTEMPTS)
          throw error;
      }
    }
  };

  const setUse =
    (archive: boolean): Handlers['componentsArchive'] & Handlers['componentsRestore'] =>
    async ({ project, params, body }) =>
      change(project, params, (current) => {
        if (current.versions.length === 0) throw missingOf('componentsArchive', params);
        if (body.version !== undefined) versionIn(current, params, body.version);
        const use = changeUse(current, { ...params, version: body.version }, archive ? clock.now() : null);
        const tags = [...current.tags.filter((tag) => !isIn(use.change.tags, tag)), ...use.change.tags];
        return {
          write: use.change,
          answer: {
            body: {
              items: use.versions.map((row) => shownVersion(row, tags)),
              tags: [...use.change.tags, ...use.dangling].map((tag) => shownTag(current, tag)),
            },
          },
        };
      });

  return {
    componentsTag: async ({ project, params }) => {
      const current = await stateOf(project, params);
      const tag = current.tags.find((row) => row.tag === params.tag);
      if (!tag) throw noTag(current, params);
      return tagAnswer(current, tag);
    },
    componentsSetTag: async ({ project, params, body, header }) =>
      change(project, params, (current) => {
        if (current.versions.length === 0) throw missingOf('componentsSetTag', params);
        if (!isTag(params.tag))
          throw new IceError('bad_request', `"${params.tag}" can't be a tag`, {
            hint: 'A tag does not read as a version or a range: stable, dev, canary',
          });
        const before = current.tags.find((row) => row.tag === params.tag);
        const what = `The tag ${params.tag} of ${params.kind}/${params.name}`;
        // A repeated call finds its own work done, which is no conflict.
        const done = before !== undefined && before.version === body.version;
        assertMatches(done ? conditionOnly(header) : header, before?.version, what);
        const row = versionIn(current, params, body.version);
        if (row.archivedAt !== null)
          throw new IceError('conflict', `${params.kind}/${params.name}@${row.version} is archived`, {
            hint: `Restore it first: ice components restore ${params.kind}/${params.name}@${row.version}`,
          });
        if (params.tag === LATEST && !isRelease(row.version))
          throw new IceError('conflict', `latest names releases only, and ${row.version} is a prerelease`, {
            hint: 'Use another tag, or push a release',
          });
        const tag: TagRow = { kind: params.kind, name: params.name, tag: params.tag, version: row.version };
        return {
          write: { ...nothing(current), tags: before?.version === row.version ? [] : [tag] },
          answer: tagAnswer(current, tag),
        };
      }),
    componentsRemoveTag: async ({ project, params, header }) =>
      change(project, params, (current) => {
        const tag = current.tags.find((row) => row.tag === params.tag);
        if (!tag) throw noTag(current, params);
        assertMatches(header, tag.version, `The tag ${params.tag} of ${params.kind}/${params.name}`);
        if (tag.tag === LATEST)
          throw new IceError('conflict', 'latest is what a reference without a version means; it stays', {
            hint: `Move it: ice components tag ${params.name}@VERSION latest`,
          });
        return { write: { ...nothing(current), untag: [tag] }, answer: { body: undefined } };
      }),
    componentsArchive: setUse(true),
    componentsRestore: setUse(false),
  };
}

/** Whether there is a condition at all is still asked for. */
const conditionOnly =
  (header: (name: string) => string | undefined) =>
  (name: string): string | undefined =>
    name === 'if-match' && (header('if-match') ?? header('if-none-match')) !== undefined ? '*' : undefined;

const nothing = (current: RegistryState): RegistryChange => ({
  project: current.project,
  base: current.revision,
  versions: [],
  tags: [],
  archive: [],
});

const isIn = (tags: readonly TagRow[], tag: TagRow): boolean => tags.some((other) => other.tag === tag.tag);

const shownTag = (current: RegistryState, tag: TagRow): ComponentTag => ({
  ...tag,
  digest: current.versions.find((row) => row.version === tag.version)!.digest,
});

/** A tag's ETag is the version that it names: it changes exactly when the tag moves. */
const tagAnswer = (current: RegistryState, tag: TagRow): Answer<ComponentTag> => ({
  body: shownTag(current, tag),
  etag: tag.version,
});

function versionIn(current: RegistryState, { kind, name }: Names, version: string) {
  const row = current.versions.find((each) => each.version === version);
  if (row) return row;
  const some = current.versions
    .map((each) => each.version)
    .sort(semver.rcompare)
    .slice(0, 5);
  throw new IceError('not_found', `There is no ${kind}/${name}@${version.slice(0, 100)} here`, {
    hint: `There are the versions ${some.join(', ')}`,
    details: { versions: some },
  });
}

function noTag(current: RegistryState, params: Names & { tag: string }): IceError {
  if (current.versions.length === 0) return missingOf('componentsTag', params);
  const tags = current.tags.map((tag) => tag.tag);
  return new IceError('not_found', `There is no tag ${params.tag} of ${params.kind}/${params.name} here`, {
    hint: tags.length === 0 ? 'It has no tags yet' : `It has the tags ${tags.slice(0, 10).join(', ')}`,
  });
}

/** What ships with ice is the same on every target. */
function refuseStd({ name }: Names): void {
  if (name.startsWith('std/'))
    throw new IceError('conflict', `${name} ships with ice: its versions and tags do not change`, {
      hint: 'Push a component of your own that calls it',
    });
}

import { hash } from 'node:crypto';
import { IceError } from '../contracts/errors.ts';
import type { TagRow, VersionRow } from '../registry/ports.ts';

/** What every registry store refuses, in one place, so that each store refuses it in the same words. */

interface VersionState {
  kind: string;
  name: string;
  version: string;
  digest: string;
  archived: boolean;
}

/**
 * The revision of a project's registry: a hash of what is in it, not a counter, so that a plan stays good when the
 * target moved away and came back (a version archived and restored).
 */
export function registryRevision(versions: readonly VersionState[], tags: readonly TagRow[]): string {
  const lines = [
    ...versions.map((row) =>
      ['version', row.kind, row.name, row.version, row.digest, row.archived ? 'archived' : ''].join(' '),
    ),
    ...tags.map((row) => ['tag', row.kind, row.name, row.tag, row.version].join(' ')),
  ];
  return `sha256:${hash('sha256', lines.sort().join('\n'), 'hex')}`;
}

type Named = Pick<VersionRow, 'kind' | 'name' | 'version'>;
const label = (row: Named): string => `${row.kind}/${row.name}@${row.version}`;

export const targetMoved = (project: string): IceError =>
  new IceError('target_moved', `The registry of ${project} changed since this push was planned.`, {
    hint: 'Run ice push again: it plans against what is there now.',
  });

export const refuseRewrite = (row: Named & { digest: string }, stored: string): IceError =>
  new IceError(
    'version_immutable',
    stored === row.digest
      ? `${label(row)} is already there.`
      : `${label(row)} is already there with other content. A version never changes.`,
    {
      hint: 'Give the component a new version and push again.',
      details: { component: label(row), stored, pushed: row.digest },
    },
  );

export const unknownVersion = (row: Named): IceError =>
  new IceError('not_found', `There is no ${label(row)} in this registry.`, {
    hint: `See what there is: ice components show ${row.kind}/${row.name}`,
  });

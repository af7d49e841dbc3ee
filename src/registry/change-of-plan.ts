import type { PushPlan } from '../contracts/components.ts';
import { IceError, isErrorCode } from '../contracts/errors.ts';
import type { PushOptions, RegistryState, WantedComponent } from './plan-push.ts';
import type { RegistryChange, VersionRow } from './ports.ts';
import { LATEST, latestWith } from './resolve-range.ts';

/**
 * What a plan writes. `now` is epoch milliseconds, `by` the id of the token. The tag `latest` follows a
 * release above it; a push under another tag leaves it where it is.
 */
export function changeOfPlan(
  current: RegistryState,
  wanted: readonly WantedComponent[],
  plan: PushPlan,
  options: Pick<PushOptions, 'tag'> & { by: string; now: number },
): RegistryChange {
  const refused = refusalOf(plan);
  if (refused) throw refused;
  const change: RegistryChange = {
    project: plan.project,
    base: plan.base,
    versions: [],
    tags: [],
    archive: [],
  };
  const tag = options.tag === LATEST ? undefined : options.tag;

  for (const entry of plan.entries) {
    const { kind, name, version } = entry;
    if (!['create', 'update', 'archive'].includes(entry.action)) continue;
    const rows = current.versions.filter((row) => row.kind === kind && row.name === name);
    if (entry.action === 'archive') {
      for (const row of rows)
        if (row.archivedAt === null)
          change.archive.push({ kind, name, version: row.version, at: options.now });
      continue;
    }

    const stored = rows.find((row) => row.version === version);
    if (stored?.archivedAt != null) change.archive.push({ kind, name, version, at: null });
    const item = wanted.find((candidate) => candidate.kind === kind && candidate.name === name)!;
    const row: VersionRow = stored
      ? { ...stored, archivedAt: null }
      : {
          project: plan.project,
          kind,
          name,
          version,
          digest: item.digest,
          manifest: item.manifest,
          info: item.info,
          createdAt: options.now,
          createdBy: options.by,
          archivedAt: null,
        };
    if (!stored) change.versions.push(row);

    if (tag !== undefined) change.tags.push({ kind, name, tag, version });
    const before = current.tags.find(
      (other) => other.kind === kind && other.name === name && other.tag === LATEST,
    );
    const all = [...rows.filter((other) => other.version !== version), row];
    const latest = latestWith(before?.version, [row], all);
    if (latest && latest.version !== before?.version)
      change.tags.push({ kind, name, tag: LATEST, version: latest.version });
  }
  return change;
}

/** The error that a refused plan ends a push with: that of its first refused entry, with all of them in `details`. */
export function refusalOf(plan: PushPlan): IceError | undefined {
  const refused = plan.entries.filter((entry) => entry.action === 'refused');
  const first = refused[0];
  if (!first) return undefined;
  const others = refused.length > 1 ? ` (and ${refused.length - 1} more)` : '';
  return new IceError(
    first.code !== undefined && isErrorCode(first.code) ? first.code : 'push_refused',
    `${first.kind}/${first.name}@${first.version}: ${first.reason ?? 'refused'}${others}`,
    {
      hint: first.hint,
      details: {
        refused: refused.map(({ kind, name, version, code, reason, hint }) => ({
          kind,
          name,
          version,
          code,
          reason,
          hint,
        })),
      },
    },
  );
}

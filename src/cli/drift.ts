import type { Client } from '../client/index.ts';
import type { ComponentKind } from '../contracts/ids.ts';

/** A release of a component on the target that is above what the project is at: made elsewhere. */
export interface Drift {
  kind: ComponentKind;
  name: string;
  /** What the project says. */
  version: string;
  /** The highest release there. */
  newest: string;
  createdAt: string;
  createdBy: string;
}

/** Versions are asked for this long; a target that is slow is no reason to keep a check waiting. */
const PATIENCE_MS = 3_000;
const MOST_REFS = 1_000;

/** Where the target is ahead of the project. One call, without retries. */
export async function driftOf(
  client: Client,
  components: readonly { kind: ComponentKind; name: string; version: string }[],
): Promise<Drift[]> {
  const asked = components
    .slice(0, MOST_REFS)
    .map(({ kind, name, version }) => ({ kind, name, version, ref: `${kind}/${name}@>${version}` }));
  if (asked.length === 0) return [];
  const { found } = await client.components.resolve(
    asked.map((one) => one.ref),
    { signal: AbortSignal.timeout(PATIENCE_MS) },
  );
  return asked.flatMap(({ kind, name, version, ref }) => {
    const there = found[ref];
    return there
      ? [
          {
            kind,
            name,
            version,
            newest: there.version,
            createdAt: there.createdAt,
            createdBy: there.createdBy,
          },
        ]
      : [];
  });
}

/** The drift as a sentence. */
export const sayDrift = ({ kind, name, version, newest }: Drift, target: string): string =>
  `${target} has ${kind}/${name} ${newest}, which the project (${version}) does not know. See it: ice components diff ${kind}/${name}@${newest}`;

import type { Client } from '../client/index.ts';
import type { ComponentVersion } from '../contracts/components.ts';
import { IceError } from '../contracts/errors.ts';
import { type ComponentKind, type ComponentRef, parseRef } from '../contracts/ids.ts';
import { kindWithArticle } from '../language/diagnostics/type-words.ts';
import { suggest } from '../language/expressions/suggest.ts';

const KINDS: ComponentKind[] = ['tool', 'workflow', 'agent'];
/** So many components are looked through for what may have been meant. */
const MOST_LOOKED_THROUGH = 1_000;

/** A reference from the command line. Errors: `usage` when it is none. */
export function refOf(text: string): ComponentRef {
  const ref = parseRef(text);
  if (ref) return ref;
  throw new IceError('usage', 'That is no reference to a component.', {
    hint: 'For instance price, tool/price, price@1.0.0, std/csv-parse@^1',
  });
}

/**
 * The version that a reference means on a target. `more` are names that may have been meant as well, such as the
 * project's own. Errors: `not_found`, with what is like it; `conflict` when components of several kinds have the name
 * and the reference does not say which.
 */
export async function findComponent(
  client: Client,
  text: string,
  more: readonly string[] = [],
): Promise<ComponentVersion> {
  const ref = refOf(text);
  const kinds = ref.kind ? [ref.kind] : KINDS;
  const asked = kinds.map((kind) => `${kind}/${ref.name}${ref.range ? `@${ref.range}` : ''}`);
  const { found } = await client.components.resolve(asked);
  const all = asked.flatMap((one) => found[one] ?? []);
  if (all.length === 1) return all[0]!;
  if (all.length > 1)
    throw severalKinds(
      ref.name,
      all.map((one) => one.kind),
    );
  throw new IceError('not_found', `There is no component ${text} on this target.`, {
    hint: await nearestTo(client, ref, more),
  });
}

/**
 * The kind of a component that is there in any version, also as a draft alone. Errors as of `findComponent`.
 */
export async function findKind(client: Client, text: string): Promise<{ kind: ComponentKind; name: string }> {
  const { kind, name } = refOf(text);
  if (kind !== undefined) return { kind, name };
  const kinds = new Set<ComponentKind>();
  let left = MOST_LOOKED_THROUGH;
  for await (const one of client.components.all()) {
    if (one.name === name) kinds.add(one.kind);
    if (--left === 0) break;
  }
  const [only] = kinds;
  if (kinds.size === 1 && only) return { kind: only, name };
  return findComponent(client, text);
}

/** What a reference that names nothing may have meant: another kind, another version, a name like it. */
async function nearestTo(client: Client, ref: ComponentRef, more: readonly string[]): Promise<string> {
  const list = 'ice components list';
  const names = [...more];
  let left = MOST_LOOKED_THROUGH;
  for await (const one of client.components.all()) {
    if (one.name === ref.name)
      return ref.kind !== undefined && ref.kind !== one.kind
        ? `${one.name} is ${kindWithArticle(one.kind)} here: ${one.kind}/${one.name}`
        : `The newest is ${one.kind}/${one.name}@${one.latest}; all: ice components versions ${one.kind}/${one.name}`;
    names.push(one.name, one.name.slice(one.name.indexOf('/') + 1));
    if (--left === 0) break;
  }
  const near = suggest(ref.name, names);
  const whole = names.find((name) => name.endsWith(`/${near}`)) ?? near;
  return whole === undefined ? list : `Did you mean ${whole}? All of them: ${list}`;
}

/** A name that components of several kinds have. */
export const severalKinds = (name: string, kinds: readonly ComponentKind[]): IceError =>
  new IceError('conflict', `${name} is the name of several components: ${kinds.join(', ')}.`, {
    hint: `Say which: ${kinds[0]}/${name}`,
  });

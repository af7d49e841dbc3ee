import type { Client } from '../client/index.ts';
import { IceError } from '../contracts/errors.ts';
import type { ComponentKind, ComponentRef } from '../contracts/ids.ts';
import type { Connection } from './connect.ts';
import { refOf, severalKinds } from './find-component.ts';
import type { Outcome } from './outcome.ts';
import { plural } from './render/figures.ts';

/** Archives or restores what a reference names: a version, or without one the whole component. */
export async function changeUse(
  { client, target }: Connection,
  verb: 'archive' | 'restore',
  text: string,
): Promise<Outcome> {
  const ref = refOf(text);
  const kind = await kindOf(client, ref);
  if (ref.range !== undefined && !/^\d+\.\d+\.\d+/.test(ref.range))
    throw new IceError('usage', `${ref.range} is no version: archive and restore want an exact one.`, {
      hint: `See them: ice components versions ${kind}/${ref.name}`,
    });
  const { items, tags } = await client.components[verb](kind, ref.name, ref.range);
  const word = verb === 'archive' ? 'archived' : 'restored';
  const archived = new Set(items.filter((one) => one.archivedAt !== null).map((one) => one.version));
  return {
    body: { kind, name: ref.name, versions: items.map((one) => one.version), items, tags, target },
    text: ({ theme }) => [
      items.length === 0
        ? theme.dim(`${kind} ${ref.name}: nothing to do, it is ${word} already`)
        : `${theme.good(theme.mark.ok)} ${kind} ${theme.strong(ref.name)}: ${word} ${items.map((one) => one.version).join(', ')}`,
      ...tags.map((tag) =>
        archived.has(tag.version) || (verb === 'archive' && tag.tag !== 'latest')
          ? theme.warn(`  ${theme.mark.warn} ${tag.tag} still names ${tag.version}, which is archived`)
          : theme.dim(`  ${tag.tag} ${theme.mark.next} ${tag.version}`),
      ),
    ],
    ...(verb === 'archive' && items.length > 0
      ? { next: [`ice components restore ${text}   # ${plural(items.length, 'version')} back`] }
      : {}),
  };
}

/** The kind of a name, archived components included: a reference would not find those. */
async function kindOf(client: Client, ref: ComponentRef): Promise<ComponentKind> {
  if (ref.kind) return ref.kind;
  const kinds: ComponentKind[] = [];
  for await (const one of client.components.all({ archived: true }))
    if (one.name === ref.name) kinds.push(one.kind);
  if (kinds.length === 1) return kinds[0]!;
  if (kinds.length > 1) throw severalKinds(ref.name, kinds);
  throw new IceError('not_found', `There is no component ${ref.name} on this target.`, {
    hint: 'ice components list --archived',
  });
}

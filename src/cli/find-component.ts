import type { Client } from '../client/index.ts';
import type { ComponentVersion } from '../contracts/components.ts';
import { IceError } from '../contracts/errors.ts';
import { type ComponentKind, type ComponentRef, parseRef } from '../contracts/ids.ts';

const KINDS: ComponentKind[] = ['tool', 'workflow', 'agent'];

/** A reference from the command line. Errors: `usage` when it is none. */
export function refOf(text: string): ComponentRef {
  const ref = parseRef(text);
  if (ref) return ref;
  throw new IceError('usage', 'That is no reference to a component.', {
    hint: 'For instance price, tool/price, price@1.0.0, std/csv-parse@^1',
  });
}

/**
 * The version that a reference means on a target. Errors: `not_found`; `conflict` when components of several kinds
 * have the name and the reference does not say which.
 */
export async function findComponent(client: Client, text: string): Promise<ComponentVersion> {
  const ref = refOf(text);
  const kinds = ref.kind ? [ref.kind] : KINDS;
  const asked = kinds.map((kind) => `${kind}/${ref.name}${ref.range ? `@${ref.range}` : ''}`);
  const { found } = await client.components.resolve(asked);
  const all = asked.flatMap((one) => found[one] ?? []);
  if (all.length === 1) return all[0]!;
  if (all.length > 1)
    throw new IceError(
      'conflict',
      `${ref.name} is the name of several components: ${all.map((one) => one.kind).join(', ')}.`,
      {
        hint: `Say which: ${all[0]!.kind}/${ref.name}`,
      },
    );
  throw new IceError('not_found', `There is no component ${text} on this target.`, {
    hint: 'ice components list',
  });
}

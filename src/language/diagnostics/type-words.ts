import type { ComponentKind } from '../../contracts/ids.ts';

/** A kind of component as it is said: `an agent`, `a tool`. */
export const kindWithArticle = (kind: ComponentKind): string => `${kind === 'agent' ? 'an' : 'a'} ${kind}`;

/** A node's type as it is said: ``A `loop` ``, ``An `agent` ``, ``An `llm` ``. */
export const typeWithArticle = (type: string): string =>
  `${/^[aeiou]|^llm$/.test(type) ? 'An' : 'A'} \`${type}\``;

/** Where something stands in a document: the keys and indexes that lead to it. */
export type Path = readonly (string | number)[];

/** `nodes[2].args.text`; keys that are no names stand in brackets. */
export function formatPath(path: Path): string {
  let out = '';
  for (const part of path) {
    if (typeof part === 'number') out += `[${part}]`;
    else if (/^[\w$-]+$/.test(part)) out += out === '' ? part : `.${part}`;
    else out += `[${JSON.stringify(part)}]`;
  }
  return out;
}

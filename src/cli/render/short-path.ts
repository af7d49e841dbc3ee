import { textWidth } from './text-width.ts';

/** The least that is left of a name. */
const LEAST_NAME = 3;

/**
 * The path of a node in at most `columns`. Its longest names are cut first: the numbers of items and the short names
 * are what tell it from others. Where that is not enough it keeps its end.
 */
export function shortPath(path: string, columns: number, ellipsis: string): string {
  if (textWidth(path) <= columns) return path;
  const parts = path.split('.').map((part) => {
    const [, name = '', numbers = ''] = /^(.*?)((?:\[\d+\])*)$/.exec(part) ?? [];
    return { name, numbers };
  });
  const longest = Math.max(...parts.map(({ name }) => name.length));
  for (let most = longest - 1; most >= LEAST_NAME; most--) {
    const cut = parts
      .map(({ name, numbers }) => (name.length > most ? name.slice(0, most - 1) + ellipsis : name) + numbers)
      .join('.');
    if (textWidth(cut) <= columns) return cut;
  }
  let tail = path;
  while (textWidth(tail) > columns - textWidth(ellipsis)) tail = tail.slice(1);
  return `${ellipsis}${tail}`;
}

import type { Json } from '../../contracts/json.ts';
import type { View } from '../outcome.ts';
import { formatBytes } from './figures.ts';
import { oneLine, pad, textWidth, truncate } from './text-width.ts';

const MOST_LINES = 40;

/** Named values for a person: short ones whole, long ones by their beginning and size. */
export function outputLines(values: { [key: string]: Json }, { theme, columns }: View): string[] {
  const names = Object.keys(values);
  if (names.length === 0) return [];
  const width = Math.min(24, Math.max(...names.map(textWidth)));
  const lines = names.slice(0, MOST_LINES).map((name) => {
    const head = `  ${theme.dim(pad(oneLine(name), width))}  `;
    return head + valueText(values[name]!, columns - textWidth(head), theme.dim, theme.mark.ellipsis);
  });
  if (names.length > MOST_LINES) lines.push(theme.dim(`  and ${names.length - MOST_LINES} more`));
  return lines;
}

function valueText(value: Json, room: number, dim: (text: string) => string, mark: string): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const flat = oneLine(text);
  if (flat.length === text.length && textWidth(flat) <= room) return flat;
  const size = dim(` (${formatBytes(Buffer.byteLength(text))})`);
  const cut = truncate(flat, Math.max(8, room - textWidth(size)), mark);
  return cut + size;
}

/** Ticks at round numbers and the scales of a chart. */

export interface Ticks {
  from: number;
  to: number;
  step: number;
  values: number[];
}

/** About `count` ticks at 1, 2 or 5 times a power of ten, around all of [min, max]. */
export function ticksOf(min: number, max: number, count: number): Ticks {
  // Spans at the edge of what a number holds would make steps of zero.
  const span = max - min > 1e-290 ? max - min : Math.abs(max) > 1e-290 ? Math.abs(max) : 1;
  const raw = span / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= raw * 0.999_999) ?? 10);
  const first = Math.floor(min / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(max / step - 1e-9));
  const values: number[] = [];
  for (let i = first; i <= last && values.length < 100; i++) values.push(clean(i * step));
  return { from: clean(first * step), to: clean(last * step), step, values };
}

/** Without the noise of binary fractions: 0.30000000000000004 is 0.3. */
const clean = (value: number): number => Number(value.toPrecision(12));

/** A number for a reader: 12,500; 0.25; 1.2e+9. */
export function label(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e9 || size < 1e-4)) return value.toExponential(2).replace(/\.?0+e/, 'e');
  const [whole, fraction] = String(Number(value.toPrecision(6))).split('.');
  return `${whole!.replace(/\B(?=(\d{3})+$)/g, ',')}${fraction === undefined ? '' : `.${fraction}`}`;
}

/** A coordinate, short. */
export const at = (value: number): string => String(Math.round(value * 100) / 100);

/** Text for SVG: what is markup is escaped, what XML does not allow is dropped. */
export const escapeText = (text: string): string =>
  text
    .replace(
      /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
      '',
    )
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/"/g, '&quot;')
    .replace(/'/g, '&#39;');

export const cut = (text: string, most: number): string => {
  const chars = [...text];
  return chars.length <= most ? text : `${chars.slice(0, most - 1).join('')}…`;
};

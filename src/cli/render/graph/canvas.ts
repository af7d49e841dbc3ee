import { textWidth } from '../text-width.ts';

type Paint = (text: string) => string;

/** Which sides of a cell a line leaves through. */
const N = 1;
const E = 2;
const S = 4;
const W = 8;

interface Cell {
  text: string;
  paint?: Paint;
  /** Of a line: its sides; vertical and horizontal pieces know whose they are. */
  sides?: number;
  across?: number[];
  along?: number[];
}

const UNICODE = ['', '╵', '╶', '╰', '╷', '│', '╭', '├', '╴', '╯', '─', '┴', '╮', '┤', '┬', '┼'];
const ASCII = ['', '|', '-', '+', '|', '|', '+', '+', '-', '+', '-', '+', '+', '+', '+', '+'];

/** A sheet of characters on which boxes, lines and texts are put; later ones lie on top. */
export class Canvas {
  readonly #rows: Cell[][] = [];
  readonly #unicode: boolean;
  readonly #line: Paint;

  constructor(unicode: boolean, line: Paint) {
    this.#unicode = unicode;
    this.#line = line;
  }

  text(x: number, y: number, text: string, paint?: Paint): void {
    let at = x;
    for (const { segment } of new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text)) {
      const width = textWidth(segment);
      if (width === 0) continue;
      this.#set(at, y, { text: segment, ...(paint ? { paint } : {}) });
      for (let i = 1; i < width; i++) this.#set(at + i, y, { text: '' });
      at += width;
    }
  }

  /** A frame; `double` for what stands out. */
  frame(x: number, y: number, width: number, height: number, paint: Paint, rounded: boolean): void {
    const [tl, tr, bl, br] = this.#unicode ? (rounded ? '╭╮╰╯' : '┌┐└┘') : '++++';
    const along = this.#unicode ? '─' : '-';
    const across = this.#unicode ? '│' : '|';
    this.text(x, y, tl + along.repeat(width - 2) + tr, paint);
    this.text(x, y + height - 1, bl + along.repeat(width - 2) + br, paint);
    for (let row = y + 1; row < y + height - 1; row++) {
      this.text(x, row, across, paint);
      this.text(x + width - 1, row, across, paint);
    }
  }

  /** A line downwards, both ends included. */
  down(net: number, x: number, from: number, to: number, ends: { top: boolean; bottom: boolean }): void {
    for (let y = from; y <= to; y++)
      this.#join(x, y, net, (y > from || ends.top ? N : 0) | (y < to || ends.bottom ? S : 0));
  }

  /** A line sideways, both ends included. */
  side(net: number, y: number, from: number, to: number): void {
    for (let x = from; x <= to; x++) this.#join(x, y, net, (x > from ? W : 0) | (x < to ? E : 0));
  }

  lines(): string[] {
    return Array.from(this.#rows, (row) => {
      let out = '';
      let run = '';
      let paint: Paint | undefined;
      const flush = (): void => {
        if (run !== '') out += paint ? paint(run) : run;
        run = '';
      };
      for (let x = 0; x < (row?.length ?? 0); x++) {
        const cell = row![x];
        const next = cell?.paint;
        // A blank has no colour, so it may stay in the run before it.
        if (cell && cell.text !== ' ' && next !== paint) {
          flush();
          paint = next;
        }
        run += cell === undefined ? ' ' : cell.text;
      }
      const trimmed = run.trimEnd();
      run = trimmed;
      flush();
      return out.trimEnd();
    });
  }

  #set(x: number, y: number, cell: Cell): void {
    if (x < 0 || y < 0) return;
    while (this.#rows.length <= y) this.#rows.push([]);
    this.#rows[y]![x] = cell;
  }

  #join(x: number, y: number, net: number, sides: number): void {
    if (sides === 0) return;
    const before = this.#rows[y]?.[x];
    const cell: Cell = before?.sides === undefined ? { text: '', paint: this.#line, sides: 0 } : before;
    const all = cell.sides! | sides;
    if (sides & (N | S)) cell.across = [...(cell.across ?? []), net];
    if (sides & (E | W)) cell.along = [...(cell.along ?? []), net];
    cell.sides = all;
    // Lines that only cross: one passes over the other, so that it does not look as if they met.
    const meet = cell.along?.some((one) => cell.across?.includes(one)) ?? false;
    const crosses = all === (N | E | S | W) && !meet;
    cell.text = crosses ? (this.#unicode ? '│' : '|') : (this.#unicode ? UNICODE : ASCII)[all]!;
    this.#set(x, y, cell);
  }
}

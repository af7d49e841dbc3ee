import { textWidth } from './text-width.ts';

const ESC = '\x1B[';
const HIDE = `${ESC}?25l`;
const SHOW = `${ESC}?25h`;
// Terminals that know it show a frame at once; others pass it over.
const BEGIN = `${ESC}?2026h`;
const END = `${ESC}?2026l`;

export interface LiveScreenOptions {
  write(text: string): void;
  /** The size now. */
  size(): { columns: number; rows: number };
}

/**
 * A picture at the bottom of a terminal that is drawn over itself: only lines that changed are written. A line must
 * be no wider than the terminal. Never leaves the cursor hidden: `done` and `restore` are safe at any time.
 */
export class LiveScreen {
  readonly #options: LiveScreenOptions;
  #lines: string[] = [];
  #columns = 0;
  #hidden = false;

  constructor(options: LiveScreenOptions) {
    this.#options = options;
  }

  draw(lines: string[]): void {
    const { columns } = this.#options.size();
    let out = this.#hidden ? '' : HIDE;
    this.#hidden = true;
    if (columns !== this.#columns && this.#lines.length > 0) {
      // The terminal has wrapped the old lines anew: go up by the rows that they take now, and begin afresh.
      out += `${this.#up(this.#rowsOf(this.#lines, columns))}${ESC}0J`;
      this.#lines = [];
    }
    this.#columns = columns;
    const changed = lines.findIndex((line, i) => line !== this.#lines[i]);
    const first = changed < 0 ? lines.length : changed;
    if (first === lines.length && lines.length === this.#lines.length) {
      if (out !== '') this.#options.write(out);
      return;
    }
    out += this.#up(this.#lines.length - first);
    for (let i = first; i < lines.length; i++) {
      if (i < this.#lines.length && lines[i] === this.#lines[i]) out += `${ESC}1B`;
      else out += `${lines[i]}${ESC}0K\n`;
    }
    if (lines.length < this.#lines.length) out += `${ESC}0J`;
    this.#lines = [...lines];
    this.#options.write(BEGIN + out + END);
  }

  /** Takes the picture away; what is written next stands in its place. */
  clear(): void {
    if (this.#lines.length === 0) return;
    const { columns } = this.#options.size();
    this.#options.write(`${this.#up(this.#rowsOf(this.#lines, columns))}${ESC}0J`);
    this.#lines = [];
  }

  /** Replaces the picture by its last form, of any height, which stays. */
  done(lines: string[]): void {
    this.clear();
    this.#options.write(lines.map((line) => `${line}\n`).join(''));
    this.restore();
  }

  /** Shows the cursor again. */
  restore(): void {
    if (this.#hidden) this.#options.write(SHOW);
    this.#hidden = false;
  }

  #up(rows: number): string {
    return rows > 0 ? `${ESC}${rows}A\r` : '\r';
  }

  #rowsOf(lines: string[], columns: number): number {
    return lines.reduce((rows, line) => rows + Math.max(1, Math.ceil(textWidth(line) / columns)), 0);
  }
}

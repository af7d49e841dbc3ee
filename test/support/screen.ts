/**
 * The screen of a terminal, as far as our pictures use one: text, new lines, carriage returns, cursor movement,
 * erasing, and whether the cursor is shown. Enough to see what a person sees.
 */
export class Screen {
  readonly columns: number;
  readonly rows: number;
  cursorShown = true;
  #lines: string[][] = [[]];
  #row = 0;
  #column = 0;
  #pending = '';

  constructor(columns = 100, rows = 30) {
    this.columns = columns;
    this.rows = rows;
  }

  write(data: string): void {
    const text = this.#pending + data;
    this.#pending = '';
    for (let i = 0; i < text.length; ) {
      if (text[i] === '\x1B') {
        const match = /^\x1B\[([?]?)([\d;]*)([A-Za-z])/.exec(text.slice(i));
        if (!match) {
          if (text.length - i < 12) {
            this.#pending = text.slice(i);
            return;
          }
          i++;
          continue;
        }
        this.#control(match[1]!, match[2]!, match[3]!);
        i += match[0].length;
        continue;
      }
      const char = String.fromCodePoint(text.codePointAt(i)!);
      i += char.length;
      if (char === '\n') this.#down(1);
      else if (char === '\r') this.#column = 0;
      else if (char >= ' ') this.#put(char);
    }
  }

  /** What stands on the screen and above it, without trailing blanks. */
  get text(): string {
    return this.#lines
      .map((line) =>
        Array.from(line, (char) => char ?? ' ')
          .join('')
          .trimEnd(),
      )
      .join('\n')
      .trimEnd();
  }

  #put(char: string): void {
    if (this.#column >= this.columns) {
      this.#down(1);
      this.#column = 0;
    }
    this.#line[this.#column++] = char;
  }

  get #line(): string[] {
    this.#lines[this.#row] ??= [];
    return this.#lines[this.#row]!;
  }

  #down(count: number): void {
    this.#row += count;
    while (this.#lines.length <= this.#row) this.#lines.push([]);
    // A terminal driver turns \n into \r\n.
    this.#column = 0;
  }

  #control(mark: string, parameters: string, name: string): void {
    const count = Number(parameters.split(';')[0] || '1');
    if (mark === '?') {
      if (parameters === '25') this.cursorShown = name === 'h';
      return;
    }
    // Up stops at the top of the screen: what has scrolled away cannot be reached.
    const top = Math.max(0, this.#lines.length - this.rows);
    if (name === 'A') this.#row = Math.max(top, this.#row - count);
    else if (name === 'B') this.#row = Math.min(this.#lines.length - 1, this.#row + count);
    else if (name === 'K')
      this.#line.length = Math.min(this.#line.length, parameters === '2' ? 0 : this.#column);
    else if (name === 'J') {
      if (parameters === '2') {
        this.#lines = [[]];
        this.#row = 0;
        this.#column = 0;
        return;
      }
      this.#line.length = Math.min(this.#line.length, this.#column);
      this.#lines.length = this.#row + 1;
    } else if (name === 'H') {
      this.#row = Math.max(0, this.#lines.length - this.rows);
      this.#column = 0;
    }
  }
}

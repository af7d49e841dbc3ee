import type { Position, SourceRange } from '../../contracts/diagnostics.ts';

/** Where the lines of a text begin; turns offsets into lines and columns. A byte order mark has no column. */
export class LineIndex {
  readonly text: string;
  private readonly starts: number[] = [0];
  private readonly bom: boolean;

  constructor(text: string) {
    this.text = text;
    this.bom = text.charCodeAt(0) === 0xfeff;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.starts.push(at + 1);
  }

  get lines(): number {
    return this.starts.length;
  }

  position(offset: number): Position {
    const at = Math.max(0, Math.min(offset, this.text.length));
    let low = 0;
    let high = this.starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.starts[middle]! <= at) low = middle;
      else high = middle - 1;
    }
    const column = at - this.starts[low]! + 1;
    return { line: low + 1, column: low === 0 && this.bom ? Math.max(1, column - 1) : column, offset: at };
  }

  range(start: number, end: number): SourceRange {
    return { start: this.position(start), end: this.position(Math.max(start, end)) };
  }

  /** Offset of the first character of a line, from 1. */
  lineStart(line: number): number {
    return this.starts[Math.max(0, Math.min(line, this.starts.length) - 1)]!;
  }

  /** A line without its end, from 1; also without the byte order mark. */
  line(line: number): string {
    const start = this.lineStart(line);
    const next = line < this.starts.length ? this.starts[line]! : this.text.length + 1;
    const text = this.text.slice(start, next - 1);
    const bare = text.endsWith('\r') ? text.slice(0, -1) : text;
    return line === 1 && this.bom ? bare.slice(1) : bare;
  }
}

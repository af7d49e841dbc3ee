import type { Position, SourceRange } from '../../contracts/diagnostics.ts';

/** A change of a text; offsets are those of the text before it. */
export interface Edit {
  start: number;
  end: number;
  text: string;
}

/** Applies edits that are sorted and do not overlap. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  let out = '';
  let at = 0;
  for (const edit of edits) {
    out += text.slice(at, edit.start) + edit.text;
    at = edit.end;
  }
  return out + text.slice(at);
}

/**
 * Where the lines of a text begin; turns offsets into lines and columns. A byte order mark has no column. The text may
 * be a mended copy of what the user wrote: positions are then those of the original. Such edits change no line breaks.
 */
export class LineIndex {
  readonly text: string;
  private readonly starts: number[] = [0];
  private readonly bom: boolean;
  private readonly original: LineIndex | undefined;
  private readonly edits: readonly Edit[];

  /** `edits` are those of the original, sorted and without overlaps, that made `text` of it. */
  constructor(text: string, original?: LineIndex, edits: readonly Edit[] = []) {
    this.text = text;
    this.original = original;
    this.edits = edits;
    this.bom = text.charCodeAt(0) === 0xfeff;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.starts.push(at + 1);
  }

  get lines(): number {
    return this.starts.length;
  }

  /** The offset in the original of an offset in this text. */
  origin(offset: number): number {
    let shift = 0;
    for (const edit of this.edits) {
      const start = edit.start + shift;
      if (offset < start) break;
      if (offset < start + edit.text.length) return Math.min(edit.start + offset - start, edit.end);
      shift += edit.text.length - (edit.end - edit.start);
    }
    return offset - shift;
  }

  position(offset: number): Position {
    if (this.original) return this.original.position(this.origin(offset));
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

import type { SourceRange } from '../../contracts/diagnostics.ts';
import type { Json } from '../../contracts/json.ts';
import { LineIndex } from './line-index.ts';
import type { Path } from './path.ts';
import type { ScalarStyle } from './scalar-offsets.ts';

export interface Span {
  start: number;
  end: number;
}

/**
 * A document and where everything in it stands. This one was never text: it has paths and no ranges. `ParsedSource` is
 * one that was read, `CodeSource` one that a program made.
 */
export class DocumentSource {
  readonly file: string;
  readonly lines: LineIndex;
  /** The document as JSON; undefined when the text could not be read at all. */
  readonly value: Json | undefined;

  constructor(parts: { value: Json | undefined; file?: string; lines?: LineIndex }) {
    this.value = parts.value;
    this.file = parts.file ?? '';
    this.lines = parts.lines ?? new LineIndex('');
  }

  get text(): string {
    return this.lines.text;
  }

  /** Whether there is a text to point into. */
  get hasText(): boolean {
    return this.text !== '';
  }

  /** Whether the document is the text; else a program made it, and no edit of the text would mend it. */
  get isWritten(): boolean {
    return true;
  }

  range(start: number, end: number): SourceRange {
    return this.lines.range(start, end);
  }

  /** Says that the field at `path` was written under another key, so that its place can still be found. */
  rename(_path: Path, _written: string): void {
    // What has no text has no other keys.
  }

  /** The range of a value; of its nearest ancestor when it is not in the document. */
  valueRange(path: Path): SourceRange {
    const { start, end } = this.valueSpan(path);
    return this.range(start, end);
  }

  valueSpan(_path: Path): Span {
    return { start: 0, end: 0 };
  }

  /** The range of a key, or of an item of a list. */
  keyRange(path: Path): SourceRange {
    const { start, end } = this.keySpan(path);
    return this.range(start, end);
  }

  keySpan(_path: Path): Span {
    return { start: 0, end: 0 };
  }

  /** A key with its value and what is between. */
  pairSpan(path: Path): Span {
    const key = this.keySpan(path);
    const value = this.valueSpan(path);
    return { start: key.start, end: Math.max(key.end, value.end) };
  }

  /** The range of some characters of a text value: of exactly these in the source, as far as they can be told. */
  within(path: Path, _start: number, _end: number): SourceRange {
    return this.valueRange(path);
  }

  /** How a value was written; undefined when it is no scalar. */
  style(_path: Path): ScalarStyle | undefined {
    return undefined;
  }

  /** Whether the value was reached through an alias: a fix there would change other places too. */
  shared(_path: Path): boolean {
    return false;
  }

  has(path: Path): boolean {
    return path.length === 0;
  }
}

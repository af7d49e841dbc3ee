import type { Diagnostic, SourceRange } from '../../contracts/diagnostics.ts';
import type { DocumentSource } from '../source/document-source.ts';
import { formatPath, type Path } from '../source/path.ts';
import { finding } from './finding.ts';

/** Findings beyond this are counted and not shown: a generated document may have one a line. */
export const MAX_FINDINGS = 500;

type Extra = Partial<Pick<Diagnostic, 'severity' | 'help' | 'related' | 'fix'>>;

/** Gathers the findings of one document. Places are given as paths and become ranges at once. */
export class Collector {
  readonly source: DocumentSource;
  readonly diagnostics: Diagnostic[] = [];
  dropped = 0;

  /** Lines about which an error of the text was reported: what else is found there may only follow from it. */
  private readonly excused: ReadonlySet<number>;

  constructor(source: DocumentSource, excused: ReadonlySet<number> = new Set()) {
    this.source = source;
    this.excused = excused;
  }

  /** Whether what is found now is only counted: a hint for it would be for nobody. */
  get full(): boolean {
    return this.diagnostics.length >= MAX_FINDINGS;
  }

  get errors(): number {
    return this.diagnostics.filter((each) => each.severity === 'error').length;
  }

  /** A finding about a value. */
  atValue(code: string, path: Path, message: string, extra: Extra = {}): void {
    this.add(code, path, message, () => this.source.valueRange(path), extra);
  }

  /** A finding about a field: its key is underlined. */
  atKey(code: string, path: Path, message: string, extra: Extra = {}): void {
    this.add(code, path, message, () => this.source.keyRange(path), extra);
  }

  /** A finding about some characters of a text value. */
  within(code: string, path: Path, start: number, end: number, message: string, extra: Extra = {}): void {
    this.add(code, path, message, () => this.source.within(path, start, end), extra);
  }

  /** Another place that explains a finding. */
  related(
    path: Path,
    message: string,
    what: 'key' | 'value' = 'value',
  ): NonNullable<Diagnostic['related']>[number] {
    if (!this.source.hasText) return { file: this.source.file, message: `${message}: ${formatPath(path)}` };
    const range = what === 'key' ? this.source.keyRange(path) : this.source.valueRange(path);
    return { file: this.source.file, range, message };
  }

  private add(code: string, path: Path, message: string, range: () => SourceRange, extra: Extra): void {
    if (this.full) {
      this.dropped++;
      return;
    }
    const { file, lines } = this.source;
    const place = this.source.hasText ? range() : undefined;
    if (place && this.excused.has(place.start.line)) return;
    const edits = extra.fix?.edits.map((edit) => ({
      ...edit,
      start: lines.origin(edit.start),
      end: lines.origin(edit.end),
    }));
    this.diagnostics.push(
      finding(code, file, message, {
        range: place,
        path: formatPath(path),
        ...extra,
        ...(edits ? { fix: this.source.isWritten ? { ...extra.fix!, edits } : undefined } : {}),
      }),
    );
  }
}

import type { SourceRange } from '../../contracts/diagnostics.ts';
import type { Json } from '../../contracts/json.ts';
import { DocumentSource, type Span } from './document-source.ts';
import { LineIndex } from './line-index.ts';
import type { Path } from './path.ts';

/** Nodes whose places are looked for; a program can make more than anybody wrote. */
const MOST_PLACES = 2_000;

/**
 * A document that a program made, with the program's text to point into. Places are looked for by what both share:
 * the id of a node, the name of a field, the words of an expression. What is not found is shown at the nearest thing
 * around it that is, at last at the call that begins the workflow. Nothing here can be mended by an edit.
 */
export class CodeSource extends DocumentSource {
  private ids: { span: Span; path: string }[] | undefined;

  constructor(parts: { file: string; text: string; value: Json }) {
    super({ file: parts.file, lines: new LineIndex(parts.text), value: parts.value });
  }

  override get isWritten(): boolean {
    return false;
  }

  override keySpan(path: Path): Span {
    return this.locate(path).span;
  }

  override valueSpan(path: Path): Span {
    return this.locate(path).span;
  }

  override within(path: Path, start: number, end: number): SourceRange {
    const { span, until } = this.locate(path);
    const value = valueAt(this.value, path);
    const words = typeof value === 'string' ? value.slice(start, end).trim() : '';
    const at = words === '' ? -1 : this.text.slice(0, until).indexOf(words, span.start);
    return at < 0 ? this.range(span.start, span.end) : this.range(at, at + words.length);
  }

  override shared(): boolean {
    return true;
  }

  override has(path: Path): boolean {
    return valueAt(this.value, path) !== undefined;
  }

  private locate(path: Path): { span: Span; until: number } {
    let span = this.begin();
    let until = this.text.length;
    let from = span.start;
    for (const [index, part] of path.entries()) {
      const at = path.slice(0, index + 1);
      const node = this.nodes().find((each) => each.path === JSON.stringify(at));
      if (node) {
        span = node.span;
        from = span.end;
        const inside = node.path.slice(0, -1);
        const after = this.nodes()
          .filter((each) => !each.path.startsWith(inside) && each.span.start > from)
          .map((each) => each.span.start);
        until = Math.min(...after, this.text.length);
        continue;
      }
      // The name of the workflow is the first thing that is said of it, and the id of a node of that.
      if (typeof part !== 'string' || (part === 'name' && index === 0)) continue;
      if (part === 'id' && typeof path[index - 1] === 'number') continue;
      const found =
        index === 0 && part === 'outputs'
          ? lastMatch(this.text, /\.outputs(?=\s*\()/g)
          : this.word(part, from, until);
      if (!found) continue;
      span = found;
      from = found.end;
    }
    return { span, until };
  }

  /** The first place from one offset to another where a field is given a value: `cost:`, `cost,`, `.default(`. */
  private word(name: string, from: number, until: number): Span | undefined {
    const pattern = new RegExp(`(?<![\\w$])${escaped(name)}(?=['"]?\\s*[:(,}\\]])`, 'g');
    pattern.lastIndex = from;
    const match = pattern.exec(this.text.slice(0, until));
    return match ? { start: match.index, end: match.index + name.length } : undefined;
  }

  /** The call that begins the workflow: `workflow('name'`, else what the module exports. */
  private begin(): Span {
    const name = valueAt(this.value, ['name']);
    const call =
      typeof name === 'string'
        ? lastMatch(this.text, new RegExp(`\\bworkflow\\s*\\(\\s*(['"\`])${escaped(name)}\\1`, 'g'))
        : undefined;
    const span = call ??
      lastMatch(this.text, /\bworkflow\s*\(/g) ??
      lastMatch(this.text, /\bexport\s+default\b/g) ?? { start: 0, end: 0 };
    const line = this.text.indexOf('\n', span.start);
    return { start: span.start, end: line < 0 ? span.end : Math.min(span.end, line) };
  }

  /** Each node of the document whose id is found, where it is given to a method of the builder: `.tool('price'`. */
  private nodes(): { span: Span; path: string }[] {
    if (this.ids) return this.ids;
    const ids: { span: Span; path: string }[] = [];
    const given = this.givenTexts();
    const visit = (value: unknown, path: Path, around: number): void => {
      if (typeof value !== 'object' || value === null || ids.length >= MOST_PLACES) return;
      let inner = around;
      if (
        typeof path.at(-1) === 'number' &&
        'id' in value &&
        'type' in value &&
        typeof value.id === 'string'
      ) {
        const places = given.get(value.id) ?? [];
        // In the order of the document; a body may be written in a function further up.
        const after = places.findIndex((at) => at >= around);
        const [start] = places.splice(Math.max(after, 0), 1);
        if (start !== undefined) {
          ids.push({ span: { start, end: start + value.id.length + 2 }, path: JSON.stringify(path) });
          inner = start;
        }
      }
      for (const [key, child] of Object.entries(value))
        visit(child, [...path, Array.isArray(value) ? Number(key) : key], inner);
    };
    visit(valueAt(this.value, ['nodes']), ['nodes'], this.begin().start);
    this.ids = ids;
    return ids;
  }

  /** Every text that may be an id: the first argument of a call. */
  private givenTexts(): Map<string, number[]> {
    const places = new Map<string, number[]>();
    for (const match of this.text.matchAll(/\(\s*((['"`])([^'"`\s\\]{1,100})\2)/g)) {
      const id = match[3]!;
      const at = match.index + match[0].length - match[1]!.length;
      const known = places.get(id);
      if (!known) places.set(id, [at]);
      else if (known.length < MOST_PLACES) known.push(at);
    }
    return places;
  }
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const part of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Record<string | number, unknown>)[part];
  }
  return at;
}

function lastMatch(text: string, pattern: RegExp): Span | undefined {
  const match = [...text.matchAll(pattern)].at(-1);
  return match ? { start: match.index, end: match.index + match[0].length } : undefined;
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

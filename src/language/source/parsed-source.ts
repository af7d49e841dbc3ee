import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml';
import type { SourceRange } from '../../contracts/diagnostics.ts';
import type { Json } from '../../contracts/json.ts';
import { confusable } from './characters.ts';
import { DocumentSource, type Span } from './document-source.ts';
import type { LineIndex } from './line-index.ts';
import type { Path } from './path.ts';
import { type ScalarStyle, scalarOffsets } from './scalar-offsets.ts';

/** An unquoted `{{ … }}`, which YAML reads as a map: what it was meant to be, and where. */
export interface Mended {
  start: number;
  end: number;
  value: string;
}

/**
 * A document that was read from text. Ranges are looked up when a finding needs them, along the tree of the YAML
 * parser, so that a document without findings pays nothing for them.
 */
export class ParsedSource extends DocumentSource {
  private readonly root: Node | null;
  private readonly anchors: Map<Node, Node>;
  private readonly mended: Map<number, Mended>;
  /** `path` of a field in the mended document -> the key as it was written. */
  private readonly renamed = new Map<string, string>();
  private readonly pairs = new WeakMap<YAMLMap, Map<string, Pair>>();

  constructor(parts: {
    file: string;
    lines: LineIndex;
    value: Json | undefined;
    root: Node | null;
    anchors: Map<Node, Node>;
    mended: Mended[];
  }) {
    super(parts);
    this.root = parts.root;
    this.anchors = parts.anchors;
    this.mended = new Map(parts.mended.map((each) => [each.start, each]));
  }

  override rename(path: Path, written: string): void {
    this.renamed.set(JSON.stringify(path), written);
  }

  override valueSpan(path: Path): Span {
    const found = this.find(path);
    if (found.depth < path.length && found.depth > 0) return this.keySpan(path.slice(0, found.depth));
    if (found.depth === 0 && path.length > 0) return this.startSpan();
    return found.node ? this.nodeSpan(found.node) : this.keySpan(path);
  }

  override keySpan(path: Path): Span {
    const last = path.at(-1);
    if (last === undefined) return this.startSpan();
    const parent = this.find(path.slice(0, -1));
    if (parent.depth === path.length - 1 && isMap(parent.node) && typeof last === 'string') {
      const pair = this.pair(parent.node, this.written(path));
      if (pair && isScalar(pair.key) && pair.key.range) return this.nodeSpan(pair.key);
    }
    if (parent.depth === path.length - 1 && isSeq(parent.node)) {
      const item = parent.node.items[Number(last)] as Node | undefined;
      if (item?.range) return this.firstLine(item);
    }
    return path.length > 1 ? this.keySpan(path.slice(0, -1)) : this.startSpan();
  }

  override within(path: Path, start: number, end: number): SourceRange {
    const found = this.find(path);
    const node = found.depth === path.length ? found.node : undefined;
    if (!node || !isScalar(node) || typeof node.value !== 'string' || !node.range)
      return this.valueRange(path);
    const mended = this.mended.get(node.range[0]);
    if (mended) return this.range(mended.start + start, Math.min(mended.start + end, mended.end));
    const style = node.type as ScalarStyle | undefined;
    if (style === undefined) return this.valueRange(path);
    const offsets = scalarOffsets(this.text, node.range[0], node.range[1], node.value, style);
    const from = offsets?.[start];
    const to = offsets?.[end];
    if (from === undefined || to === undefined) return this.valueRange(path);
    // The end of a fold stands after the line break: an end inside the value's last character reads better.
    const last = end > start ? offsets![end - 1]! + 1 : from;
    return this.range(from, Math.max(from, Math.min(to, Math.max(last, from))));
  }

  override style(path: Path): ScalarStyle | undefined {
    const found = this.find(path);
    return found.depth === path.length && isScalar(found.node) ? (found.node.type as ScalarStyle) : undefined;
  }

  override shared(path: Path): boolean {
    return this.find(path).shared;
  }

  override has(path: Path): boolean {
    return this.find(path).depth === path.length;
  }

  private written(path: Path): string {
    const last = String(path.at(-1));
    return this.renamed.size === 0 ? last : (this.renamed.get(JSON.stringify(path)) ?? last);
  }

  private find(path: Path): { node: Node | null; depth: number; shared: boolean } {
    let node = this.target(this.root);
    let shared = false;
    for (let depth = 0; depth < path.length; depth++) {
      let next: Node | null | undefined;
      if (isMap(node))
        next = this.pair(node, this.written(path.slice(0, depth + 1)))?.value as Node | null | undefined;
      else if (isSeq(node)) next = node.items[Number(path[depth])] as Node | undefined;
      if (next === undefined) return { node, depth, shared };
      if (next !== null && isAlias(next)) {
        shared = true;
        // The use stands where the alias is written, what is inside it where the anchor is.
        if (depth === path.length - 1) return { node: next, depth: path.length, shared };
      }
      node = this.target(next);
    }
    return { node, depth: path.length, shared };
  }

  private target(node: Node | null): Node | null {
    return node !== null && isAlias(node) ? (this.anchors.get(node) ?? null) : node;
  }

  private pair(map: YAMLMap, key: string): Pair | undefined {
    let known = this.pairs.get(map);
    if (known === undefined) {
      known = new Map();
      for (const pair of map.items) {
        const name = keyText(pair.key, this.mended);
        if (name === undefined) continue;
        if (!known.has(name)) known.set(name, pair);
        // A key with look-alike letters is read as it was meant.
        const meant = confusable(name)?.meant;
        if (meant !== undefined && !known.has(meant)) known.set(meant, pair);
      }
      this.pairs.set(map, known);
    }
    return known.get(key);
  }

  private nodeSpan(node: Node): Span {
    const [start, end] = node.range ?? [0, 0];
    // Block collections reach to the next key: their last line break does not belong to what is meant.
    let last = end;
    while (last > start && /\s/.test(this.text[last - 1]!)) last--;
    return { start, end: Math.max(start, last) };
  }

  private firstLine(node: Node): Span {
    const { start, end } = this.nodeSpan(node);
    const line = this.text.indexOf('\n', start);
    const stop = line < 0 || line > end ? end : line;
    return { start, end: this.text[stop - 1] === '\r' ? stop - 1 : stop };
  }

  private startSpan(): Span {
    if (!this.root?.range) return { start: 0, end: 0 };
    const { start } = this.nodeSpan(this.root);
    const line = this.text.indexOf('\n', start);
    const end = line < 0 ? this.text.length : line;
    return { start, end: this.text[end - 1] === '\r' ? end - 1 : end };
  }
}

/** The text of a key; undefined when it is a list or a map. */
export function keyText(key: unknown, mended: Map<number, Mended>): string | undefined {
  if (key === null) return '';
  if (!isScalar(key)) return undefined;
  const whole = key.range ? mended.get(key.range[0]) : undefined;
  if (whole) return whole.value;
  if (typeof key.value === 'string') return key.value;
  return key.source ?? String(key.value);
}

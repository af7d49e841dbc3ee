import type { Call, Comparable, Logical, Operator, Query, Selector } from './syntax.ts';

export type Value = null | boolean | number | string | Value[] | { [key: string]: Value };

/** A value in a document, with the way to it. */
export interface Node {
  value: Value;
  path: (string | number)[];
}

/** Work that one query may do: nodes visited, filters included. */
export const MOST_STEPS = 5_000_000;

/** The query would visit too much of the document. */
export class TooMuchError extends Error {}

/** A value that is not there: an empty result of a path in a comparison (RFC 9535's Nothing). */
const NOTHING = Symbol('nothing');
type Maybe = Value | typeof NOTHING;

/** All nodes that a query selects, in the order of RFC 9535. */
export function select(query: Query, root: Value): Node[] {
  let steps = 0;
  const step = (): void => {
    if (++steps > MOST_STEPS) throw new TooMuchError(`The path visits more than ${MOST_STEPS} values`);
  };

  const run = (it: Query, current: Node): Node[] => {
    let nodes: Node[] = [it.from === 'root' ? { value: root, path: [] } : current];
    for (const { descendant, selectors } of it.segments) {
      const next: Node[] = [];
      for (const node of nodes)
        for (const from of descendant ? descendants(node) : [node])
          for (const one of selectors) apply(one, from, next);
      nodes = next;
    }
    return nodes;
  };

  const child = (node: Node, key: string | number, value: Value): Node => {
    step();
    return { value, path: [...node.path, key] };
  };

  const children = (node: Node): Node[] => {
    if (Array.isArray(node.value)) return node.value.map((value, i) => child(node, i, value));
    if (typeof node.value === 'object' && node.value !== null)
      return Object.entries(node.value).map(([key, value]) => child(node, key, value));
    return [];
  };

  const descendants = (node: Node): Node[] => {
    const found: Node[] = [];
    const stack = [node];
    for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
      found.push(next);
      stack.push(...children(next).reverse());
    }
    return found;
  };

  const apply = (selector: Selector, node: Node, out: Node[]): void => {
    const { value } = node;
    switch (selector.kind) {
      case 'name':
        if (
          typeof value === 'object' &&
          value !== null &&
          !Array.isArray(value) &&
          Object.hasOwn(value, selector.name)
        )
          out.push(child(node, selector.name, value[selector.name]!));
        return;
      case 'index': {
        if (!Array.isArray(value)) return;
        const index = selector.index < 0 ? value.length + selector.index : selector.index;
        if (index >= 0 && index < value.length) out.push(child(node, index, value[index]!));
        return;
      }
      case 'wildcard':
        out.push(...children(node));
        return;
      case 'slice':
        if (Array.isArray(value))
          for (const i of sliceOf(selector, value.length)) out.push(child(node, i, value[i]!));
        return;
      case 'filter':
        for (const it of children(node)) if (holds(selector.test, it)) out.push(it);
    }
  };

  const holds = (test: Logical, current: Node): boolean => {
    switch (test.kind) {
      case 'or':
        return test.parts.some((part) => holds(part, current));
      case 'and':
        return test.parts.every((part) => holds(part, current));
      case 'not':
        return !holds(test.part, current);
      case 'exists':
        return run(test.query, current).length > 0;
      case 'compare':
        return compare(test.op, given(test.left, current), given(test.right, current));
      case 'call':
        return call(test.call, current) === true;
    }
  };

  const given = (it: Comparable, current: Node): Maybe => {
    if (it.kind === 'literal') return it.value;
    if (it.kind === 'call') return call(it.call, current);
    const [node] = run(it.query, current);
    return node === undefined ? NOTHING : node.value;
  };

  const call = ({ name, args }: Call, current: Node): Maybe => {
    const [first, second] = args as Comparable[];
    const nodes = first?.kind === 'query' ? first.query : undefined;
    switch (name) {
      case 'length': {
        const value = given(first!, current);
        if (typeof value === 'string') return [...value].length;
        if (Array.isArray(value)) return value.length;
        return typeof value === 'object' && value !== null ? Object.keys(value).length : NOTHING;
      }
      case 'count':
        return nodes === undefined ? NOTHING : run(nodes, current).length;
      case 'value': {
        const found = nodes === undefined ? [] : run(nodes, current);
        return found.length === 1 ? found[0]!.value : NOTHING;
      }
      case 'match':
      case 'search': {
        const text = given(first!, current);
        const pattern = given(second!, current);
        if (typeof text !== 'string' || typeof pattern !== 'string') return false;
        return regExpOf(pattern, name === 'match')?.test(text) ?? false;
      }
    }
  };

  return run(query, { value: root, path: [] });
}

function* sliceOf(slice: { start?: number; end?: number; step: number }, length: number): Generator<number> {
  const { step } = slice;
  if (step === 0) return;
  const bound = (value: number): number => (value >= 0 ? value : length + value);
  const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);
  if (step > 0) {
    const end = clamp(bound(slice.end ?? length), 0, length);
    for (let i = clamp(bound(slice.start ?? 0), 0, length); i < end; i += step) yield i;
  } else {
    const end = slice.end === undefined ? -1 : clamp(bound(slice.end), -1, length - 1);
    for (let i = clamp(bound(slice.start ?? length - 1), -1, length - 1); i > end; i += step) yield i;
  }
}

function compare(op: Operator, left: Maybe, right: Maybe): boolean {
  switch (op) {
    case '==':
      return equal(left, right);
    case '!=':
      return !equal(left, right);
    case '<':
      return less(left, right);
    case '>':
      return less(right, left);
    case '<=':
      return less(left, right) || equal(left, right);
    case '>=':
      return less(right, left) || equal(left, right);
  }
}

function less(left: Maybe, right: Maybe): boolean {
  if (typeof left === 'number' && typeof right === 'number') return left < right;
  if (typeof left !== 'string' || typeof right !== 'string') return false;
  // By code points, which is not the order of UTF-16.
  const a = [...left];
  const b = [...right];
  for (let i = 0; i < Math.min(a.length, b.length); i++)
    if (a[i] !== b[i]) return a[i]!.codePointAt(0)! < b[i]!.codePointAt(0)!;
  return a.length < b.length;
}

function equal(left: Maybe, right: Maybe): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left) !== Array.isArray(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every(
      (key) =>
        Object.hasOwn(right, key) &&
        equal((left as Record<string, Value>)[key]!, (right as Record<string, Value>)[key]!),
    )
  );
}

const compiled = new Map<string, RegExp | undefined>();

/** An I-Regexp (RFC 9485) as one of JavaScript: only `.` differs, which leaves out CR and LF alone. */
function regExpOf(pattern: string, whole: boolean): RegExp | undefined {
  const key = `${whole ? '^' : ''}${pattern}`;
  if (compiled.has(key)) return compiled.get(key);
  let source = '';
  let inClass = false;
  for (let i = 0; i < pattern.length; i++) {
    const char = pattern[i]!;
    if (char === '\\') {
      source += char + (pattern[++i] ?? '');
      continue;
    }
    if (char === '[') inClass = true;
    if (char === ']') inClass = false;
    source += char === '.' && !inClass ? '[^\\n\\r]' : char;
  }
  let made: RegExp | undefined;
  try {
    made = new RegExp(whole ? `^(?:${source})$` : source, 'u');
  } catch {
    // By RFC 9535 a pattern that is none matches nothing.
  }
  if (compiled.size < 100) compiled.set(key, made);
  return made;
}

/** The normalized path of RFC 9535: `$['a'][0]`. */
export const normalized = (path: readonly (string | number)[]): string =>
  `$${path.map((part) => (typeof part === 'number' ? `[${part}]` : `['${escaped(part)}']`)).join('')}`;

const SHORT: Record<string, string> = {
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  "'": "\\'",
  '\\': '\\\\',
};
const escaped = (text: string): string =>
  text.replace(
    /[\u0000-\u001f'\\]/g,
    (char) => SHORT[char] ?? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

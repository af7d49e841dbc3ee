import {
  type Argument,
  type Call,
  type Comparable,
  FUNCTIONS,
  type FunctionName,
  isSingular,
  type Logical,
  type Operator,
  PathError,
  type Query,
  type Segment,
  type Selector,
} from './syntax.ts';

const MOST_DEPTH = 50;
const OPERATORS: Operator[] = ['==', '!=', '<=', '>=', '<', '>'];
const NAME_FIRST = /[A-Za-z_\u{80}-\u{d7ff}\u{e000}-\u{10ffff}]/u;
const NAME_CHAR = /[A-Za-z0-9_\u{80}-\u{d7ff}\u{e000}-\u{10ffff}]/u;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const INTEGER = /-?(?:0|[1-9]\d*)/y;

/**
 * Parses a JSONPath query by the grammar of RFC 9535, its rules for well-typed functions included.
 * @throws PathError with the place.
 */
export function parsePath(text: string): Query {
  let at = 0;
  let depth = 0;

  const fail = (message: string, where = at): never => {
    throw new PathError(message, where);
  };
  const blank = (): void => {
    while (at < text.length && ' \t\n\r'.includes(text[at]!)) at += 1;
  };
  const eat = (token: string): boolean => {
    if (!text.startsWith(token, at)) return false;
    at += token.length;
    return true;
  };
  const expect = (token: string): void => {
    if (!eat(token)) fail(at >= text.length ? `Expected ${token}, but the path ends` : `Expected ${token}`);
  };
  const charAt = (): string => String.fromCodePoint(text.codePointAt(at) ?? 0);

  const query = (from: Query['from']): Query => {
    const segments: Segment[] = [];
    for (;;) {
      const before = at;
      blank();
      const next = segment();
      if (next === undefined) {
        at = before;
        return { from, segments };
      }
      segments.push(next);
    }
  };

  const segment = (): Segment | undefined => {
    if (eat('..')) {
      if (eat('[')) return { descendant: true, selectors: bracket() };
      return {
        descendant: true,
        selectors: [eat('*') ? { kind: 'wildcard' } : { kind: 'name', name: shorthand() }],
      };
    }
    if (eat('.'))
      return {
        descendant: false,
        selectors: [eat('*') ? { kind: 'wildcard' } : { kind: 'name', name: shorthand() }],
      };
    if (eat('[')) return { descendant: false, selectors: bracket() };
    return undefined;
  };

  const shorthand = (): string => {
    if (at >= text.length || !NAME_FIRST.test(charAt())) fail('Expected a name, * or [');
    let name = '';
    while (at < text.length && NAME_CHAR.test(charAt())) {
      name += charAt();
      at += charAt().length;
    }
    return name;
  };

  const bracket = (): Selector[] => {
    const selectors: Selector[] = [];
    do {
      blank();
      selectors.push(selector());
      blank();
    } while (eat(','));
    expect(']');
    return selectors;
  };

  const selector = (): Selector => {
    const char = text[at];
    if (char === "'" || char === '"') return { kind: 'name', name: string() };
    if (eat('*')) return { kind: 'wildcard' };
    if (eat('?')) {
      blank();
      return { kind: 'filter', test: logicalOr() };
    }
    const start = integer();
    const afterStart = at;
    blank();
    if (!eat(':')) {
      at = afterStart;
      if (start === undefined)
        return fail('Expected a selector: a name in quotes, an index, a slice, * or ?');
      return { kind: 'index', index: start };
    }
    blank();
    const end = integer();
    const afterEnd = at;
    blank();
    let step = 1;
    if (eat(':')) {
      const afterColon = at;
      blank();
      const given = integer();
      if (given === undefined) at = afterColon;
      step = given ?? 1;
    } else at = afterEnd;
    return {
      kind: 'slice',
      ...(start === undefined ? {} : { start }),
      ...(end === undefined ? {} : { end }),
      step,
    };
  };

  const integer = (): number | undefined => {
    INTEGER.lastIndex = at;
    const match = INTEGER.exec(text);
    if (!match) return undefined;
    if (match[0] === '-0') fail('An index must not be -0');
    const value = Number(match[0]);
    if (!Number.isSafeInteger(value)) fail('The index is out of range');
    at += match[0].length;
    if (/\d/.test(text[at] ?? '')) fail('An index must not begin with 0');
    return value;
  };

  const string = (): string => {
    const quote = text[at]!;
    const began = at;
    at += 1;
    let value = '';
    for (;;) {
      if (at >= text.length) return fail('A string is not closed', began);
      const char = text[at]!;
      if (char === quote) {
        at += 1;
        return value;
      }
      if (char < ' ') fail('A control character in a string');
      if (char !== '\\') {
        value += charAt();
        const code = char.charCodeAt(0);
        if (code >= 0xd800 && code <= 0xdfff && charAt().length === 1) fail('Half of a surrogate pair');
        at += charAt().length;
        continue;
      }
      const letter = text[at + 1] ?? '';
      const simple = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', '/': '/', '\\': '\\', [quote]: quote }[
        letter
      ];
      if (simple !== undefined) {
        value += simple;
        at += 2;
      } else if (letter === 'u') value += unicode();
      else fail('An unknown escape');
    }
  };

  const unicode = (): string => {
    const unit = (): number => {
      const hex = /^\\u([0-9a-fA-F]{4})/.exec(text.slice(at, at + 6));
      if (!hex) return fail('Expected \\u and four hex digits');
      at += 6;
      return Number.parseInt(hex[1]!, 16);
    };
    const began = at;
    const high = unit();
    if (high >= 0xdc00 && high <= 0xdfff) fail('Half of a surrogate pair', began);
    if (high < 0xd800 || high > 0xdbff) return String.fromCharCode(high);
    const low = unit();
    if (low < 0xdc00 || low > 0xdfff) fail('Half of a surrogate pair', began);
    return String.fromCharCode(high, low);
  };

  const logicalOr = (): Logical => chain('||', 'or', () => chain('&&', 'and', basic));
  const chain = (token: string, kind: 'or' | 'and', part: () => Logical): Logical => {
    if (++depth > MOST_DEPTH) fail('The filter is nested too deeply');
    const parts = [part()];
    for (;;) {
      const before = at;
      blank();
      if (!eat(token)) {
        at = before;
        break;
      }
      blank();
      parts.push(part());
    }
    depth -= 1;
    return parts.length === 1 ? parts[0]! : { kind, parts };
  };

  const basic = (): Logical => {
    if (eat('!')) {
      blank();
      if (eat('(')) return { kind: 'not', part: parenthesis() };
      const began = at;
      return { kind: 'not', part: testOf(comparable(), began) };
    }
    if (eat('(')) return parenthesis();
    const began = at;
    const left = comparable();
    const before = at;
    blank();
    const op = OPERATORS.find((token) => eat(token));
    if (op === undefined) {
      at = before;
      return testOf(left, began);
    }
    assertComparable(left, began);
    blank();
    const rightAt = at;
    const right = comparable();
    assertComparable(right, rightAt);
    return { kind: 'compare', op, left, right };
  };

  const parenthesis = (): Logical => {
    blank();
    const inner = logicalOr();
    blank();
    expect(')');
    return inner;
  };

  const testOf = (it: Comparable, where: number): Logical => {
    if (it.kind === 'query') return { kind: 'exists', query: it.query };
    if (it.kind === 'literal') return fail('A literal alone is no test; compare it', where);
    if (FUNCTIONS[it.call.name].result !== 'logical')
      fail(`The result of ${it.call.name}() must be compared`, where);
    return { kind: 'call', call: it.call };
  };

  const assertComparable = (it: Comparable, where: number): void => {
    if (it.kind === 'query' && !isSingular(it.query)) fail('Only a path to one node can be compared', where);
    if (it.kind === 'call' && FUNCTIONS[it.call.name].result !== 'value')
      fail(`The result of ${it.call.name}() can't be compared`, where);
  };

  const comparable = (): Comparable => {
    const char = text[at] ?? '';
    if (eat('@')) return { kind: 'query', query: query('current') };
    if (eat('$')) return { kind: 'query', query: query('root') };
    if (char === "'" || char === '"') return { kind: 'literal', value: string() };
    for (const [word, value] of [
      ['true', true],
      ['false', false],
      ['null', null],
    ] as const)
      if (text.startsWith(word, at) && !/[A-Za-z0-9_(]/.test(text[at + word.length] ?? '')) {
        at += word.length;
        return { kind: 'literal', value };
      }
    if (/[-\d]/.test(char)) {
      NUMBER.lastIndex = at;
      const match = NUMBER.exec(text);
      if (!match) return fail('Expected a number');
      at += match[0].length;
      if (/[\d.]/.test(text[at] ?? '')) fail('Not a number of JSON');
      return { kind: 'literal', value: Number(match[0]) };
    }
    if (/[a-z]/.test(char)) return { kind: 'call', call: call() };
    return fail(
      at >= text.length ? 'The path ends in a filter' : 'Expected a path (@…, $…), a literal or a function',
    );
  };

  const call = (): Call => {
    const began = at;
    const name = /^[a-z][a-z0-9_]*/.exec(text.slice(at))![0];
    if (!Object.hasOwn(FUNCTIONS, name)) fail(`There is no function ${name}`, began);
    at += name.length;
    expect('(');
    blank();
    const args: Argument[] = [];
    if (!eat(')')) {
      do {
        blank();
        args.push(argument(name as FunctionName, args.length));
        blank();
      } while (eat(','));
      expect(')');
    }
    const wanted = FUNCTIONS[name as FunctionName].args.length;
    if (args.length !== wanted) fail(`${name}() takes ${wanted} argument${wanted === 1 ? '' : 's'}`, began);
    return { name: name as FunctionName, args };
  };

  const argument = (name: FunctionName, index: number): Argument => {
    if (++depth > MOST_DEPTH) fail('The filter is nested too deeply');
    const began = at;
    const it = comparable();
    depth -= 1;
    const wanted = FUNCTIONS[name].args[index];
    if (wanted === 'nodes' && it.kind !== 'query') fail(`${name}() takes a path`, began);
    if (wanted === 'value') assertComparable(it, began);
    return it;
  };

  if (!eat('$')) fail('A path begins with $');
  const parsed = query('root');
  if (at < text.length) fail('Unexpected text');
  return parsed;
}

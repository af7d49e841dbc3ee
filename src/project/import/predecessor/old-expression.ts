/**
 * The predecessor's templates are Jinja-like: `{{ inputs.model or 'gpt-4o' }}`, `{{ rows | length }}`. This reads an
 * expression of theirs into a tree of what blueprint 2 can say; the rest throws `Untranslatable`.
 */
export class Untranslatable extends Error {}

export type Ast =
  | { kind: 'literal'; code: string }
  | { kind: 'path'; parts: string[] }
  | { kind: 'list'; items: Ast[] }
  | { kind: 'map'; entries: [Ast, Ast][] }
  | { kind: 'member'; of: Ast; name: string }
  | { kind: 'index'; of: Ast; at: Ast }
  | { kind: 'call'; name: string; of: Ast | undefined; args: Ast[] }
  | { kind: 'unary'; op: '!' | '-'; of: Ast }
  | { kind: 'binary'; op: string; left: Ast; right: Ast }
  | { kind: 'either'; left: Ast; right: Ast }
  | { kind: 'choice'; condition: Ast; then: Ast; other: Ast }
  | { kind: 'defined'; of: Ast };

interface Token {
  kind: 'name' | 'number' | 'text' | 'op' | 'end';
  text: string;
}

const MOST_CHARS = 10_000;
const MOST_DEPTH = 60;

/** Reads one expression, without its braces. */
export function readExpression(source: string): Ast {
  if (source.length > MOST_CHARS) throw new Untranslatable('the expression is too long');
  const reader = new Reader(tokens(source));
  const ast = reader.choice();
  reader.end();
  return ast;
}

function tokens(source: string): Token[] {
  const found: Token[] = [];
  const pattern =
    /\s+|([A-Za-z_]\w*)|(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(==|!=|<=|>=|\/\/|\*\*|&&|\|\||[-+*/%~<>|.,:()[\]{}!])/y;
  while (pattern.lastIndex < source.length) {
    const at = pattern.lastIndex;
    const match = pattern.exec(source);
    if (!match) throw new Untranslatable(`"${source.slice(at, at + 20)}" can't be read`);
    const [, name, number, text, op] = match;
    if (name !== undefined) found.push({ kind: 'name', text: name });
    else if (number !== undefined) found.push({ kind: 'number', text: number });
    else if (text !== undefined) found.push({ kind: 'text', text: unquoted(text) });
    else if (op !== undefined) found.push({ kind: 'op', text: op });
  }
  found.push({ kind: 'end', text: '' });
  return found;
}

const unquoted = (text: string): string =>
  text.slice(1, -1).replace(/\\(.)/g, (_, char: string) => ({ n: '\n', t: '\t', r: '\r' })[char] ?? char);

const COMPARE = new Set(['==', '!=', '<', '<=', '>', '>=']);

class Reader {
  readonly #tokens: Token[];
  #at = 0;
  #depth = 0;

  constructor(list: Token[]) {
    this.#tokens = list;
  }

  end(): void {
    if (this.#next.kind !== 'end') throw new Untranslatable(`"${this.#next.text}" is not expected here`);
  }

  choice(): Ast {
    if (++this.#depth > MOST_DEPTH) throw new Untranslatable('it is nested too deep');
    const then = this.#or();
    let ast = then;
    if (this.#takeName('if')) {
      const condition = this.#or();
      const other: Ast = this.#takeName('else') ? this.choice() : { kind: 'literal', code: 'null' };
      ast = { kind: 'choice', condition, then, other };
    }
    this.#depth--;
    return ast;
  }

  #or(): Ast {
    let left = this.#and();
    while (this.#takeName('or') || this.#take('||')) left = { kind: 'either', left, right: this.#and() };
    return left;
  }

  #and(): Ast {
    let left = this.#not();
    while (this.#takeName('and') || this.#take('&&'))
      left = { kind: 'binary', op: '&&', left, right: this.#not() };
    return left;
  }

  #not(): Ast {
    if (this.#takeName('not') || this.#take('!')) return { kind: 'unary', op: '!', of: this.#not() };
    return this.#compare();
  }

  #compare(): Ast {
    let left = this.#sum();
    for (;;) {
      const { kind, text } = this.#next;
      if (kind === 'op' && COMPARE.has(text)) {
        this.#at++;
        left = { kind: 'binary', op: text, left, right: this.#sum() };
      } else if (this.#takeName('in')) left = { kind: 'binary', op: 'in', left, right: this.#sum() };
      else if (this.#isName('not') && this.#tokens[this.#at + 1]?.text === 'in') {
        this.#at += 2;
        left = { kind: 'unary', op: '!', of: { kind: 'binary', op: 'in', left, right: this.#sum() } };
      } else if (this.#takeName('is')) left = this.#test(left);
      else return left;
    }
  }

  #test(of: Ast): Ast {
    const no = this.#takeName('not');
    const { text } = this.#next;
    this.#at++;
    let test: Ast;
    if (text === 'defined') test = { kind: 'defined', of };
    else if (text === 'undefined') test = { kind: 'unary', op: '!', of: { kind: 'defined', of } };
    else if (/^none$/i.test(text))
      test = { kind: 'binary', op: '==', left: of, right: { kind: 'literal', code: 'null' } };
    else if (/^(true|false)$/i.test(text))
      test = { kind: 'binary', op: '==', left: of, right: { kind: 'literal', code: text.toLowerCase() } };
    else throw new Untranslatable(`the test "is ${text}" has no counterpart`);
    return no ? { kind: 'unary', op: '!', of: test } : test;
  }

  #sum(): Ast {
    let left = this.#product();
    for (;;) {
      if (this.#take('+')) left = { kind: 'binary', op: '+', left, right: this.#product() };
      else if (this.#take('-')) left = { kind: 'binary', op: '-', left, right: this.#product() };
      else if (this.#take('~')) {
        const text = (of: Ast): Ast => ({ kind: 'call', name: 'string', of: undefined, args: [of] });
        left = { kind: 'binary', op: '+', left: text(left), right: text(this.#product()) };
      } else return left;
    }
  }

  #product(): Ast {
    let left = this.#sign();
    for (;;) {
      const { text, kind } = this.#next;
      if (kind === 'op' && (text === '*' || text === '/' || text === '%')) {
        this.#at++;
        left = { kind: 'binary', op: text, left, right: this.#sign() };
      } else if (this.#take('//')) {
        const quotient: Ast = { kind: 'binary', op: '/', left, right: this.#sign() };
        left = { kind: 'call', name: 'floor', of: undefined, args: [quotient] };
      } else if (text === '**') throw new Untranslatable('"**" has no counterpart');
      else return left;
    }
  }

  #sign(): Ast {
    if (this.#take('-')) return { kind: 'unary', op: '-', of: this.#sign() };
    if (this.#take('+')) return this.#sign();
    let ast = this.#postfix();
    while (this.#take('|')) ast = this.#filter(ast);
    return ast;
  }

  #filter(of: Ast): Ast {
    const name = this.#name();
    const args = this.#take('(') ? this.#args(')') : [];
    const method = (known: string): Ast => ({ kind: 'call', name: known, of, args });
    const call = (known: string): Ast => ({ kind: 'call', name: known, of: undefined, args: [of] });
    switch (name) {
      case 'length':
      case 'count':
        return call('size');
      case 'string':
      case 'int':
        return call(name);
      case 'float':
        return call('double');
      case 'abs':
      case 'sum':
      case 'min':
      case 'max':
        return call(name);
      case 'tojson':
        return call('toJson');
      case 'default':
      case 'd':
        return { kind: 'call', name: 'orValue', of, args: args.slice(0, 1) };
      case 'upper':
      case 'lower':
      case 'trim':
      case 'join':
      case 'replace':
      case 'first':
      case 'last':
      case 'sort':
      case 'reverse':
        return method(name);
      case 'unique':
        return method('distinct');
      case 'safe':
      case 'list':
        return of;
      default:
        throw new Untranslatable(`the filter "${name}" has no counterpart`);
    }
  }

  #postfix(): Ast {
    let ast = this.#primary();
    for (;;) {
      if (this.#take('.')) {
        const name = this.#next.kind === 'number' ? this.#number() : this.#name();
        if (/^\d+$/.test(name)) ast = { kind: 'index', of: ast, at: { kind: 'literal', code: name } };
        else if (this.#take('(')) ast = this.#method(ast, name);
        else if (ast.kind === 'path') ast = { kind: 'path', parts: [...ast.parts, name] };
        else ast = { kind: 'member', of: ast, name };
      } else if (this.#take('[')) {
        const at = this.choice();
        if (this.#take(':')) throw new Untranslatable('a slice has no counterpart');
        this.#expect(']');
        ast = { kind: 'index', of: ast, at };
      } else return ast;
    }
  }

  #method(of: Ast, name: string): Ast {
    const args = this.#args(')');
    const same: Record<string, string> = {
      upper: 'upper',
      lower: 'lower',
      strip: 'trim',
      startswith: 'startsWith',
      endswith: 'endsWith',
      replace: 'replace',
      split: 'split',
    };
    if (name === 'get' && args.length >= 1) {
      const value: Ast = { kind: 'index', of, at: args[0]! };
      return args.length === 1 ? value : { kind: 'call', name: 'orValue', of: value, args: args.slice(1, 2) };
    }
    if (name === 'keys' || name === 'values') return { kind: 'call', name, of: undefined, args: [of] };
    if (!Object.hasOwn(same, name)) throw new Untranslatable(`the method "${name}" has no counterpart`);
    return { kind: 'call', name: same[name]!, of, args };
  }

  #primary(): Ast {
    const token = this.#next;
    this.#at++;
    if (token.kind === 'number') return { kind: 'literal', code: token.text };
    if (token.kind === 'text') return { kind: 'literal', code: quoted(token.text) };
    if (token.kind === 'name') {
      if (/^(true|false)$/i.test(token.text)) return { kind: 'literal', code: token.text.toLowerCase() };
      if (/^(none|null)$/i.test(token.text)) return { kind: 'literal', code: 'null' };
      if (this.#next.text === '(' && this.#next.kind === 'op') {
        this.#at++;
        const args = this.#args(')');
        const known: Record<string, string> = {
          len: 'size',
          str: 'string',
          int: 'int',
          float: 'double',
          min: 'min',
          max: 'max',
          sum: 'sum',
          abs: 'abs',
          range: 'range',
          bool: 'bool',
        };
        if (!Object.hasOwn(known, token.text))
          throw new Untranslatable(`the function "${token.text}" has no counterpart`);
        return { kind: 'call', name: known[token.text]!, of: undefined, args };
      }
      return { kind: 'path', parts: [token.text] };
    }
    if (token.text === '(') {
      const inside = this.choice();
      this.#expect(')');
      return inside;
    }
    if (token.text === '[') return { kind: 'list', items: this.#args(']') };
    if (token.text === '{') return { kind: 'map', entries: this.#entries() };
    throw new Untranslatable(
      token.kind === 'end' ? 'the expression is not complete' : `"${token.text}" is not expected here`,
    );
  }

  #entries(): [Ast, Ast][] {
    const entries: [Ast, Ast][] = [];
    while (!this.#take('}')) {
      const key = this.choice();
      this.#expect(':');
      entries.push([key, this.choice()]);
      if (!this.#take(',')) {
        this.#expect('}');
        break;
      }
    }
    return entries;
  }

  #args(close: string): Ast[] {
    const args: Ast[] = [];
    while (!this.#take(close)) {
      args.push(this.choice());
      if (!this.#take(',')) {
        this.#expect(close);
        break;
      }
    }
    return args;
  }

  get #next(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: '' };
  }

  #take(op: string): boolean {
    if (this.#next.kind !== 'op' || this.#next.text !== op) return false;
    this.#at++;
    return true;
  }

  #isName(name: string): boolean {
    return this.#next.kind === 'name' && this.#next.text === name;
  }

  #takeName(name: string): boolean {
    if (!this.#isName(name)) return false;
    this.#at++;
    return true;
  }

  #name(): string {
    if (this.#next.kind !== 'name') throw new Untranslatable(`"${this.#next.text}" is not expected here`);
    return this.#tokens[this.#at++]!.text;
  }

  #number(): string {
    return this.#tokens[this.#at++]!.text;
  }

  #expect(op: string): void {
    if (!this.#take(op)) throw new Untranslatable(`"${op}" is missing`);
  }
}

const quoted = (text: string): string =>
  JSON.stringify(text)
    .replace(/^"|"$/g, "'")
    .replace(/\\"/g, '"')
    .replace(/(?<!^)'(?!$)/g, "\\'");

import { type Ast, readExpression, Untranslatable } from './old-expression.ts';

/** How names of the old document are read in the new one. */
export interface Names {
  /** What a path of names means: the parts after the ones that were taken, and what to write for those. */
  root(path: readonly string[]): { code: string; taken: number };
  /** The source with ids that have dashes in them written as they are now. */
  plain(source: string): string;
  /** Tells that a path has something that stands in for it, so it may be missing. */
  mayMiss(path: readonly string[]): void;
}

/** One expression, without its braces. */
export function translateExpression(source: string, names: Names): string {
  return write(readExpression(names.plain(source)), names, 0);
}

/**
 * A text with `{{ … }}` in it; text without is given back as it is.
 * `{% … %}` has no counterpart: it throws.
 */
export function translateTemplate(text: string, names: Names): string {
  if (text.includes('{%'))
    throw new Untranslatable('a statement ({% … %}) has no counterpart: write it as a node');
  return text
    .replace(/\{#[\s\S]*?#\}/g, '')
    .replace(
      /\{\{-?([\s\S]*?)-?\}\}/g,
      (_, inside: string) => `{{ ${translateExpression(inside.trim(), names)} }}`,
    );
}

const IDENTIFIER = /^[A-Za-z_]\w*$/;
const RANK: Record<string, number> = {
  '&&': 3,
  in: 4,
  '==': 4,
  '!=': 4,
  '<': 4,
  '<=': 4,
  '>': 4,
  '>=': 4,
  '+': 5,
  '-': 5,
  '*': 6,
  '/': 6,
  '%': 6,
};

/** Whether a value is certainly true or false: then `or` is a choice of truth, else one of values. */
function isTruth(ast: Ast): boolean {
  switch (ast.kind) {
    case 'unary':
      return ast.op === '!';
    case 'binary':
      return RANK[ast.op]! <= 4;
    case 'either':
      return isTruth(ast.left) && isTruth(ast.right);
    case 'defined':
      return true;
    case 'literal':
      return ast.code === 'true' || ast.code === 'false';
    default:
      return false;
  }
}

/** `rank`: how strongly what is around it binds. */
function write(ast: Ast, names: Names, rank: number): string {
  const wrap = (code: string, own: number): string => (own < rank ? `(${code})` : code);
  switch (ast.kind) {
    case 'literal':
      return ast.code;
    case 'path': {
      const { code, taken } = names.root(ast.parts);
      return ast.parts.slice(taken).reduce((left, part) => `${left}.${part}`, code);
    }
    case 'list':
      return `[${ast.items.map((item) => write(item, names, 0)).join(', ')}]`;
    case 'map':
      return `{${ast.entries.map(([key, value]) => `${write(key, names, 0)}: ${write(value, names, 0)}`).join(', ')}}`;
    case 'member':
      return `${write(ast.of, names, 9)}.${ast.name}`;
    case 'index': {
      const of = write(ast.of, names, 9);
      const { at } = ast;
      if (at.kind === 'literal' && at.code.startsWith("'") && IDENTIFIER.test(at.code.slice(1, -1)))
        return `${of}.${at.code.slice(1, -1)}`;
      return `${of}[${write(at, names, 0)}]`;
    }
    case 'call': {
      const args = ast.args.map((arg) => write(arg, names, 0)).join(', ');
      if (ast.of === undefined) return `${ast.name}(${args})`;
      const of = ast.name === 'orValue' ? optional(ast.of, names) : write(ast.of, names, 9);
      return `${of}.${ast.name}(${args})`;
    }
    case 'unary':
      return wrap(`${ast.op}${write(ast.of, names, 8)}`, 7);
    case 'binary': {
      const own = RANK[ast.op]!;
      return wrap(`${write(ast.left, names, own)} ${ast.op} ${write(ast.right, names, own + 1)}`, own);
    }
    case 'either':
      if (isTruth(ast.left) || isTruth(ast.right))
        return wrap(`${write(ast.left, names, 2)} || ${write(ast.right, names, 3)}`, 2);
      return `${optional(ast.left, names)}.orValue(${write(ast.right, names, 0)})`;
    case 'choice':
      return wrap(
        `${write(ast.condition, names, 2)} ? ${write(ast.then, names, 2)} : ${write(ast.other, names, 1)}`,
        1,
      );
    case 'defined': {
      const code = write(ast.of, names, 9);
      if (ast.of.kind === 'path' && !code.includes('.')) return wrap(`${code} != null`, 4);
      return `has(${code.replaceAll('.?', '.')})`;
    }
  }
}

/** The last step of a path may be missing: `a.b` -> `a.?b`. */
function optional(ast: Ast, names: Names): string {
  if (ast.kind === 'path') names.mayMiss(ast.parts);
  const code = write(ast, names, 9);
  const last = /^(.*[^?])\.([A-Za-z_]\w*)$/s.exec(code);
  return last && (ast.kind === 'path' || ast.kind === 'index' || ast.kind === 'member')
    ? `${last[1]}.?${last[2]}`
    : code;
}

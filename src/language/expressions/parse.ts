import { Environment } from '@marcbachmann/cel-js';
import type { Expression, ExprFinding } from './ast.ts';
import { LIMITS } from './limits.ts';
import { collectRefs } from './refs.ts';
import { syntaxHelp, syntaxMessage } from './syntax-help.ts';
import { type ParserNode, TooDeep, translate } from './translate.ts';

const environment = new Environment({
  enableOptionalTypes: true,
  unlistedVariablesAreDyn: true,
  limits: {
    maxAstNodes: LIMITS.nodes,
    maxDepth: 120,
    maxListElements: 1000,
    maxMapEntries: 1000,
    maxCallArguments: 32,
  },
});

export type ParseResult = { ok: true; expression: Expression } | { ok: false; findings: ExprFinding[] };

const failed = (code: string, message: string, start: number, end: number, help?: string): ParseResult => ({
  ok: false,
  findings: [{ code, severity: 'error', message, start, end, ...(help === undefined ? {} : { help }) }],
});

/**
 * Parses one CEL expression (what stands between `{{` and `}}`). Never throws: a syntax error is one finding, and
 * whatever else can be known without types (functions, argument counts, literals, patterns) is found all at once.
 * Offsets are within `source`.
 */
export function parseExpression(source: string): ParseResult {
  if (source.trim() === '') {
    return failed(
      'ICE1303',
      'The expression is empty',
      0,
      source.length,
      "Write a value, or {{ '{{' }} for the text {{.",
    );
  }
  if (source.length > LIMITS.chars) {
    return failed('ICE1314', `The expression is longer than ${LIMITS.chars} characters`, 0, source.length);
  }
  try {
    const { ast, slots, findings } = translate(
      environment.parse(source).ast as unknown as ParserNode,
      source,
    );
    if (findings.length > 0) return { ok: false, findings };
    return { ok: true, expression: { source, ast, refs: collectRefs(ast), slots } };
  } catch (error) {
    return fromParser(error, source);
  }
}

/** Words that begin a statement elsewhere, and how the same is written here. */
const STATEMENTS: Record<string, string> = {
  if: 'A choice is written `condition ? a : b`.',
  else: 'A choice is written `condition ? a : b`.',
  for: 'Lists are gone through by `list.map(x, x.price)` and `list.filter(x, x.price > 3)`.',
  while: 'Lists are gone through by `list.map(x, x.price)` and `list.filter(x, x.price > 3)`.',
  function: 'There are no functions of your own: `cel.bind(x, value, body)` names a value.',
  return: 'An expression is its value: leave the word out.',
  let: '`cel.bind(x, value, body)` names a value.',
  var: '`cel.bind(x, value, body)` names a value.',
  const: '`cel.bind(x, value, body)` names a value.',
};

function fromParser(error: unknown, source: string): ParseResult {
  // The parser is recursive: a hostile chain of operators ends in a RangeError, here or in the translation.
  if (error instanceof RangeError || error instanceof TooDeep) {
    return failed(
      'ICE1314',
      'The expression is nested too deeply',
      0,
      source.length,
      'Split it up with `set` nodes.',
    );
  }
  const { code, summary, range } = error as {
    code?: unknown;
    summary?: unknown;
    range?: { start: number; end: number };
  };
  if (typeof code !== 'string' || typeof summary !== 'string') throw error;
  const start = Math.min(range?.start ?? 0, source.length);
  const end = Math.min(Math.max(range?.end ?? start, start), source.length);
  if (code === 'reserved_identifier') {
    const name = source.slice(start, end);
    return failed(
      'ICE1304',
      `'${name}' is a reserved word`,
      start,
      end,
      STATEMENTS[name] ?? 'Give the variable or node another id.',
    );
  }
  if (code === 'limit_exceeded')
    return failed('ICE1314', `The expression is too large: ${summary}`, start, end);
  if (code === 'invalid_macro_argument') {
    return failed('ICE1310', 'The first argument must be a name', start, end, 'Write list.map(x, x.price).');
  }
  if (code === 'invalid_number' || code.endsWith('integer'))
    return failed('ICE1306', 'This is not a number', start, end);
  return failed(
    'ICE1301',
    syntaxMessage(code, summary, source.slice(start, end)),
    start,
    end,
    syntaxHelp(source, start),
  );
}

import type { Expression, Json, Node } from './ast.ts';
import type { Code } from './code.ts';
import { compile } from './compile.ts';
import { ExpressionError } from './error.ts';
import { DEFAULT_MAX_STEPS, type EvalOptions, MAX_OUTPUT_CHARS, Meter, type Scope } from './meter.ts';
import { jsonSize } from './values.ts';

interface Compiled {
  run: Code;
  /** Whether the value may be larger than what was read: only then its size is measured. */
  builds: boolean;
}

/** Compiled once; an expression that is dropped takes its code with it. */
const compiled = new WeakMap<Expression, Compiled>();

function codeOf(expression: Expression): Compiled {
  let known = compiled.get(expression);
  if (!known) {
    known = { run: compile(expression.ast), builds: builds(expression.ast) };
    compiled.set(expression, known);
  }
  return known;
}

/** Paths, arithmetic and conditions give what they read; only these make arrays and objects. */
function builds(node: Node): boolean {
  switch (node.op) {
    case 'list':
    case 'map':
    case 'call':
    case 'macro':
    case 'bind':
      return true;
    case 'binary':
      return node.operator === '+';
    case 'conditional':
      return builds(node.yes) || builds(node.no);
    case 'member':
      return builds(node.object);
    case 'index':
      return builds(node.object);
    default:
      return false;
  }
}

/**
 * The value of an expression. Pure: it reads the scope and nothing else, and gives the same value for the same scope.
 * Parts of the value may be the scope's own objects, so treat it as read-only. Throws ExpressionError when there is
 * no value, after `maxSteps` steps (default 1,000,000), or when it grows beyond 10 MB.
 */
export function evaluate(expression: Expression, scope: Scope, options?: EvalOptions): Json {
  const { run, builds } = codeOf(expression);
  const meter = new Meter(expression.source, scope, expression.slots, options?.maxSteps ?? DEFAULT_MAX_STEPS);
  try {
    const value = run(meter);
    if (builds && typeof value === 'object' && value !== null && jsonSize(value) > MAX_OUTPUT_CHARS) {
      meter.fail('ICE1316', 'The value of the expression is too large', {
        at: expression.ast,
        help: `Its JSON may have ${MAX_OUTPUT_CHARS} characters at most.`,
      });
    }
    return value;
  } catch (error) {
    if (error instanceof RangeError) throw tooDeep(expression);
    throw error;
  }
}

/** Data that is nested deeper than the stack. */
function tooDeep({ source }: Expression): ExpressionError {
  return new ExpressionError('ICE1314', 'The data is nested too deeply', {
    start: 0,
    end: source.length,
    source,
  });
}

export type { Json } from '../../contracts/json.ts';
export type { Expression, ExprFinding, Node, Ref, Span } from './ast.ts';
export { BUILTINS, type Builtin, type Param, RESERVED_IDS, RESERVED_WORDS, VARIABLES } from './builtins.ts';
export type { TypeEnv } from './checker.ts';
export { type CodeEntry, EXPRESSION_CODES, type ExpressionCode } from './codes.ts';
export { ExpressionError } from './error.ts';
export { evaluate } from './evaluate.ts';
export { type Inferred, inferExpression } from './infer.ts';
export { inferTemplate } from './infer-template.ts';
export { canBe, conditionProblem } from './kinds.ts';
export {
  DEFAULT_MAX_STEPS,
  type EvalOptions,
  type FailedItem,
  MAX_OUTPUT_CHARS,
  type NodeOutcome,
  type Scope,
} from './meter.ts';
export { type ParseResult, parseExpression } from './parse.ts';
export { render } from './render.ts';
export { hint, suggest } from './suggest.ts';
export {
  isStatic,
  type ParsedTemplate,
  type Path,
  parseTemplate,
  type Template,
  type TemplateFinding,
  type TemplateRef,
} from './template.ts';

import type { Json } from '../../contracts/json.ts';
import { toText as textOf } from './values.ts';

/** A value as text: null is empty, a list or an object is compact JSON, 12.0 is `12`. */
export const toText = (value: Json): string => textOf(value);

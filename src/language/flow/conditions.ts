import type { JsonSchema } from '../../contracts/json.ts';
import type { Collector } from '../diagnostics/collector.ts';
import { canBe, conditionProblem } from '../expressions/kinds.ts';
import type { Template } from '../expressions/template.ts';
import type { Role } from '../graph/templates.ts';
import type { Path } from '../source/path.ts';
import { describe, itemType } from '../types/index.ts';
import { loopHelp } from './help.ts';
import { foreignMark, type ValueChecker } from './value-checker.ts';

/** `if` and `expression`: one expression that is true or false; reports what is not, and what is always the same. */
export function checkCondition(
  out: Collector,
  template: Template,
  at: Path,
  checker: ValueChecker,
  role: Role,
): JsonSchema {
  if (template.kind === 'static') {
    // A text without an expression was reported by the shape; true and false are what they are.
    if (role === 'condition' && typeof template.value === 'boolean') {
      out.atValue('ICE1431', at, `The condition is always ${template.value}`, {
        severity: 'warning',
        help: 'Only one of the lists ever runs.',
      });
    }
    return { type: 'boolean' };
  }
  const type = checker.infer(template, at);
  if (template.kind !== 'single') {
    out.atValue('ICE1425', at, 'A condition is one expression, and this is a text with an expression in it', {
      help: foreignMark(template) ?? 'Put the whole comparison inside {{ }}.',
    });
    return type;
  }
  const problem = conditionProblem(type);
  if (problem === 'type') {
    out.atValue('ICE1425', at, `A condition must be true or false, and this is ${describe(type)}`, {
      help: canBe(type, 'array', true)
        ? 'Compare its size: {{ size(x) > 0 }}.'
        : 'Compare it: {{ x > 0 }}, {{ x != null }}.',
    });
  } else if (problem === 'null') {
    out.atValue('ICE1404', at, 'The condition may be null here, and must be true or false', {
      severity: 'warning',
      help: 'Give a default with x.orValue(false), or test x != null first.',
    });
  }
  const ast = template.part.expression.ast;
  if (ast.op === 'literal' && typeof ast.value === 'boolean') {
    out.atValue('ICE1431', at, `The condition is always ${ast.value}`, {
      severity: 'warning',
      help: 'Write an expression that reads something, or remove it.',
    });
  }
  return type;
}

/** What a loop goes over: a list. Gives its type, and that of an item. */
export function checkItems(
  out: Collector,
  template: Template,
  at: Path,
  checker: ValueChecker,
): { type: JsonSchema; item: JsonSchema } {
  if (template.kind === 'static' && typeof template.value === 'string') return { type: {}, item: {} };
  const type = checker.infer(template, at);
  const item = itemType(type);
  if (!item.fits) {
    out.atValue('ICE1424', at, `A loop goes over a list, and this is ${describe(type)}`, {
      help: foreignMark(template) ?? loopHelp(type, template),
    });
  } else if (item.nullable) {
    out.atValue('ICE1404', at, 'The list may be null here', {
      severity: 'warning',
      help: 'Give an empty list instead: {{ x.orValue([]) }}.',
    });
  }
  return { type, item: item.fits && item.found ? item.type : {} };
}

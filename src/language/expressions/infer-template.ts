import type { JsonSchema } from '../../contracts/json.ts';
import { objectType, typeOfValue, union } from '../types/index.ts';
import type { TypeEnv } from './checker.ts';
import { inferExpression } from './infer.ts';
import { bounded } from './kinds.ts';
import type { Path, Placed, Template, TemplateFinding } from './template.ts';

const MAX_TUPLE = 64;

/**
 * The type of a template's value, and the findings of all its expressions; offsets are within the string at `path`.
 * A string with text around its expressions is a string, whatever they are.
 */
export function inferTemplate(
  template: Template,
  env: TypeEnv,
): { type: JsonSchema; findings: TemplateFinding[] } {
  const findings: TemplateFinding[] = [];
  const expression = (part: Placed, path: Path): JsonSchema => {
    const inferred = inferExpression(part.expression, env);
    for (const finding of inferred.findings) {
      findings.push({ ...finding, start: finding.start + part.offset, end: finding.end + part.offset, path });
    }
    return inferred.type;
  };
  const visit = (each: Template, path: Path): JsonSchema => {
    switch (each.kind) {
      case 'static':
        return typeOfValue(each.value);
      case 'single':
        return expression(each.part, path);
      case 'text':
        for (const part of each.parts) if (typeof part !== 'string') expression(part, path);
        return { type: 'string' };
      case 'array': {
        const items = each.items.map((item, i) => visit(item, [...path, i]));
        if (items.length > MAX_TUPLE) return bounded({ type: 'array', items: union(...items) });
        return bounded({ type: 'array', prefixItems: items, items: false });
      }
      case 'object':
        return bounded(objectType(each.entries.map(([key, item]) => [key, visit(item, [...path, key])])));
    }
  };
  return { type: visit(template, []), findings };
}

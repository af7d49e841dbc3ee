import type { Json, JsonSchema } from '../../contracts/json.ts';
import type { Collector } from '../diagnostics/collector.ts';
import { renameKey, replaceValue } from '../diagnostics/fixes.ts';
import { inferExpression } from '../expressions/infer.ts';
import { inferTemplate } from '../expressions/infer-template.ts';
import { canBe } from '../expressions/kinds.ts';
import { parseExpression } from '../expressions/parse.ts';
import { suggest } from '../expressions/suggest.ts';
import type { Template } from '../expressions/template.ts';
import { schemaErrors } from '../schema/check-schema.ts';
import { sameName } from '../shape/walk.ts';
import type { Path } from '../source/path.ts';
import {
  assignable,
  describe,
  isUnknown,
  type ObjectShape,
  resolveRefs,
  shapesOf,
  typeOfValue,
} from '../types/index.ts';
import { closedObject } from './result-types.ts';
import type { ScopeEnv } from './scope-env.ts';

/** How the findings about a value are called: the arguments of a tool, the inputs of a workflow, … */
export interface ValueKind {
  wrongType: string;
  /** `argument`, `input`. */
  noun: string;
  /** Who takes it: `the tool 'price'`. */
  taker: string;
}

/** Words that begin a sentence, in the middle of one. */
const inside = (words: string): string => words[0]!.toLowerCase() + words.slice(1);

/**
 * Checks the value of a template against a schema, field by field as far as it is written out, so that a finding
 * stands at the part that is wrong. Every expression is inferred exactly once, and its findings are reported.
 */
export class ValueChecker {
  private readonly out: Collector;
  private readonly env: ScopeEnv;

  constructor(out: Collector, env: ScopeEnv) {
    this.out = out;
    this.env = env;
  }

  /** The type of a template; reports what is wrong in its expressions. */
  infer(template: Template, path: Path): JsonSchema {
    const { type, findings } = inferTemplate(template, this.env);
    for (const each of findings) {
      const name = each.code === 'ICE1307' ? textAt(template, each.path).slice(each.start, each.end) : '';
      this.out.within(each.code, [...path, ...each.path], each.start, each.end, each.message, {
        severity: each.severity,
        help: (name !== '' && this.env.meant(name)) || each.help,
      });
    }
    return type;
  }

  /** Whether an expression reads something that is there and of a known type. */
  reads(expression: string): boolean {
    const parsed = parseExpression(expression);
    if (!parsed.ok) return false;
    const { type, findings } = inferExpression(parsed.expression, this.env);
    return !isUnknown(type) && findings.every(({ severity }) => severity !== 'error');
  }

  check(template: Template, expected: JsonSchema, path: Path, kind: ValueKind): JsonSchema {
    if (template.kind === 'static') return this.known(template.value, expected, path, kind);
    if (template.kind === 'object') {
      const shape = objectShape(expected);
      if (shape) return this.object(template, shape, path, kind);
    }
    if (template.kind === 'array') {
      const shapes = shapesOf(resolveRefs(expected));
      const shape = shapes.length === 1 ? shapes[0] : undefined;
      if (shape?.type === 'array') {
        const items = template.items.map((item, index) =>
          this.check(item, shape.prefix[index] ?? shape.items, [...path, index], kind),
        );
        return { type: 'array', prefixItems: items, items: false };
      }
    }
    const type = this.infer(template, path);
    this.fits(type, expected, path, kind, foreignMark(template));
    return type;
  }

  /**
   * Warns of `${{ x }}` with a text x, as other tools write expressions: here the $ stays in the text. Before a number
   * it is money; where x is anything else, the text that it makes does not fit, which is said instead.
   */
  warnOfDollar(template: Template, path: Path): void {
    if (template.kind === 'array')
      for (const [index, item] of template.items.entries()) this.warnOfDollar(item, [...path, index]);
    if (template.kind === 'object')
      for (const [key, item] of template.entries) this.warnOfDollar(item, [...path, key]);
    if (template.kind !== 'text' || template.parts.length !== 2 || template.parts[0] !== '$') return;
    const part = template.parts[1]!;
    if (typeof part === 'string') return;
    const { type } = inferExpression(part.expression, this.env);
    if (!canBe(type, 'string', true) || canBe(type, 'number', true)) return;
    this.out.within('ICE1137', path, 0, 1, 'The $ is a part of the text here', {
      severity: 'warning',
      help: `Write {{ ${part.expression.source.trim()} }} alone.`,
    });
  }

  /** Reports when no value of a type fits, or when it may be null where null does not fit. */
  fits(type: JsonSchema, expected: JsonSchema, path: Path, kind: ValueKind, hint?: string): void {
    const fit = assignable(type, expected);
    const name = nameOf(path, kind);
    if (!fit.ok) {
      const maybe = fit.kind === 'optional';
      const where = fit.path.length > 0 ? ` (at ${fit.path.join('.')})` : '';
      this.out.atValue(maybe ? 'ICE1423' : kind.wrongType, path, `${name}: ${fit.reason}${where}`, {
        ...(maybe ? { severity: 'warning' as const } : {}),
        help:
          hint ??
          this.inBrackets(type, expected, path) ??
          asText(type, expected) ??
          `${kind.taker} takes ${describe(expected)}; this is ${describe(type)}.`,
      });
      return;
    }
    if (canBe(type, 'null', true) && !canBe(expected, 'null') && !canBe(expected, 'null', true)) {
      this.out.atValue('ICE1423', path, `${name} may be null here, and ${inside(kind.taker)} needs a value`, {
        severity: 'warning',
        help: `Give a default: {{ x.orValue(…) }}. It takes ${describe(expected)}.`,
      });
    }
  }

  /** One item where a list of such is taken. */
  private inBrackets(type: JsonSchema, expected: JsonSchema, path: Path): string | undefined {
    const { source } = this.out;
    if (!assignable({ type: 'array', items: type }, expected).ok || source.shared(path)) return undefined;
    const { start, end } = source.valueSpan(path);
    const written = source.text.slice(start, end);
    return written.includes('\n') ? undefined : `A list is taken: write [${written}].`;
  }

  /** A value without expressions: it is checked as it is. */
  private known(value: Json, expected: JsonSchema, path: Path, kind: ValueKind): JsonSchema {
    const shape =
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? objectShape(expected)
        : undefined;
    if (shape) {
      const entries = Object.entries(value as { [key: string]: Json }).map(
        ([key, item]): [string, Template] => [key, { kind: 'static', value: item }],
      );
      return this.object({ kind: 'object', entries }, shape, path, kind);
    }
    const [error] = schemaErrors(expected, value);
    if (error) {
      const at = [...path, ...pathParts(error.path)];
      const near = typeof value === 'string' ? meantValue(value, expected) : undefined;
      this.out.atValue(kind.wrongType, at, `${nameOf(at, kind)} ${error.message}`, {
        help:
          near === undefined
            ? `${kind.taker} takes ${describe(expected)}.`
            : `Did you mean ${JSON.stringify(near)}?`,
        fix: this.unquote(value, expected, path),
      });
    }
    return typeOfValue(value);
  }

  /** A number or a boolean in quotes, where it would fit without. */
  private unquote(value: Json, expected: JsonSchema, path: Path) {
    if (typeof value !== 'string' || !/^(?:-?\d+(?:\.\d+)?|true|false)$/.test(value)) return undefined;
    const bare = JSON.parse(/^-?0\d/.test(value) ? 'null' : value) as Json;
    if (bare === null || schemaErrors(expected, bare).length > 0) return undefined;
    return replaceValue(this.out.source, path, value, 'Remove the quotes', true);
  }

  private object(
    template: Extract<Template, { kind: 'object' }>,
    shape: ObjectShape,
    path: Path,
    kind: ValueKind,
  ): JsonSchema {
    const given = new Map(template.entries);
    const types: [string, JsonSchema][] = [];
    const missing = [...shape.required].filter((name) => !given.has(name));
    for (const [key, item] of template.entries) {
      const at = [...path, key];
      const property = shape.properties.get(key);
      if (property !== undefined) {
        types.push([key, this.check(item, property, at, kind)]);
        continue;
      }
      // A schema that lists its fields and says nothing of others means these: a tool never sees any other.
      const open = shape.additional !== undefined ? shape.additional !== false : shape.properties.size === 0;
      if (open) {
        types.push([key, this.check(item, shape.additional ?? {}, at, kind)]);
        continue;
      }
      const meant = this.unknownField(key, shape, missing, given, at, kind);
      if (meant === undefined) types.push([key, this.infer(item, at)]);
      else {
        missing.splice(missing.indexOf(meant), missing.includes(meant) ? 1 : 0);
        this.out.source.rename([...path, meant], key);
        types.push([meant, this.check(item, shape.properties.get(meant)!, [...path, meant], kind)]);
      }
    }
    for (const name of missing) this.missingField(name, shape, path, kind);
    return closedObject(types);
  }

  /** Reports a field that is not taken; gives the one that was meant, if it is plain and free. */
  private unknownField(
    key: string,
    shape: ObjectShape,
    missing: string[],
    given: ReadonlyMap<string, Template>,
    at: Path,
    kind: ValueKind,
  ): string | undefined {
    const names = [...shape.properties.keys()].filter((name) => !given.has(name));
    const onlyMissing = missing.length === 1 && given.size === 1 ? missing[0] : undefined;
    const near = suggest(key, names) ?? names.find((name) => sameName(name, key));
    const all = [...shape.properties.keys()];
    this.out.atKey('ICE1422', at, `${kind.taker} has no ${kind.noun} '${key}'`, {
      help: near
        ? `Did you mean '${near}'?`
        : all.length === 0
          ? `It takes none.`
          : `It takes ${all.slice(0, 10).join(', ')}${all.length > 10 ? ` and ${all.length - 10} more` : ''}.${onlyMissing ? ` Did you mean '${onlyMissing}'?` : ''}`,
      fix: near ? renameKey(this.out.source, at, near, sameName(near, key)) : undefined,
    });
    return near;
  }

  private missingField(name: string, shape: ObjectShape, path: Path, kind: ValueKind): void {
    const type = shape.properties.get(name);
    const at = this.out.source.has(path) ? path : path.slice(0, -1);
    const seen = this.env.variable('inputs');
    const hasInput = seen !== undefined && objectShape(seen)?.properties.has(name);
    this.out.atKey('ICE1421', at, `${kind.taker} needs the ${kind.noun} '${name}'`, {
      help: `Add \`${name}\`${type === undefined ? '' : ` (${describe(type)})`}${hasInput ? `, as ${name}: "{{ inputs.${name} }}"` : ''}.`,
    });
  }
}

/** The one object that a schema allows, null aside; undefined when it allows others too. */
export function objectShape(schema: JsonSchema): ObjectShape | undefined {
  const shapes = shapesOf(resolveRefs(schema)).filter((shape) => shape.type !== 'null');
  const [only] = shapes;
  return shapes.length === 1 && only!.type === 'object' ? only : undefined;
}

const nameOf = (path: Path, kind: ValueKind): string => {
  const names = path.filter((part) => typeof part === 'string');
  const last = path.at(-1);
  const name = typeof last === 'number' ? `${names.at(-1)}[${last}]` : `${last}`;
  return `The ${kind.noun} '${name}'`;
};

/** `rows[2].price` -> parts. */
const pathParts = (path: string): (string | number)[] =>
  [...path.matchAll(/\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|([\w$-]+)/g)].map((match) =>
    match[1] !== undefined ? Number(match[1]) : (match[2] ?? match[3]!),
  );

/** The text of a template at a place in it. */
function textAt(template: Template, path: readonly (string | number)[]): string {
  let at: Template | undefined = template;
  for (const key of path) {
    if (at?.kind === 'array') at = at.items[Number(key)];
    else if (at?.kind === 'object') at = at.entries.find(([name]) => name === key)?.[1];
  }
  return at?.kind === 'single' || at?.kind === 'text' ? at.text : '';
}

/** `${{ x }}` and `"{{ x }}"` inside quotes: what is around an expression makes a text of it. */
export function foreignMark(template: Template): string | undefined {
  if (template.kind !== 'text') return undefined;
  const around = template.parts
    .filter((part) => typeof part === 'string')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (template.parts.filter((part) => typeof part !== 'string').length !== 1) return undefined;
  if (around.length === 1 && around[0] === '$')
    return 'Remove the $: with anything around it, {{ }} makes a text.';
  return 'With anything around it, {{ }} makes a text. Put all of it inside the braces.';
}

/** The allowed value that was probably meant. */
function meantValue(value: string, expected: JsonSchema): string | undefined {
  const allowed = shapesOf(resolveRefs(expected)).flatMap((shape) =>
    'values' in shape && shape.values ? shape.values : [],
  );
  const texts = allowed.filter((each) => typeof each === 'string');
  return texts.find((each) => each.toLowerCase() === value.toLowerCase()) ?? suggest(value, texts);
}

/** A number where a text is taken. */
const asText = (type: JsonSchema, expected: JsonSchema): string | undefined =>
  assignable({ type: 'string' }, expected).ok &&
  shapesOf(resolveRefs(type)).every((shape) => shape.type === 'number' || shape.type === 'integer')
    ? 'Make it a text: {{ string(…) }}.'
    : undefined;

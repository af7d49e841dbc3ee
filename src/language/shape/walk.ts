import type { Fix } from '../../contracts/diagnostics.ts';
import { durationMs } from '../../contracts/durations.ts';
import type { Collector } from '../diagnostics/collector.ts';
import { renameKey, replaceValue } from '../diagnostics/fixes.ts';
import { suggest } from '../expressions/suggest.ts';
import type { Path } from '../source/path.ts';
import { issueText } from './issue-text.ts';
import { meantDuration } from './meant-duration.ts';
import { type Place, renameOf } from './renames.ts';
import { checkSchemaDocument } from './schema-document.ts';
import { wrongTypeHelp } from './wrong-type-help.ts';
import { describeShape, describeValue, type Shape } from './zod-shape.ts';

/** Stands for a value that could not be read; the reason has been reported. */
export const BROKEN: unique symbol = Symbol('broken');
export type Walked = unknown | typeof BROKEN;

type ObjectShape = Extract<Shape, { kind: 'object' }>;
type LeafShape = Extract<Shape, { kind: 'leaf' }>;
export type Map = { [key: string]: unknown };

export const isMap = (value: unknown): value is Map =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Walks a value along a shape, reports all that does not fit, and gives back what does, with defaults. Small slips
 * whose meaning is plain (a number in quotes, one item for a list) are reported and read as they were meant, so that
 * they cause no further findings.
 */
export class Walk {
  readonly out: Collector;
  /** How a list of nodes is read; a document without nodes has none. */
  readonly nodes: ((value: unknown, path: Path) => Walked) | undefined;

  constructor(out: Collector, nodes?: (value: unknown, path: Path) => Walked) {
    this.out = out;
    this.nodes = nodes;
  }

  value(shape: Shape, value: unknown, path: Path): Walked {
    switch (shape.kind) {
      case 'json':
        return value;
      case 'nodes':
        return this.nodes ? this.nodes(value, path) : value;
      case 'schema':
        return checkSchemaDocument(this.out, value, path) ? value : BROKEN;
      case 'duration':
        return this.duration(value, path);
      case 'leaf':
        return this.leaf(shape, value, path);
      case 'list':
        return this.list(shape, value, path);
      case 'record':
        return this.record(shape, value, path);
      case 'union':
        return this.union(shape, value, path);
      case 'object':
        if (!isMap(value)) return this.retryCount(shape, value, path) ?? this.wrongType(shape, value, path);
        return this.object(shape, value, path, {
          place: { kind: path.at(-1) === 'retry' ? 'retry' : 'other' },
          what: path.length === 0 ? 'The document' : `\`${String(path.at(-1))}\``,
        }).value;
    }
  }

  /** `broken` are the fields that were there and could not be read, or that are missing. */
  object(
    shape: ObjectShape,
    value: Map,
    path: Path,
    context: { place: Place; what: string },
  ): { value: Map; broken: Set<string> } {
    const result: Map = {};
    const broken = new Set<string>();
    const given = new Map<string, { key: string; value: unknown }>();
    for (const [key, item] of Object.entries(value)) {
      if (shape.fields.has(key)) given.set(key, { key, value: item });
    }
    for (const [key, item] of Object.entries(value)) {
      if (shape.fields.has(key) || !shape.strict) continue;
      const meant = this.unknownField(shape, key, path, context, given);
      if (meant === undefined) continue;
      if (meant.usable) {
        this.out.source.rename([...path, meant.name], key);
        given.set(meant.name, { key, value: item });
      } else broken.add(meant.name);
    }
    for (const [name, field] of shape.fields) {
      const there = given.get(name);
      if (there === undefined || (there.value === null && !field.required && field.shape.kind !== 'json')) {
        if (there !== undefined) this.emptyField(name, path);
        if (broken.has(name)) continue;
        if (field.required) {
          broken.add(name);
          this.missing(name, field.shape, path, context.what);
        } else if (field.default) result[name] = field.default();
        continue;
      }
      const walked = this.value(field.shape, there.value, [...path, name]);
      if (walked !== BROKEN) result[name] = walked;
      else broken.add(name);
    }
    return { value: result, broken };
  }

  missing(name: string, shape: Shape, path: Path, what: string): void {
    this.out.atKey('ICE1102', path, `${what} needs the field \`${name}\``, {
      help:
        shape.kind === 'leaf' && shape.type === 'literal'
          ? `Add \`${name}: ${String(shape.values?.[0])}\`.`
          : `Add \`${name}:\` with ${describeShape(shape)}.`,
    });
  }

  private emptyField(name: string, path: Path): void {
    this.out.atKey('ICE1104', [...path, name], `\`${name}\` is empty`, {
      severity: 'warning',
      help: 'Give it a value, or remove the line. If its value stands below, indent it deeper.',
    });
  }

  private unknownField(
    shape: ObjectShape,
    key: string,
    path: Path,
    context: { place: Place; what: string },
    given: ReadonlyMap<string, unknown>,
  ): { name: string; usable: boolean } | undefined {
    const at = [...path, key];
    const names = [...shape.fields.keys()];
    const rename = renameOf(context.place, key);
    const free = (name: string) => shape.fields.has(name) && !given.has(name);
    if (rename && free(rename.to)) {
      const safe = rename.safe;
      this.out.atKey(
        'ICE1117',
        at,
        `${context.what} has no field \`${key}\`: it is called \`${rename.to}\` here`,
        {
          help: rename.help ?? `Write \`${rename.to}\`.`,
          fix: safe ? renameKey(this.out.source, at, rename.to, true) : undefined,
        },
      );
      return { name: rename.to, usable: safe };
    }
    const near = suggest(key, names);
    if (near !== undefined) {
      const usable = free(near);
      this.out.atKey('ICE1103', at, `${context.what} has no field \`${key}\``, {
        help: usable
          ? `Did you mean \`${near}\`?`
          : `Did you mean \`${near}\`? It is given already: remove one of them.`,
        fix: usable ? renameKey(this.out.source, at, near, sameName(key, near)) : undefined,
      });
      return usable ? { name: near, usable: true } : undefined;
    }
    this.out.atKey('ICE1103', at, `${context.what} has no field \`${key}\``, {
      help: this.unknownHelp(key, names),
    });
    return undefined;
  }

  /** May be replaced by one that knows where else the field would be right. */
  unknownHelp(_key: string, names: string[]): string {
    return `Its fields are ${names.filter((name) => !name.startsWith('$')).join(', ')}.`;
  }

  /** `retry: 3`: a count in the place of the map. */
  private retryCount(shape: Shape, value: unknown, path: Path): Walked {
    const count = Number(value);
    if (path.at(-1) !== 'retry' || typeof value === 'boolean' || !Number.isInteger(count) || count < 1)
      return undefined;
    const text = `{ maxAttempts: ${count} }`;
    const fix = replaceValue(this.out.source, path, text, `Write ${text}`, false);
    return this.wrongType(shape, value, path, `Write ${text}; the first attempt counts.`, fix);
  }

  wrongType(shape: Shape, value: unknown, path: Path, help?: string, fix?: Fix): typeof BROKEN {
    const name = nameOf(path);
    this.out.atValue(
      'ICE1104',
      path,
      `${name} must be ${describeShape(shape)}, and is ${describeValue(value)}`,
      {
        help: help ?? wrongTypeHelp(shape, value, path),
        fix,
      },
    );
    return BROKEN;
  }

  private list(shape: Extract<Shape, { kind: 'list' }>, value: unknown, path: Path): Walked {
    if (!Array.isArray(value)) {
      if (value === null || isMap(value)) return this.wrongType(shape, value, path);
      const source = this.out.source;
      const { start, end } = source.valueSpan(path);
      this.wrongType(
        shape,
        value,
        path,
        'Put it in brackets; it is read as a list of one item.',
        replaceValue(source, path, `[${source.text.slice(start, end)}]`, 'Put it in brackets', true),
      );
      const only = this.value(shape.item, value, path);
      return only === BROKEN ? BROKEN : [only];
    }
    const items: unknown[] = [];
    for (const [index, item] of value.entries()) {
      const walked = this.value(shape.item, item, [...path, index]);
      if (walked !== BROKEN) items.push(walked);
    }
    return items;
  }

  private record(shape: Extract<Shape, { kind: 'record' }>, value: unknown, path: Path): Walked {
    if (!isMap(value)) return this.wrongType(shape, value, path);
    if (shape.value.kind === 'json') return value;
    const result: Map = {};
    for (const [key, item] of Object.entries(value)) {
      const walked = this.value(shape.value, item, [...path, key]);
      if (walked !== BROKEN) result[key] = walked;
    }
    return result;
  }

  private union(shape: Extract<Shape, { kind: 'union' }>, value: unknown, path: Path): Walked {
    const fitting = shape.options.filter((option) => accepts(option, value));
    if (fitting.length === 1) return this.value(fitting[0]!, value, path);
    for (const option of fitting) {
      // Literals and enums beside each other: the first that has the value.
      if (option.kind === 'leaf' && option.schema.safeParse(value).success) return value;
    }
    if (fitting.length > 0) {
      const values = fitting.flatMap((option) => (option.kind === 'leaf' ? (option.values ?? []) : []));
      if (values.length > 0 && typeof value === 'string') return this.notOneOf(shape, values, value, path);
      return this.value(fitting[0]!, value, path);
    }
    // A number or a boolean in quotes, where a text is no choice.
    const leaf = shape.options.find((option): option is LeafShape => option.kind === 'leaf');
    if (leaf && typeof value === 'string' && !shape.options.some((option) => accepts(option, 'x'))) {
      const coerced = this.coerce(leaf, value, path);
      if (coerced !== BROKEN) return coerced;
    }
    return this.wrongType(shape, value, path);
  }

  private notOneOf(shape: Shape, values: readonly unknown[], value: string, path: Path): typeof BROKEN {
    const near = suggest(value, values.map(String));
    const choices =
      path.at(-1) === 'onError'
        ? 'Write `continue` to go on without it, `fail` to end the run, or `{ value: … }` for what is read instead.'
        : `It is ${describeShape(shape)}.`;
    this.out.atValue('ICE1113', path, `${nameOf(path)} cannot be ${JSON.stringify(value)}`, {
      help: near ? `Did you mean ${near}? ${choices}` : choices,
      fix: near
        ? replaceValue(this.out.source, path, near, `Write ${near}`, sameName(value, near))
        : undefined,
    });
    return BROKEN;
  }

  private duration(value: unknown, path: Path): Walked {
    if (typeof value === 'string' && durationMs(value as string) !== undefined) {
      if (durationMs(value)! > 0) return value;
      this.out.atValue('ICE1112', path, `${nameOf(path)} must be longer than nothing`);
      return BROKEN;
    }
    if (typeof value === 'number' && Number.isInteger(value) && value > 0) {
      if (value < 1000 && path.at(-1) !== 'initial') {
        this.out.atValue('ICE1114', path, `${nameOf(path)} is ${value} milliseconds`, {
          severity: 'warning',
          help: `A number without a unit means milliseconds. Write ${value}s for seconds, or ${value}ms to say that it is meant.`,
        });
      }
      return value;
    }
    const meant = meantDuration(value);
    this.out.atValue('ICE1114', path, `${nameOf(path)} is not a length of time`, {
      help: meant ? `Write ${meant}.` : 'Write a number and a unit: 500ms, 30s, 5m, 2h or 1d.',
      fix: meant ? replaceValue(this.out.source, path, meant, `Write ${meant}`, true) : undefined,
    });
    return BROKEN;
  }

  leaf(shape: LeafShape, value: unknown, path: Path): Walked {
    const parsed = shape.schema.safeParse(value);
    if (parsed.success) return parsed.data;
    if (shape.type === 'enum' || shape.type === 'literal') {
      if (typeof value === 'string') return this.notOneOf(shape, shape.values!, value, path);
      return this.wrongType(shape, value, path);
    }
    const wanted = shape.type === 'integer' ? 'number' : shape.type;
    if (typeof value !== wanted) return this.coerce(shape, value, path, true);
    const issue = parsed.error.issues[0]!;
    this.out.atValue('ICE1112', path, `${nameOf(path)} ${issueText(issue, value)}`);
    return BROKEN;
  }

  /** A text in the place of a number or a boolean, and the other way round, where the meaning is plain. */
  private coerce(shape: LeafShape, value: unknown, path: Path, report = false): Walked {
    const source = this.out.source;
    const name = nameOf(path);
    if (typeof value === 'string' && (shape.type === 'number' || shape.type === 'integer')) {
      const number = Number(value);
      if (value.trim() !== '' && Number.isFinite(number) && shape.schema.safeParse(number).success) {
        this.out.atValue('ICE1105', path, `${name} must be ${describeShape(shape)}, and stands in quotes`, {
          help: `Write ${number} without quotes.`,
          fix: replaceValue(source, path, String(number), 'Remove the quotes', true),
        });
        return number;
      }
      if (value.includes('{{'))
        return this.wrongType(shape, value, path, 'This field cannot hold an expression.');
    }
    if (typeof value === 'string' && shape.type === 'boolean') {
      const known = { true: true, yes: true, on: true, false: false, no: false, off: false }[
        value.toLowerCase()
      ];
      if (known !== undefined) {
        this.out.atValue('ICE1105', path, `${name} must be true or false, and is a text`, {
          help: `Write ${known} without quotes; yes, no, on and off are texts in YAML 1.2.`,
          fix: replaceValue(source, path, String(known), `Write ${known}`, true),
        });
        return known;
      }
    }
    if (shape.type === 'string' && (typeof value === 'number' || typeof value === 'boolean')) {
      const { start, end } = source.valueSpan(path);
      const written = source.text.slice(start, end);
      const text = /^[\w.+-]+$/.test(written) ? written : String(value);
      this.out.atValue('ICE1104', path, `${name} must be a text, and is ${describeValue(value)}`, {
        help: `Put it in quotes: "${text}".`,
        fix: replaceValue(source, path, `"${text}"`, 'Put it in quotes', true),
      });
      return text;
    }
    return report ? this.wrongType(shape, value, path) : BROKEN;
  }
}

/** Whether a value has the JSON type that a shape wants. */
function accepts(shape: Shape, value: unknown): boolean {
  switch (shape.kind) {
    case 'json':
      return true;
    case 'object':
    case 'record':
      return isMap(value);
    case 'list':
    case 'nodes':
      return Array.isArray(value);
    case 'schema':
      return isMap(value) || typeof value === 'boolean';
    case 'duration':
      return typeof value === 'string' || typeof value === 'number';
    case 'union':
      return shape.options.some((option) => accepts(option, value));
    case 'leaf':
      if (shape.values) return shape.values.some((each) => typeof each === typeof value);
      return typeof value === (shape.type === 'integer' ? 'number' : shape.type);
  }
}

/** Two names that differ only in case, underscores or a plural. */
export function sameName(a: string, b: string): boolean {
  const bare = (name: string) => name.toLowerCase().replaceAll(/[_-]/g, '').replace(/s$/, '');
  return bare(a) === bare(b);
}

export const nameOf = (path: Path): string => {
  const last = path.at(-1);
  if (last === undefined) return 'The document';
  return typeof last === 'number' ? `Item ${last + 1} of \`${String(path.at(-2) ?? '')}\`` : `\`${last}\``;
};

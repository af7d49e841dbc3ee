import { patternProblem } from '../../language/schema/pattern.ts';
import { isMap, type JsonMap } from './json-pointer.ts';
import { describesValue, discriminated, isMergeable, typesOf, withoutNull } from './schema-forms.ts';
import { commentText, literal, pascal, propertyKey, sentence, type UniqueNames } from './source-text.ts';

/** How far a schema is written out. */
export interface ZodSourceOptions {
  /** What a `$ref` means; undefined when nothing. */
  resolve(ref: string): unknown;
  /** `input`: what is sent (no readOnly fields, bounds are checked); `output`: what comes back. */
  mode: 'input' | 'output';
  /** Names that are taken in the module. */
  names: UniqueNames;
  /** The references that get a constant of their own; all others stay unknown. */
  allowed(ref: string): boolean;
  /** Constants that the module has by now, by what they are: what is sent is often what comes back. */
  written?: Map<string, string>;
}

const MOST_DEPTH = 16;
const MOST_VARIANTS = 40;
const MOST_ENUM = 400;
const MOST_PROPERTIES = 400;

/**
 * Writes JSON Schemas (of OpenAPI 3.0, 3.1, or 2020-12) as readable zod. What zod can't say is left open and told in
 * a comment, never guessed: a recursion, a schema that is too deep, `not`.
 */
export class ZodSource {
  readonly #options: ZodSourceOptions;
  readonly #constants = new Map<string, string>();
  readonly #open = new Set<string>();
  /** Constants that are objects, which can be extended. */
  readonly #objects = new Set<string>();
  readonly #declared: string[] = [];

  constructor(options: ZodSourceOptions) {
    this.#options = options;
  }

  /** `const Pet = z.looseObject({ … });`, in an order in which each knows what it uses. */
  get declarations(): readonly string[] {
    return this.#declared;
  }

  /** The schema as an expression; `indent` is that of the line it stands in. */
  expression(schema: unknown, indent = '', depth = 0): string {
    if (schema === false) return 'z.never()';
    if (!isMap(schema)) return 'z.unknown()';
    if (depth > MOST_DEPTH) return 'z.unknown() /* deeper than is written out here */';
    if (typeof schema['$ref'] === 'string') {
      const named = this.#named(schema['$ref']);
      return schema['nullable'] === true ? `${named}.nullable()` : named;
    }
    const { schema: bare, nullable } = withoutNull(schema);
    const code = this.#plain(bare, indent, depth);
    return nullable && !code.startsWith('z.unknown()') ? `${code}.nullable()` : code;
  }

  /** A field of an object: `z.string().optional().describe('…')`. */
  field(schema: unknown, required: boolean, indent: string, depth = 0, describe?: string): string {
    const optional = required ? '' : '.optional()';
    const about = describe ?? aboutOf(schema, this.#options.mode);
    const described = about === '' ? '' : `.describe(${literal(about)})`;
    return appendTo(this.expression(schema, indent, depth), `${optional}${described}`);
  }

  #named(ref: string): string {
    const known = this.#constants.get(ref);
    if (known !== undefined) return known;
    const last = ref.slice(ref.lastIndexOf('/') + 1);
    const shown = commentText(decode(last), 60);
    if (this.#open.has(ref)) return `z.unknown() /* ${shown} again: it holds itself */`;
    const schema = this.#options.resolve(ref);
    if (schema === undefined) return `z.unknown() /* ${shown} is not in the document */`;
    if (!this.#options.allowed(ref)) return `z.unknown() /* ${shown}: too much to be written out here */`;
    this.#open.add(ref);
    const code = this.expression(schema, '');
    this.#open.delete(ref);
    // A constant for `z.string()` would only hide it.
    if (/^z\.(string|boolean|number|int|unknown|null)\(\)(\.nullable\(\))?( \/\*.*\*\/)?$/.test(code)) {
      this.#constants.set(ref, code);
      return code;
    }
    const base = pascal(decode(last));
    const same = this.#options.written?.get(`${base} = ${code}`);
    const name = same ?? this.#options.names.take(base, '');
    this.#constants.set(ref, name);
    if (/^z\.(looseObject|strictObject|object)\(\{/.test(code) && !code.endsWith('.nullable()'))
      this.#objects.add(name);
    if (same !== undefined) return name;
    this.#options.written?.set(`${base} = ${code}`, name);
    const about =
      isMap(schema) && typeof schema['description'] === 'string' ? commentText(schema['description']) : '';
    this.#declared.push(`${about === '' ? '' : `/** ${about} */\n`}const ${name} = ${code};`);
    return name;
  }

  #plain(schema: JsonMap, indent: string, depth: number): string {
    if ('const' in schema) return literals([schema['const']]);
    if (Array.isArray(schema['enum'])) return this.#enumeration(schema['enum']);
    if (Array.isArray(schema['allOf'])) return this.#all(schema, schema['allOf'], indent, depth);
    for (const word of ['oneOf', 'anyOf'] as const) {
      const variants = schema[word];
      if (Array.isArray(variants)) return this.#any(schema, word, variants, indent, depth);
    }
    const types = typesOf(schema);
    if (types.length > 1)
      return this.#union(
        types.map((type) => ({ ...schema, type })),
        indent,
        depth,
      );
    switch (types[0]) {
      case 'string':
        return this.#string(schema);
      case 'integer':
        return `z.int()${this.#range(schema)}`;
      case 'number':
        return `z.number()${this.#range(schema)}`;
      case 'boolean':
        return 'z.boolean()';
      case 'null':
        return 'z.null()';
      case 'array':
        return this.#array(schema, indent, depth);
      case 'object':
        return this.#object(schema, indent, depth);
      default:
        return 'z.unknown()';
    }
  }

  #string(schema: JsonMap): string {
    if (this.#options.mode === 'output') return 'z.string()';
    let code = 'z.string()';
    const { minLength, maxLength, pattern } = schema;
    if (isCount(minLength) && minLength > 0) code += `.min(${minLength})`;
    if (isCount(maxLength)) code += `.max(${maxLength})`;
    if (typeof pattern === 'string' && patternProblem(pattern) === undefined)
      code += `.regex(new RegExp(${literal(pattern)}, 'u'))`;
    return code;
  }

  #range(schema: JsonMap): string {
    if (this.#options.mode === 'output') return '';
    let code = '';
    const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
    // 3.0 says `exclusiveMinimum: true` beside `minimum`, 3.1 gives the number itself.
    if (isNumber(minimum)) code += exclusiveMinimum === true ? `.gt(${minimum})` : `.min(${minimum})`;
    if (isNumber(exclusiveMinimum)) code += `.gt(${exclusiveMinimum})`;
    if (isNumber(maximum)) code += exclusiveMaximum === true ? `.lt(${maximum})` : `.max(${maximum})`;
    if (isNumber(exclusiveMaximum)) code += `.lt(${exclusiveMaximum})`;
    return code;
  }

  #array(schema: JsonMap, indent: string, depth: number): string {
    let code = `z.array(${this.expression(schema['items'] ?? {}, indent, depth + 1)})`;
    if (this.#options.mode === 'input') {
      if (isCount(schema['minItems']) && schema['minItems'] > 0) code += `.min(${schema['minItems']})`;
      if (isCount(schema['maxItems'])) code += `.max(${schema['maxItems']})`;
    }
    return code;
  }

  #object(schema: JsonMap, indent: string, depth: number): string {
    const { mode } = this.#options;
    const hidden = mode === 'input' ? 'readOnly' : 'writeOnly';
    const required = new Set(Array.isArray(schema['required']) ? schema['required'] : []);
    const fields = Object.entries(isMap(schema['properties']) ? schema['properties'] : {}).filter(
      ([, field]) => !(isMap(field) && field[hidden] === true),
    );
    const more = schema['additionalProperties'];
    const rest = isMap(more) && Object.keys(more).length > 0 ? more : undefined;
    if (fields.length === 0) {
      if (more === false) return 'z.strictObject({})';
      return `z.record(z.string(), ${this.expression(rest ?? {}, indent, depth + 1)})`;
    }
    const lines = fields
      .slice(0, MOST_PROPERTIES)
      .map(
        ([name, field]) =>
          `${indent}  ${propertyKey(name)}: ${this.field(field, required.has(name), `${indent}  `, depth + 1)},\n`,
      );
    const left = fields.length - lines.length;
    if (left > 0) lines.push(`${indent}  // and ${left} more fields\n`);
    // Open unless the document closes it: an API adds fields, and dropping them here would lose data.
    const open = more === false && left <= 0 ? 'strictObject' : rest ? 'object' : 'looseObject';
    const catchall =
      rest && open === 'object' ? `.catchall(${this.expression(rest, indent, depth + 1)})` : '';
    return `z.${open}({\n${lines.join('')}${indent}})${catchall}`;
  }

  #enumeration(values: unknown[]): string {
    const plain = values.filter(isScalar);
    if (plain.length < values.length || plain.length === 0) return 'z.unknown()';
    const unique = [...new Set(plain)];
    const text = unique.every((value) => typeof value === 'string');
    if (text && unique.length > MOST_ENUM) return `z.string() /* one of ${unique.length} */`;
    return text ? `z.enum([${wrapped(unique.map((value) => literal(value as string)))}])` : literals(unique);
  }

  /** Objects are merged, so that they read as one; what else there is must hold as well. */
  #all(schema: JsonMap, parts: unknown[], indent: string, depth: number): string {
    const { allOf: _, ...own } = schema;
    // The usual way to put a description beside a reference.
    if (parts.length === 1 && !describesValue(own)) return this.expression(parts[0], indent, depth);
    const merged = this.#merge([...parts, ...(describesValue(own) ? [own] : [])], new Set());
    if (merged.others.length === 0) return this.expression(merged.object ?? {}, indent, depth + 1);
    const codes = [...(merged.object ? [merged.object] : []), ...merged.others].map((part) =>
      this.expression(part, indent, depth + 1),
    );
    const told = codes.filter((code) => !code.startsWith('z.unknown()'));
    if (told.length === 0) return codes[0] ?? 'z.unknown()';
    return told.slice(1).reduce((left, right) => `z.intersection(${left}, ${right})`, told[0]!);
  }

  #merge(parts: unknown[], seen: Set<string>): { object?: JsonMap; others: unknown[] } {
    let object: JsonMap | undefined;
    const others: unknown[] = [];
    const add = (part: unknown): void => {
      if (!isMap(part)) return;
      if (typeof part['$ref'] === 'string') {
        const { $ref } = part;
        const target = this.#options.resolve($ref as string);
        if (seen.has($ref as string) || this.#open.has($ref as string) || !isMap(target)) {
          others.push(part);
          return;
        }
        // Only what is an object all through can be merged; anything else keeps its name.
        if (isMergeable(target)) {
          seen.add($ref as string);
          add(target);
        } else others.push(part);
        return;
      }
      if (Array.isArray(part['allOf'])) {
        const { allOf, ...own } = part;
        for (const each of allOf as unknown[]) add(each);
        if (describesValue(own)) add(own);
        return;
      }
      if (!isMergeable(part)) {
        if (describesValue(part)) others.push(part);
        return;
      }
      const fields = isMap(part['properties']) ? part['properties'] : {};
      const { properties, required } = object ?? { properties: {}, required: [] };
      object = {
        ...object,
        ...part,
        type: 'object',
        properties: { ...(properties as JsonMap), ...fields },
        required: [...(required as unknown[]), ...(Array.isArray(part['required']) ? part['required'] : [])],
        ...(object?.['additionalProperties'] === undefined || part['additionalProperties'] !== undefined
          ? {}
          : { additionalProperties: object['additionalProperties'] }),
      };
      delete object['nullable'];
      // `false` in a part of an allOf would forbid the fields of the other parts.
      if (object['additionalProperties'] === false) object['additionalProperties'] = true;
    };
    parts.forEach(add);
    return { ...(object ? { object } : {}), others };
  }

  #any(schema: JsonMap, word: 'oneOf' | 'anyOf', variants: unknown[], indent: string, depth: number): string {
    const { [word]: _, discriminator: _d, ...own } = schema;
    const told = discriminated(schema);
    // Variants that only say what is required describe no value of their own; one that says nothing fits all.
    const telling = variants.filter(
      (variant) =>
        !isMap(variant) ||
        describesValue(variant) ||
        '$ref' in variant ||
        !('required' in variant || 'not' in variant),
    );
    if (telling.length === 0) return this.#plain(own, indent, depth);
    const union = this.#union(telling, indent, depth, (variant, code) =>
      told ? this.#toldApart(variant, code, told) : code,
    );
    if (!describesValue(own) || !isMap(own['properties'])) return union;
    const base = this.#plain(own, indent, depth);
    return union.startsWith('z.unknown()') ? base : `z.intersection(${base}, ${union})`;
  }

  /** A variant with the values of the field that tells it from the others, where it has that as any text. */
  #toldApart(
    variant: unknown,
    code: string,
    { field, values }: NonNullable<ReturnType<typeof discriminated>>,
  ): string {
    const ref = isMap(variant) ? variant['$ref'] : undefined;
    const own = typeof ref === 'string' ? values.get(ref) : undefined;
    if (own === undefined || !this.#objects.has(code)) return code;
    const { object } = this.#merge([variant], new Set());
    const property = isMap(object?.['properties']) ? object['properties'][field] : undefined;
    const required = Array.isArray(object?.['required']) && object['required'].includes(field);
    if (
      !required ||
      !isMap(property) ||
      property['type'] !== 'string' ||
      'enum' in property ||
      'const' in property
    )
      return code;
    return `${code}.extend({ ${propertyKey(field)}: ${literals(own)} })`;
  }

  #union(
    variants: unknown[],
    indent: string,
    depth: number,
    refine = (_variant: unknown, code: string): string => code,
  ): string {
    if (variants.length > MOST_VARIANTS) return `z.unknown() /* one of ${variants.length} schemas */`;
    const codes = [
      ...new Set(
        variants.map((variant) => refine(variant, this.expression(variant, `${indent}  `, depth + 1))),
      ),
    ];
    const open = codes.find((code) => code.startsWith('z.unknown()'));
    if (open !== undefined) return open;
    if (codes.length === 1) return codes[0]!;
    const line = codes.join(', ');
    return line.length + indent.length < 90 && !line.includes('\n')
      ? `z.union([${line}])`
      : `z.union([\n${codes.map((code) => `${indent}  ${code},\n`).join('')}${indent}])`;
  }
}

/** What a person should know of a field besides its type. */
function aboutOf(schema: unknown, mode: 'input' | 'output'): string {
  if (!isMap(schema)) return '';
  const about =
    typeof schema['description'] === 'string'
      ? sentence(schema['description'], mode === 'input' ? 200 : 120)
      : '';
  const notes: string[] = [];
  if (mode === 'input') {
    if (isScalar(schema['default']) && schema['default'] !== null)
      notes.push(`the API takes ${JSON.stringify(schema['default']).slice(0, 60)} otherwise`);
    const { format } = schema;
    if (
      typeof format === 'string' &&
      /^(date|date-time|email|uri|uuid|time|duration|ipv4|ipv6)$/.test(format)
    )
      notes.push(format);
  }
  const note = notes.join('; ');
  if (note === '') return about;
  return about === '' ? `${note[0]!.toUpperCase()}${note.slice(1)}` : `${about.replace(/\.$/, '')} (${note})`;
}

/** Appends calls to an expression, before a comment that ends it. */
function appendTo(code: string, calls: string): string {
  if (calls === '') return code;
  const comment = /^(.*\S)( \/\* [^\n]* \*\/)$/s.exec(code);
  return comment && comment[1]!.endsWith(')') ? `${comment[1]}${calls}${comment[2]}` : `${code}${calls}`;
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);
const isScalar = (value: unknown): value is string | number | boolean | null =>
  value === null || typeof value === 'string' || typeof value === 'boolean' || isNumber(value);

function literals(values: unknown[]): string {
  if (!values.every(isScalar)) return 'z.unknown()';
  const codes = values.map((value) => (typeof value === 'string' ? literal(value) : JSON.stringify(value)));
  return codes.length === 1 ? `z.literal(${codes[0]})` : `z.literal([${wrapped(codes)}])`;
}

/** Items on one line, or on as many as they need. */
function wrapped(codes: string[]): string {
  const line = codes.join(', ');
  if (line.length <= 80) return line;
  const lines: string[] = [];
  let current = '';
  for (const code of codes) {
    if (current !== '' && current.length + code.length > 90) {
      lines.push(current);
      current = '';
    }
    current += current === '' ? code : `, ${code}`;
  }
  return `\n  ${[...lines, current].join(',\n  ')},\n`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

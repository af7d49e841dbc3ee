/**
 * Values of a run, written in TypeScript before there is a run: a reference is an expression with a type. Reading a
 * field of one gives a reference to the field; in a document it becomes `{{ … }}`.
 */

declare const TYPE: unique symbol;
const CODE = /* @__PURE__ */ Symbol('code');

/** A value of type T that will be there when the workflow runs. */
export type Ref<T> = { readonly [TYPE]: T } & (0 extends 1 & T
  ? // biome-ignore lint/suspicious/noExplicitAny: of an unknown result every field may be read
    { readonly [field: string]: any }
  : NonNullable<T> extends readonly (infer Item)[]
    ? { readonly [index: number]: Ref<Item> }
    : NonNullable<T> extends object
      ? { readonly [K in keyof NonNullable<T>]-?: Ref<NonNullable<T>[K]> }
      : unknown);

/** What may be written where a T is expected: itself, a reference to one, or an object or array that holds some. */
export type Value<T> =
  | Ref<T>
  | T
  | (NonNullable<T> extends readonly (infer Item)[]
      ? readonly Value<Item>[]
      : NonNullable<T> extends object
        ? { readonly [K in keyof NonNullable<T>]: Value<NonNullable<T>[K]> }
        : never);

/** What a written value is when the workflow runs. */
export type Resolved<V> =
  V extends Ref<infer T>
    ? T
    : V extends string | number | boolean | null
      ? V
      : V extends readonly (infer Item)[]
        ? Resolved<Item>[]
        : { [K in keyof V]: Resolved<V[K]> };

// A pattern and not a set: a bundle that uses nothing of this leaves it out.
const RESERVED =
  /^(true|false|null|in|as|break|const|continue|else|for|function|if|import|let|loop|package|namespace|return|var|void|while)$/;

/** A reference to an expression of the document's language. */
export function ref<T>(code: string): Ref<T> {
  // A function, so that what is called by mistake can say so.
  return new Proxy(() => undefined, {
    get(_, field) {
      if (field === CODE) return code;
      if (field === 'toJSON') return () => `{{ ${code} }}`;
      if (typeof field === 'symbol') return misused(code, field);
      const base = /^[\w.[\]"]+$/.test(code) ? code : `(${code})`;
      if (/^\d+$/.test(field)) return ref(`${base}[${field}]`);
      return ref(
        /^[A-Za-z_]\w*$/.test(field) && !RESERVED.test(field)
          ? `${base}.${field}`
          : `${base}[${JSON.stringify(field)}]`,
      );
    },
    has: (_, field) => field === CODE,
    apply: () => {
      const [, of = code, method = ''] = /^(.*)\.(\w+)$/.exec(code) ?? [];
      throw new TypeError(
        `${of} is a reference, which has no functions: write expr\`\${${of}}.${method}(…)\``,
      );
    },
  }) as unknown as Ref<T>;
}

/** What the program asks of a value that is there only when the workflow runs: to be a number, a text, a list. */
function misused(code: string, asked: symbol): (() => never) | undefined {
  const says =
    asked === Symbol.toPrimitive
      ? `write expr\`\${${code}} …\` to calculate and compare, text\`… \${${code}}\` for a text`
      : asked === Symbol.iterator
        ? `go over its items with .loop(…), or with expr\`\${${code}}.map(x, …)\``
        : undefined;
  return says === undefined
    ? undefined
    : () => {
        throw new TypeError(
          `${code} is a reference, whose value is there only when the workflow runs: ${says}`,
        );
      };
}

/** The expression of a reference; undefined for anything else. */
export const codeOf = (value: unknown): string | undefined =>
  typeof value === 'function' && CODE in value ? (value as unknown as { [CODE]: string })[CODE] : undefined;

/**
 * An expression of the document's language (CEL), with references in it: ``expr<boolean>`size(${rows}) > 3` ``. Other
 * values become literals. The type is what you say it is; `ice validate` checks it.
 */
export function expr<T>(strings: TemplateStringsArray, ...values: unknown[]): Ref<T> {
  let code = strings[0]!;
  for (const [i, value] of values.entries()) {
    const inner = codeOf(value);
    if (isText(value))
      throw new TypeError("expr takes no text`…`: join texts in the expression itself, as 'a ' + b");
    if (inner === undefined && value !== null && typeof value === 'object' && containsRef(value))
      throw new TypeError(
        'expr takes references and plain values; build lists and maps in the expression itself',
      );
    code +=
      (inner === undefined ? JSON.stringify(value) : /^[\w.[\]"]+$/.test(inner) ? inner : `(${inner})`) +
      strings[i + 1]!;
  }
  return ref<T>(code.trim());
}

/** Text with references in it: ``text`Sell ${row.name}` ``. */
export function text(strings: TemplateStringsArray, ...values: unknown[]): Ref<string> {
  const parts = strings.map((part, i) => {
    const code = codeOf(values[i]);
    const shown = i >= values.length ? '' : code === undefined ? literal(String(values[i])) : `{{ ${code} }}`;
    return literal(part) + shown;
  });
  const made = {
    [TEXT]: parts.join(''),
    [Symbol.toPrimitive]: () => {
      throw new TypeError('A text`…` is no string yet: write one text`…` around all of it');
    },
  };
  return Object.freeze(made) as unknown as Ref<string>;
}

const TEXT = /* @__PURE__ */ Symbol('text');

const isText = (value: unknown): value is { [TEXT]: string } =>
  typeof value === 'object' && value !== null && TEXT in value;

/** A string that is no template, whatever it holds. */
const literal = (value: string): string => value.replaceAll('{{', "{{ '{{' }}");

/** A written value as it stands in the document. */
export function render(value: unknown): unknown {
  const code = codeOf(value);
  if (code !== undefined) return `{{ ${code} }}`;
  if (typeof value === 'string') return literal(value);
  if (isText(value)) return value[TEXT];
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(render);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .map(([key, field]) => [key, render(field)]),
  );
}

const containsRef = (value: object): boolean =>
  Object.values(value).some(
    (field) =>
      codeOf(field) !== undefined || (typeof field === 'object' && field !== null && containsRef(field)),
  );

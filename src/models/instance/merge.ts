type ObjectSchema = { readonly [keyword: string]: unknown };

const LOWER_WINS = new Set([
  'maximum',
  'exclusiveMaximum',
  'maxLength',
  'maxItems',
  'maxProperties',
  'maxContains',
]);
const HIGHER_WINS = new Set([
  'minimum',
  'exclusiveMinimum',
  'minLength',
  'minItems',
  'minProperties',
  'minContains',
]);

/**
 * One schema that asks for what both ask for: bounds are narrowed, `required` is joined, `enum` and `type` are cut to
 * what they share, properties are merged one by one. What can't be merged (two patterns, two `oneOf`s) keeps the
 * first; whoever builds from the result checks it against the originals.
 */
export function mergeSchemas(a: ObjectSchema, b: ObjectSchema): ObjectSchema {
  const merged: Record<string, unknown> = { ...a };
  for (const [key, value] of Object.entries(b)) {
    const mine = merged[key];
    if (mine === undefined) merged[key] = value;
    else if (LOWER_WINS.has(key)) merged[key] = Math.min(mine as number, value as number);
    else if (HIGHER_WINS.has(key)) merged[key] = Math.max(mine as number, value as number);
    else if (key === 'required') merged[key] = [...new Set([...(mine as string[]), ...(value as string[])])];
    else if (key === 'enum') merged[key] = shared(mine as unknown[], value as unknown[]);
    else if (key === 'type') merged[key] = sharedType(mine, value);
    else if (key === 'uniqueItems') merged[key] = mine === true || value === true;
    else if (key === 'multipleOf') merged[key] = Math.max(mine as number, value as number);
    else if (key === 'properties' || key === '$defs' || key === 'dependentRequired')
      merged[key] = mergeMaps(mine as Record<string, unknown>, value as Record<string, unknown>, key);
    else if (key === 'items' || key === 'additionalProperties' || key === 'contains')
      merged[key] = mergeAny(mine, value);
  }
  return merged;
}

const shared = (a: unknown[], b: unknown[]): unknown[] => {
  const texts = new Set(b.map((value) => JSON.stringify(value)));
  return a.filter((value) => texts.has(JSON.stringify(value)));
};

function sharedType(a: unknown, b: unknown): unknown {
  const list = (type: unknown) => (Array.isArray(type) ? (type as string[]) : [type as string]);
  const both = list(a).flatMap((mine) => {
    if (list(b).includes(mine)) return [mine];
    // Every integer is a number, so the narrower of the two is what they share.
    if (mine === 'number' && list(b).includes('integer')) return ['integer'];
    if (mine === 'integer' && list(b).includes('number')) return ['integer'];
    return [];
  });
  return both.length === 1 ? both[0] : both;
}

function mergeMaps(
  a: Record<string, unknown>,
  b: Record<string, unknown>,
  key: string,
): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...a };
  for (const [name, value] of Object.entries(b)) {
    if (!Object.hasOwn(merged, name)) merged[name] = value;
    else if (key === 'properties') merged[name] = mergeAny(merged[name], value);
    else if (key === 'dependentRequired')
      merged[name] = [...new Set([...(merged[name] as string[]), ...(value as string[])])];
  }
  return merged;
}

/** Two schemas of one place; `allOf` says the rest where they hold references or alternatives. */
function mergeAny(a: unknown, b: unknown): unknown {
  if (a === true || a === undefined) return b;
  if (b === true) return a;
  if (a === false || b === false) return false;
  return { allOf: [a, b] };
}

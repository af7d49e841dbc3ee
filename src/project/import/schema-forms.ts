import { isMap, type JsonMap } from './json-pointer.ts';

/** A schema that may be null, without that: however it says so. */
export function withoutNull(schema: JsonMap): { schema: JsonMap; nullable: boolean } {
  const { nullable: said, ...rest } = schema;
  let bare: JsonMap = rest;
  let nullable = said === true;
  const { type } = schema;
  if (Array.isArray(type) && type.includes('null') && type.length > 1) {
    const rest = type.filter((each) => each !== 'null');
    bare = { ...bare, type: rest.length === 1 ? rest[0] : rest };
    nullable = true;
  }
  const values = schema['enum'];
  if (Array.isArray(values) && values.includes(null) && values.length > 1) {
    bare = { ...bare, enum: values.filter((value) => value !== null) };
    nullable = true;
  }
  for (const word of ['oneOf', 'anyOf'] as const) {
    const variants = schema[word];
    if (!Array.isArray(variants)) continue;
    const rest = variants.filter((variant) => !(isMap(variant) && variant['type'] === 'null'));
    if (rest.length === variants.length || rest.length === 0) continue;
    bare = { ...bare, [word]: rest };
    nullable = true;
  }
  return { schema: bare, nullable };
}

/** The JSON types that a schema says it is of; none where it says nothing. */
export function typesOf(schema: JsonMap): string[] {
  const { type } = schema;
  if (typeof type === 'string') return [type];
  if (Array.isArray(type)) return type.filter((each) => typeof each === 'string');
  if (isMap(schema['properties']) || isMap(schema['additionalProperties'])) return ['object'];
  if (schema['items'] !== undefined) return ['array'];
  return [];
}

/** Whether a schema says anything about the type of its value. */
export const describesValue = (schema: JsonMap): boolean =>
  ['type', 'properties', 'items', 'enum', 'const', 'allOf', 'oneOf', 'anyOf', 'additionalProperties'].some(
    (word) => schema[word] !== undefined,
  );

/** An object by its fields alone, or a part that only says what is required. */
export const isMergeable = (schema: JsonMap): boolean =>
  !('oneOf' in schema || 'anyOf' in schema || 'enum' in schema || 'const' in schema || '$ref' in schema) &&
  (Array.isArray(schema['allOf'])
    ? schema['allOf'].every((part) => isMap(part) && !('oneOf' in part || 'anyOf' in part))
    : schema['type'] === 'object' ||
      (schema['type'] === undefined && (isMap(schema['properties']) || Array.isArray(schema['required']))));

/**
 * The values of the field that tells the variants of a union apart, by the reference of the variant: as the document
 * maps them. Names that it only implies are not taken, since what an API answers often is another.
 */
export function discriminated(schema: JsonMap): { field: string; values: Map<string, string[]> } | undefined {
  const { discriminator } = schema;
  if (!isMap(discriminator) || typeof discriminator['propertyName'] !== 'string') return undefined;
  const values = new Map<string, string[]>();
  for (const [value, target] of Object.entries(
    isMap(discriminator['mapping']) ? discriminator['mapping'] : {},
  )) {
    if (typeof target !== 'string') continue;
    const ref = /[#/.]/.test(target) ? target : `#/components/schemas/${target}`;
    values.set(ref, [...(values.get(ref) ?? []), value]);
  }
  return values.size === 0 ? undefined : { field: discriminator['propertyName'], values };
}

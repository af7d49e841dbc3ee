import type { JsonSchema } from '../../contracts/json.ts';
import { resolveRefs } from './refs.ts';
import { type Shape, shapesOf } from './shapes.ts';
import { union } from './union.ts';

const MAX_DEPTH = 3;
const MAX_FIELDS = 6;
const MAX_MEMBERS = 6;
const MAX_CHARS = 200;

/** A type in a few words: `string | null`, `{ price: number, title?: string }`, `number[]`, `"a" | "b"`. At most 200 characters. */
export function describe(schema: JsonSchema): string {
  const text = describeAt(resolveRefs(schema), 0);
  return text.length > MAX_CHARS ? `${text.slice(0, MAX_CHARS - 1)}…` : text;
}

function describeAt(schema: JsonSchema, depth: number): string {
  const shapes = shapesOf(schema);
  if (shapes.length === 0) return 'nothing';
  const seen = new Set<string>();
  for (const shape of shapes) for (const text of describeShape(shape, depth)) seen.add(text);
  if (seen.has('number')) seen.delete('integer');
  const all = [...seen];
  const shown = all.slice(0, MAX_MEMBERS).join(' | ');
  return all.length > MAX_MEMBERS ? `${shown} | …` : shown;
}

function describeShape(shape: Shape, depth: number): string[] {
  if (shape.type === 'array') return [describeArray(shape, depth)];
  if (shape.type === 'object') return [describeObject(shape, depth)];
  if (shape.type === 'unknown') return ['unknown'];
  return shape.values
    ? shape.values.slice(0, MAX_MEMBERS + 1).map((value) => JSON.stringify(value))
    : [shape.type];
}

function describeArray(shape: Extract<Shape, { type: 'array' }>, depth: number): string {
  const item = union(...shape.prefix, shape.items);
  if (depth >= MAX_DEPTH || shapesOf(item).some((each) => each.type === 'unknown')) return 'array';
  if (shapesOf(item).length === 0) return '[]';
  const text = describeAt(item, depth + 1);
  return text.includes(' | ') ? `(${text})[]` : `${text}[]`;
}

function describeObject(shape: Extract<Shape, { type: 'object' }>, depth: number): string {
  const names = [...shape.properties.keys()];
  if (names.length === 0) return shape.additional === false ? '{}' : 'object';
  if (depth >= MAX_DEPTH) return 'object';
  const fields = names
    .slice(0, MAX_FIELDS)
    .map(
      (name) =>
        `${name}${shape.required.has(name) ? '' : '?'}: ${describeAt(shape.properties.get(name)!, depth + 1)}`,
    );
  return `{ ${fields.join(', ')}${names.length > MAX_FIELDS ? ', …' : ''} }`;
}

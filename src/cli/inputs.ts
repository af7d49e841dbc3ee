import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { IceError } from '../contracts/errors.ts';
import type { Json, JsonObject, JsonSchema } from '../contracts/json.ts';
import { suggest } from '../language/expressions/suggest.ts';

const MOST_FILE_BYTES = 64 * 1024 * 1024;

export interface InputSources {
  /** The values of `-i`, in their order. */
  given: readonly string[];
  /** JSON Schema of the inputs (an object). */
  schema: JsonSchema;
  cwd: string;
  readStdin(): Promise<string>;
}

/**
 * The inputs of a run from `-i key=value`, `-i key=@file`, `-i @file.json` and `-i -`; later ones win. A value is read
 * as the schema has it: a text for a string, JSON for what is no string. Errors: `usage` for what cannot be read,
 * `input_invalid` for what does not fit. No message repeats a value, since it can be a secret.
 */
export async function readInputs({ given, schema, cwd, readStdin }: InputSources): Promise<JsonObject> {
  const inputs: JsonObject = {};
  let stdin: string | undefined;
  const fromStdin = async (): Promise<string> => {
    if (stdin !== undefined) throw new IceError('usage', 'stdin can be read once: -i - may stand once.');
    stdin = await readStdin();
    return stdin;
  };
  for (const entry of given) {
    if (entry === '-') Object.assign(inputs, objectOf(await fromStdin(), 'stdin'));
    else if (entry.startsWith('@'))
      Object.assign(inputs, objectOf(readText(entry.slice(1), cwd), entry.slice(1)));
    else {
      const at = entry.indexOf('=');
      if (at < 1)
        throw new IceError('usage', '-i wants key=value, key=@file, @file.json or -.', {
          hint: 'For instance -i cost=10 -i csv=@data.csv',
        });
      const key = entry.slice(0, at);
      const text = entry.slice(at + 1);
      const field = fieldOf(schema, key);
      if (text === '@-') inputs[key] = typed(key, await fromStdin(), field);
      else if (text.startsWith('@@')) inputs[key] = typed(key, text.slice(1), field);
      else if (text.startsWith('@')) inputs[key] = fileValue(key, readBytes(text.slice(1), cwd), field);
      else inputs[key] = typed(key, text, field);
    }
  }
  return inputs;
}

/** JSON without loss: an integer that a number cannot hold is refused, not rounded. */
export function parseJson(text: string): Json {
  return JSON.parse(text, (key: string, value: unknown, context?: { source?: string }) => {
    if (typeof value === 'number' && /^-?\d+$/.test(context?.source ?? '') && !Number.isSafeInteger(value))
      throw new IceError(
        'input_invalid',
        `${key || 'A number'} is an integer beyond 2^53, which numbers do not hold.`,
        {
          hint: 'Give it as a string',
        },
      );
    return value;
  }) as Json;
}

function objectOf(text: string, from: string): JsonObject {
  let value: Json;
  try {
    value = parseJson(text);
  } catch (error) {
    if (error instanceof IceError) throw error;
    throw new IceError('usage', text.trim() === '' ? `${from} is empty.` : `${from} is not JSON.`, {
      hint: 'It holds all inputs as one JSON object: {"cost": 10}',
    });
  }
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new IceError('usage', `${from} is JSON, but no object.`, { hint: 'For instance {"cost": 10}' });
  return value;
}

function readBytes(name: string, cwd: string): Buffer {
  try {
    const bytes = readFileSync(resolve(cwd, name));
    if (bytes.length > MOST_FILE_BYTES) throw new IceError('too_large', `${name} has more than 64 MB.`);
    return bytes;
  } catch (error) {
    if (error instanceof IceError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'is not there' : code === 'EISDIR' ? 'is a folder' : 'cannot be read';
    throw new IceError('usage', `The file ${name} ${why}.`, {
      hint: name.startsWith('~')
        ? 'Write the whole path: the shell does not expand ~ there'
        : 'Check its path',
    });
  }
}

const readText = (name: string, cwd: string): string =>
  readBytes(name, cwd)
    .toString('utf8')
    .replace(/^\uFEFF/, '');

function fileValue(key: string, bytes: Buffer, field: JsonSchema): Json {
  if (typeof field === 'object' && field['contentEncoding'] === 'base64') return bytes.toString('base64');
  const text = bytes.toString('utf8').replace(/^\uFEFF/, '');
  return typesOf(field).has('string') || typesOf(field).size === 0 ? text : typed(key, text.trim(), field);
}

interface ObjectSchema {
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema;
}

/** The schema of an input. An input that the component does not know is a slip, unless it says that it takes any. */
function fieldOf(schema: JsonSchema, key: string): JsonSchema {
  if (typeof schema === 'boolean') return true;
  const { properties = {}, additionalProperties } = schema as ObjectSchema;
  if (Object.hasOwn(properties, key)) return properties[key]!;
  const open = additionalProperties !== undefined && additionalProperties !== false;
  if (open || schema['properties'] === undefined) return additionalProperties ?? true;
  const names = Object.keys(properties);
  const near = suggest(key, names);
  throw new IceError(
    'input_invalid',
    `There is no input ${/^[\w-]{1,60}$/.test(key) ? key : 'of that name'}.`,
    {
      hint: near
        ? `Did you mean ${near}?`
        : names.length === 0
          ? 'It takes no inputs'
          : `It takes: ${names.join(', ')}`,
    },
  );
}

/** The types that a schema admits; empty when it does not say. */
function typesOf(schema: JsonSchema): Set<string> {
  if (typeof schema === 'boolean') return new Set();
  const { type, anyOf, oneOf } = schema as {
    type?: string | string[];
    anyOf?: JsonSchema[];
    oneOf?: JsonSchema[];
  };
  if (type !== undefined) return new Set([type].flat());
  const options = schema['enum'];
  if (Array.isArray(options)) return new Set(options.map(typeOf));
  if ('const' in schema) return new Set([typeOf(schema['const'])]);
  const parts = [...(anyOf ?? []), ...(oneOf ?? [])].map(typesOf);
  return parts.some((part) => part.size === 0) ? new Set() : new Set(parts.flatMap((part) => [...part]));
}

const typeOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;

/** A word of the command line as the value that the schema asks for. */
function typed(key: string, text: string, field: JsonSchema): Json {
  const types = typesOf(field);
  if (types.size > 0 && [...types].every((type) => type === 'string')) return text;
  let value: Json | undefined;
  try {
    value = parseJson(text);
  } catch (error) {
    if (error instanceof IceError) throw error;
    value = undefined;
  }
  if (value !== undefined) {
    const type = typeOf(value);
    const fits = types.size === 0 || types.has(type) || (type === 'number' && types.has('integer'));
    if (fits) return value;
  }
  if (types.size === 0 || types.has('string')) return text;
  const wants = [...types].join(' or ');
  throw new IceError('input_invalid', `${key} must be ${/^[aeio]/.test(wants) ? 'an' : 'a'} ${wants}.`, {
    hint: types.has('array')
      ? `As JSON: -i '${key}=[1, 2]', or from a file: -i ${key}=@file.json`
      : types.has('object')
        ? `As JSON: -i '${key}={"a": 1}', or from a file: -i ${key}=@file.json`
        : types.has('boolean')
          ? `-i ${key}=true`
          : `-i ${key}=10`,
  });
}

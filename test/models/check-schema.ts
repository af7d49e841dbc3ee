import { Validator } from '@cfworker/json-schema';
import type { CheckSchema } from '../../src/models/instance/instance.ts';

/** JSON Schema 2020-12 by the library that the language uses for schemas it sees once. */
export const checkSchema: CheckSchema = (schema, value) => {
  const result = new Validator(schema as never, '2020-12').validate(value);
  const deepest = result.errors.at(-1);
  return result.valid ? undefined : `${deepest?.instanceLocation} ${deepest?.error}`;
};

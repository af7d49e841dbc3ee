import { IceError } from '../contracts/errors.ts';
import type { Json } from '../contracts/json.ts';
import type { Plan } from '../contracts/plan.ts';
import { applyDefaults, schemaErrors } from '../language/schema/index.ts';
import { unsafeIntegers } from './body.ts';

/** Findings that an answer lists; more help nobody. */
const MOST_FINDINGS = 20;

/**
 * The inputs of a run as its nodes will see them: defaults filled in, checked against the schema. Fails with
 * `input_invalid`: every finding, and the schema. `longIntegers`: the text held whole numbers of 16 digits or more.
 */
export function checkInputs(
  plan: Plan,
  given: { [key: string]: Json },
  longIntegers: boolean,
): { [key: string]: Json } {
  const unsafe = longIntegers ? unsafeIntegers(given, 'inputs') : [];
  if (unsafe.length > 0)
    throw new IceError(
      'input_invalid',
      `${unsafe[0]} is a whole number beyond 2^53, which can't be kept exactly`,
      {
        hint: 'Give it as a string',
        details: { errors: unsafe.map((path) => ({ path, message: 'beyond 2^53' })), schema: plan.inputs },
      },
    );
  const inputs = applyDefaults(plan.inputs, given) as { [key: string]: Json };
  const errors = schemaErrors(plan.inputs, inputs);
  if (errors.length === 0) return inputs;
  const [first] = errors;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  throw new IceError(
    'input_invalid',
    `${first!.path === '' ? 'inputs' : `inputs.${first!.path}`}: ${first!.message}${more}`,
    {
      hint: sayInputs(plan),
      details: { errors: errors.slice(0, MOST_FINDINGS), schema: plan.inputs },
    },
  );
}

/** `It takes: text (string), limit (integer, optional)`. */
function sayInputs(plan: Plan): string {
  const schema = plan.inputs as { properties?: Record<string, { type?: unknown }>; required?: string[] };
  const names = Object.entries(schema.properties ?? {}).map(([name, property]) => {
    const type = Array.isArray(property?.type) ? property.type.join(' or ') : (property?.type ?? 'any');
    return `${name} (${String(type)}${schema.required?.includes(name) ? '' : ', optional'})`;
  });
  return names.length === 0
    ? `${plan.name} takes no inputs`
    : `${plan.name} takes: ${names.slice(0, 20).join(', ')}`;
}

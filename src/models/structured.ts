import type { Json, JsonSchema } from '../contracts/json.ts';
import type { CheckSchema } from './instance/instance.ts';
import type { ModelReply } from './port.ts';

/**
 * The object of a reply, checked. Models wrap JSON in fences and prose, so the text is also searched for the first
 * whole JSON value in it. `problem` says, for the model as for a person, what is wrong.
 */
export function readObject(
  reply: Pick<ModelReply, 'text' | 'object'>,
  schema: JsonSchema,
  check: CheckSchema,
): { object: Json; problem?: undefined } | { object?: undefined; problem: string } {
  let candidate = reply.object;
  if (candidate === undefined) {
    const parsed = parseLoosely(reply.text);
    if (parsed === undefined) {
      const found = reply.text.trim() === '' ? 'The reply is empty' : 'The reply is not JSON';
      return { problem: `${found}.` };
    }
    candidate = parsed.value;
  }
  const problem = check(schema, candidate);
  return problem === undefined ? { object: candidate } : { problem };
}

/** A text that is JSON, that is JSON in a Markdown fence, or that holds one JSON object or array. */
function parseLoosely(text: string): { value: Json } | undefined {
  const fence = /```(?:json)?\s*\n([\s\S]*?)\n\s*```/.exec(text);
  const whole = parse(text) ?? (fence ? parse(fence[1]!) : undefined);
  if (whole) return whole;
  const start = text.search(/[{[]/);
  if (start < 0) return undefined;
  const end = Math.max(text.lastIndexOf('}'), text.lastIndexOf(']'));
  return end > start ? parse(text.slice(start, end + 1)) : undefined;
}

function parse(text: string): { value: Json } | undefined {
  try {
    return { value: JSON.parse(text) as Json };
  } catch {
    return undefined;
  }
}

/** What a model is told after a reply that does not match: the reason, and the schema, as some never saw it. */
export const repairPrompt = (problem: string, schema: JsonSchema): string =>
  `Your reply does not match the required JSON Schema: ${problem}\n` +
  `Answer again with only the corrected JSON, without any other text. The schema:\n${JSON.stringify(schema)}`;

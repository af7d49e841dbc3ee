import { z } from 'zod';
import { IceError } from '../contracts/errors.ts';
import type { JsonObject } from '../contracts/json.ts';

export type ExchangeKind = 'model' | 'fetch';

/** One request and what answered it, redacted. */
export interface Exchange {
  kind: ExchangeKind;
  request: JsonObject;
  answer: JsonObject;
}

const MOST_CHARACTERS = 32 * 1024 * 1024;

const objectSchema = z.record(z.string(), z.json());
const modelAnswerSchema = z.union([
  z.strictObject({ error: z.looseObject({ code: z.string(), message: z.string() }) }),
  z.strictObject({
    text: z.string(),
    object: z.json().optional(),
    toolCalls: z.array(z.strictObject({ id: z.string(), name: z.string(), input: z.json() })).optional(),
    usage: z.strictObject({ inputTokens: z.number().int(), outputTokens: z.number().int() }),
    finishReason: z.enum(['stop', 'length', 'tool-calls', 'other']),
    model: z.string(),
    cost: z.number(),
  }),
]);
const bodySchema = z.union([
  z.string(),
  z.strictObject({ json: z.json() }),
  z.strictObject({ base64: z.base64() }),
]);
const fetchAnswerSchema = z.strictObject({
  status: z.number().int().min(100).max(599),
  statusText: z.string().optional(),
  url: z.string().optional(),
  headers: z.record(z.string(), z.string()),
  body: bodySchema.optional(),
});
/** Answers are checked to the last field: people edit them, and a slip must show here and not in a tool. */
const fileSchema = z.strictObject({
  cassette: z.literal(1),
  exchanges: z.array(
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('model'), request: objectSchema, answer: modelAnswerSchema }),
      z.strictObject({ kind: z.literal('fetch'), request: objectSchema, answer: fetchAnswerSchema }),
    ]),
  ),
});

const HEAD = `# Recorded exchanges with models and the network, without secrets. Written by: ice test --record
# A request is matched by its content; an answer may be edited by hand.
`;

/** The YAML of exchanges: long texts as blocks, no references, no folding, so that a diff shows what changed. */
export async function writeExchanges(exchanges: readonly Exchange[]): Promise<string> {
  const { stringify } = await import('yaml');
  const body = stringify(
    { cassette: 1, exchanges },
    { lineWidth: 0, aliasDuplicateObjects: false, defaultStringType: 'PLAIN', defaultKeyType: 'PLAIN' },
  );
  return HEAD + body;
}

/** Reads what `writeExchanges` wrote and people edited. Fails with `bad_request` at the first place that is wrong. */
export async function readExchanges(text: string, file: string): Promise<Exchange[]> {
  const wrong = (reason: string): IceError =>
    new IceError('bad_request', `${file} is no cassette: ${reason}`, {
      hint: 'Undo the edit, or record it again: ice test --record',
    });
  if (text.length > MOST_CHARACTERS) throw wrong(`it has more than ${MOST_CHARACTERS} characters`);
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text, { uniqueKeys: true, merge: false });
  const [problem] = document.errors;
  if (problem) throw wrong(problem.message.split('\n')[0]!.replace(/:$/, ''));
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    throw wrong((error as Error).message);
  }
  const parsed = fileSchema.safeParse(value);
  if (parsed.success) return parsed.data.exchanges as Exchange[];
  const issue = innermost(parsed.error.issues[0]!);
  throw wrong(`${issue.path.join('.') || 'the document'}: ${issue.message}`);
}

/** Of an answer that matches no form, the finding of the form that it came nearest to. */
function innermost(issue: z.core.$ZodIssue): { path: PropertyKey[]; message: string } {
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return issue;
  const [nearest] = issue.errors.toSorted((a, b) => a.length - b.length);
  const inner = nearest?.[0];
  return inner ? { path: [...issue.path, ...inner.path], message: inner.message } : issue;
}

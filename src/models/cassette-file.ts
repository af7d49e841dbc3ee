import type { Document, Node } from 'yaml';
import * as z from 'zod';
import type { Diagnostic } from '../contracts/diagnostics.ts';
import { IceError } from '../contracts/errors.ts';
import type { JsonObject } from '../contracts/json.ts';
import { finding } from '../language/diagnostics/finding.ts';
import { LineIndex } from '../language/source/line-index.ts';

export type ExchangeKind = 'model' | 'fetch' | 'mcp';

/** One request and what answered it, redacted. */
export interface Exchange {
  /** The test case that made the request; absent = any may be answered by it. */
  case?: string;
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
  headers: z.record(z.string(), z.string().regex(/^[^\r\n\0]*$/, 'a line end or NUL, which no header holds')),
  body: bodySchema.optional(),
});
const callAnswerSchema = z.union([
  z.strictObject({ error: z.looseObject({ code: z.string(), message: z.string() }) }),
  z.strictObject({ result: z.json() }),
]);
/** Answers are checked to the last field: people edit them, and a slip must show here and not in a tool. */
const fileSchema = z.strictObject({
  cassette: z.literal(1),
  exchanges: z.array(
    z.discriminatedUnion('kind', [
      z.strictObject({
        case: z.string().optional(),
        kind: z.literal('model'),
        request: objectSchema,
        answer: modelAnswerSchema,
      }),
      z.strictObject({
        case: z.string().optional(),
        kind: z.literal('fetch'),
        request: objectSchema,
        answer: fetchAnswerSchema,
      }),
      z.strictObject({
        case: z.string().optional(),
        kind: z.literal('mcp'),
        request: z.strictObject({ tool: z.string(), input: z.json() }),
        answer: callAnswerSchema,
      }),
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
  const { exchanges, diagnostics } = await checkExchanges(text, file);
  if (exchanges) return exchanges;
  const [first] = diagnostics;
  const at = first!.range?.start;
  throw new IceError(
    'bad_request',
    `${file} is no cassette: ${first!.message}${at ? `, at line ${at.line}, column ${at.column}` : ''}`,
    { hint: first!.help, details: { diagnostics } },
  );
}

const HELP = 'Undo the edit, or record it again: ice test --record';
const MOST_FINDINGS = 20;

/** The same, with everything that is wrong at its place; `exchanges` are there when nothing is. */
export async function checkExchanges(
  text: string,
  file: string,
): Promise<{ exchanges?: Exchange[]; diagnostics: Diagnostic[] }> {
  const lines = new LineIndex(text);
  const wrong = (message: string, start: number, end: number): { diagnostics: Diagnostic[] } => {
    // What ends too early is shown at its last character, not on the empty line behind it.
    const from = Math.min(start, Math.max(0, text.trimEnd().length - 1));
    const range = lines.range(from, Math.max(from, Math.min(end, from + 1)));
    return { diagnostics: [finding('ICE1811', file, message, { range, help: HELP })] };
  };
  if (text.length > MOST_CHARACTERS) return wrong(`it has more than ${MOST_CHARACTERS} characters`, 0, 0);
  const { parseDocument } = await import('yaml');
  const document = parseDocument(text, { uniqueKeys: true, merge: false, prettyErrors: false });
  const [problem] = document.errors;
  if (problem) return wrong(problem.message.split('\n')[0]!.replace(/:$/, ''), ...problem.pos);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: 0 });
  } catch (error) {
    return wrong((error as Error).message, 0, 0);
  }
  const parsed = fileSchema.safeParse(value);
  if (parsed.success) return { exchanges: parsed.data.exchanges as Exchange[], diagnostics: [] };
  return {
    diagnostics: parsed.error.issues.slice(0, MOST_FINDINGS).map((each) => {
      const { path, message } = innermost(each, (place) => inside(value, place));
      const where = path.join('.');
      const { start, end } = placeOf(document, path, text);
      return finding('ICE1812', file, `${where || 'the document'}: ${message}`, {
        range: lines.range(start, end),
        path: where,
        help: HELP,
      });
    }),
  };
}

/** Where a path stands; of what is not there, where its nearest ancestor begins. */
function placeOf(
  document: Document.Parsed,
  path: readonly PropertyKey[],
  text: string,
): { start: number; end: number } {
  for (let depth = path.length; depth >= 0; depth--) {
    const node = document.getIn(path.slice(0, depth) as (string | number)[], true) as Node | undefined;
    if (!node?.range) continue;
    const [start, end] = node.range;
    const line = text.indexOf('\n', start);
    return { start, end: Math.min(end, line < 0 ? text.length : line) };
  }
  return { start: 0, end: 0 };
}

/** The value at a path; undefined where there is none. */
const inside = (value: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>(
    (at, key) =>
      typeof at === 'object' && at !== null && Object.hasOwn(at, key)
        ? (at as Record<PropertyKey, unknown>)[key]
        : undefined,
    value,
  );

/**
 * Of an answer that matches no form, the first finding of the form that it was meant as: a failure has an `error`.
 * An unknown key comes before what lacks: it is mostly the one that was meant.
 */
function innermost(issue: z.core.$ZodIssue, at: (path: readonly PropertyKey[]) => unknown): Finding {
  if (issue.code === 'unrecognized_keys') {
    const value = at(issue.path);
    const [key] = issue.keys;
    const there = typeof value === 'object' && value !== null && key !== undefined && key in value;
    return { path: [...issue.path, ...(there ? [key] : [])], message: 'there is no such field' };
  }
  if (issue.code !== 'invalid_union' || issue.errors.length === 0) return issue;
  const value = at(issue.path);
  const failure = typeof value === 'object' && value !== null && 'error' in value;
  const about = (form: z.core.$ZodIssue[]) => form.some(({ path }) => path[0] === 'error');
  const [meant] = issue.errors.toSorted(
    (a, b) => Number(about(a) !== failure) - Number(about(b) !== failure) || a.length - b.length,
  );
  const first = meant?.find(({ code }) => code === 'unrecognized_keys') ?? meant?.[0];
  if (!first) return issue;
  return innermost({ ...first, path: [...issue.path, ...first.path] }, at);
}

type Finding = Pick<z.core.$ZodIssue, 'path' | 'message'>;

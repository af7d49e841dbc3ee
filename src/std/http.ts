import { z } from 'zod';
import { defineTool, RetryableError, TerminalError } from '../authoring/index.ts';

const scalar = z.union([z.string(), z.number(), z.boolean()]);

export default defineTool({
  name: 'std/http',
  version: '1.0.0',
  description: 'Makes one HTTP request',
  input: z.object({
    url: z
      .string()
      .describe(
        'http or https. A host written literally here is granted; for a computed host, name it in hosts',
      ),
    hosts: z
      .array(z.string())
      .default([])
      .describe(
        'Hosts that a computed url may reach, written literally: api.example.com, *.example.com, 127.0.0.1:8080',
      ),
    method: z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']).default('GET'),
    query: z
      .record(z.string(), z.union([scalar, z.null(), z.array(scalar)]))
      .default({})
      .describe('Added to the query of the url; null leaves a name out, a list repeats it'),
    headers: z.record(z.string(), z.string()).default({}),
    json: z.unknown().optional().describe('A body to send as JSON'),
    form: z.record(z.string(), scalar).optional().describe('A body to send as a form'),
    body: z.string().optional().describe('A body to send as it is'),
    response: z
      .enum(['auto', 'json', 'text', 'base64'])
      .default('auto')
      .describe('How to read the answer; auto: JSON if its content type says so, else text'),
    accept: z
      .array(z.int().min(100).max(599))
      .default([])
      .describe('Statuses outside 200 to 299 that are no failure, as 404'),
    idempotent: z
      .boolean()
      .default(false)
      .describe('Send an Idempotency-Key that is the same for every attempt of this node'),
  }),
  output: z.object({
    status: z.int(),
    ok: z.boolean().describe('Whether the status is 200 to 299'),
    url: z.string().describe('Where the answer came from, after redirects'),
    headers: z.record(z.string(), z.string()).describe('Names in lower case'),
    json: z.unknown().describe('The answer as JSON; null when it was not read as JSON'),
    text: z.string().nullable().describe('The answer as text or base64; null when it was read as JSON'),
  }),
  permissions: { net: ['*'] },
  async run(input, ctx) {
    const bodies = [input.json, input.form, input.body].filter((body) => body !== undefined);
    if (bodies.length > 1) throw new TerminalError('Give one body: json, form or body');
    if (bodies.length === 1 && (input.method === 'GET' || input.method === 'HEAD'))
      throw new TerminalError(`A ${input.method} request has no body; say method: POST`);
    const url = urlOf(input.url, input.query);
    const headers = new Headers(input.headers);
    if (input.idempotent && !headers.has('idempotency-key'))
      headers.set('idempotency-key', ctx.idempotencyKey);
    if (!headers.has('accept') && input.response === 'json') headers.set('accept', 'application/json');
    const response = await ctx.fetch(url.href, {
      method: input.method,
      headers,
      body: bodyOf(input, headers),
    });
    if (!response.ok && !input.accept.includes(response.status)) await fail(response, input.method, url);
    const read = await readAnswer(response, input.response, input.method);
    return {
      status: response.status,
      ok: response.ok,
      url: response.url,
      headers: Object.fromEntries(response.headers),
      ...read,
    };
  },
  // A request needs a server: docs/std/http.md shows calls, test/std/http.test.ts makes them.
  examples: [],
});

function urlOf(text: string, query: Record<string, unknown>): URL {
  if (!URL.canParse(text)) throw new TerminalError(`Not a URL: ${text.slice(0, 200)}`);
  const url = new URL(text);
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new TerminalError(`Only http and https, not ${url.protocol}`);
  for (const [name, value] of Object.entries(query))
    if (value !== null)
      for (const it of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(it));
  return url;
}

function bodyOf(
  input: { json?: unknown; form?: Record<string, unknown> | undefined; body?: string | undefined },
  headers: Headers,
): string | URLSearchParams | undefined {
  if (input.form !== undefined)
    return new URLSearchParams(Object.entries(input.form).map(([name, value]) => [name, String(value)]));
  if (input.json === undefined) return input.body;
  if (!headers.has('content-type')) headers.set('content-type', 'application/json');
  return JSON.stringify(input.json);
}

/** What a later attempt may mend is retried, as the server asks for it; the rest is not. */
async function fail(response: Response, method: string, url: URL): Promise<never> {
  const text = (await response.text()).replace(/\s+/g, ' ').trim().slice(0, 300);
  // The query may hold what is not for logs.
  const message = `${method} ${url.origin}${url.pathname} answered ${response.status}${text === '' ? '' : `: ${text}`}`;
  const { status } = response;
  if (status === 408 || status === 425 || status === 429 || status >= 500)
    throw new RetryableError(message, { retryAfterMs: retryAfter(response.headers.get('retry-after')) });
  throw new TerminalError(message);
}

const LONGEST_WAIT_MS = 3_600_000;

/** Milliseconds of a Retry-After header: seconds, or a date. */
function retryAfter(header: string | null): number | undefined {
  if (header === null) return undefined;
  const ms = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isFinite(ms) && ms > 0 ? Math.min(ms, LONGEST_WAIT_MS) : undefined;
}

async function readAnswer(
  response: Response,
  how: 'auto' | 'json' | 'text' | 'base64',
  method: string,
): Promise<{ json: unknown; text: string | null }> {
  if (how === 'base64') return { json: null, text: base64(new Uint8Array(await response.arrayBuffer())) };
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  const isJson = how === 'json' || (how === 'auto' && /[/+]json\b/i.test(type));
  if (!isJson || method === 'HEAD' || (text === '' && how === 'auto')) return { json: null, text };
  try {
    return { json: JSON.parse(text) as unknown, text: null };
  } catch {
    throw new TerminalError(
      `The answer is not JSON (${type === '' ? 'no content type' : type}): ${text.slice(0, 200)}`,
    );
  }
}

function base64(bytes: Uint8Array): string {
  let binary = '';
  for (let i = 0; i < bytes.length; i += 8192) binary += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return btoa(binary);
}

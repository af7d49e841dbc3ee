import { commentText, literal } from '../source-text.ts';
import type { Api } from './api.ts';
import { netHost } from './read-server.ts';

/** Parts of the shared module that not every API needs. */
export type Part =
  | 'basic'
  | 'commas'
  | 'spaces'
  | 'pipes'
  | 'deep'
  | 'asJson'
  | 'form'
  | 'multipart'
  | 'bytes'
  | 'raw';

const NEEDS: Partial<Record<Part, Part[]>> = { form: ['deep'], multipart: ['bytes'] };

/**
 * `_api.ts`: what the tools of one API share. It holds the address, which is the one line to change for another
 * server, and the call; only the parts that some tool uses are in it.
 */
export function apiSource(api: Api, from: string, used: ReadonlySet<Part>): string {
  const parts = new Set(used);
  for (const part of used) for (const need of NEEDS[part] ?? []) parts.add(need);
  const code = (Object.keys(PARTS) as Part[]).filter((part) => parts.has(part)).map((part) => PARTS[part]);
  return `// What the tools of ${commentText(api.title, 100)} share. Made by \`ice import openapi\` from ${commentText(from, 200)}.
import { RetryableError, TerminalError, type ToolContext } from 'iceos';

/** Where the API is. For another server (a mock, a region), change this line, or import again with --server URL. */
export const SERVER = ${literal(api.server)};
/** The host that the tools may reach: the one of SERVER, with its port where that is not 443. */
export const NET = [${literal(netHost(api.server))}] as const;
${CALL}${code.join('')}${BASE64}`;
}

const CALL = String.raw`
type Value = unknown;
export type Body = { type: string; content: string | Uint8Array } | undefined;

export interface Call {
  method: string;
  /** As the document has it: /pets/{petId}. */
  path: string;
  params?: { [name: string]: Value };
  query?: { [name: string]: Value };
  headers?: { [name: string]: Value };
  body?: Body;
  /** What the answer is read as; JSON unless said. */
  answer?: 'json' | 'text' | 'base64' | 'none';
  accept?: string;
  server: string;
}

/** One request. An answer that is no success is an error: one that a retry may mend, or (4xx) one that it can't. */
export async function call<T>(ctx: { fetch: ToolContext['fetch'] }, request: Call): Promise<T> {
  const { method, server, path, body, answer = 'json' } = request;
  const headers: Record<string, string> = { accept: request.accept ?? 'application/json' };
  if (body !== undefined) headers['content-type'] = body.type;
  for (const [name, value] of Object.entries(request.headers ?? {}))
    if (value !== undefined && value !== null) headers[name] = text(value);
  const address = server + filled(path, request.params ?? {}) + queryOf(request.query ?? {});
  const response = await ctx.fetch(address, { method, headers, body: body?.content });
  if (!response.ok) throw await failure(method + ' ' + path, response);
  return (await read(response, answer, method + ' ' + path)) as T;
}

const text = (value: Value): string =>
  Array.isArray(value)
    ? value.map(text).join(',')
    : typeof value === 'object' && value !== null
      ? JSON.stringify(value)
      : String(value);

function filled(path: string, params: { [name: string]: Value }): string {
  return path.replace(/\{([^{}]+)\}/g, (_, name: string) => {
    const value = text(params[name] ?? '');
    // These would make it the path of something else.
    if (value === '' || value === '.' || value === '..')
      throw new TerminalError('The parameter ' + name + ' can not be ' + JSON.stringify(value));
    return encodeURIComponent(value);
  });
}

/** A list is repeated, an object gives each of its fields; what is not given is left out. */
function queryOf(query: { [name: string]: Value }): string {
  const pairs: string[] = [];
  const add = (name: string, value: Value): void => {
    if (value === undefined || value === null) return;
    if (Array.isArray(value)) for (const item of value) add(name, item);
    else if (typeof value === 'object') for (const [key, item] of Object.entries(value)) add(key, item);
    else pairs.push(encodeURIComponent(name) + '=' + encodeURIComponent(String(value)));
  };
  for (const [name, value] of Object.entries(query)) add(name, value);
  return pairs.length === 0 ? '' : '?' + pairs.join('&');
}

async function read(response: Response, answer: Call['answer'], what: string): Promise<unknown> {
  if (answer === 'none') return null;
  if (answer === 'base64') return base64(new Uint8Array(await response.arrayBuffer()));
  const content = await response.text();
  if (answer === 'text') return content;
  if (content.trim() === '') return null;
  try {
    return JSON.parse(content);
  } catch {
    throw new Error(what + ' answered what is no JSON: ' + content.slice(0, 200));
  }
}

async function failure(what: string, response: Response): Promise<Error> {
  const said = (await response.text().catch(() => '')).replace(/\s+/g, ' ').trim().slice(0, 500);
  const status = (response.status + ' ' + response.statusText).trim();
  const message = what + ' answered ' + status + (said === '' ? '' : ': ' + said);
  const { status: code } = response;
  if (code < 500 && code !== 408 && code !== 425 && code !== 429) return new TerminalError(message);
  const after = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new RetryableError(message, after > 0 ? { retryAfterMs: after * 1000 } : {});
}

/** A body of JSON; none when there is no value. */
export const json = (value: Value, type = 'application/json'): Body =>
  value === undefined ? undefined : { type, content: JSON.stringify(value) };

export const bearer = (token: string) => ({ authorization: 'Bearer ' + token });
`;

const PARTS: Record<Part, string> = {
  basic: `
export const basic = (user: string, password: string) => ({
  authorization: 'Basic ' + base64(new TextEncoder().encode(user + ':' + password)),
});
`,
  commas: `
const joined = (value: Value, by: string): string | undefined =>
  value === undefined || value === null
    ? undefined
    : Array.isArray(value)
      ? value.map(text).join(by)
      : typeof value === 'object'
        ? Object.entries(value).flat().map(text).join(by)
        : text(value);

/** A list as a,b,c. */
export const commas = (value: Value) => joined(value, ',');
`,
  spaces: `
/** A list with spaces between its items. */
export const spaces = (value: Value) => (Array.isArray(value) ? value.map(text).join(' ') : value);
`,
  pipes: `
/** A list as a|b|c. */
export const pipes = (value: Value) => (Array.isArray(value) ? value.map(text).join('|') : value);
`,
  asJson: `
/** A value written as JSON. */
export const asJson = (value: Value) => (value === undefined ? undefined : JSON.stringify(value));
`,
  deep: `
/** An object as name[field]=value, whatever its depth. */
export function deep(name: string, value: Value): { [name: string]: Value } {
  const fields: { [name: string]: Value } = {};
  const add = (key: string, item: Value): void => {
    if (item === undefined || item === null) return;
    if (typeof item !== 'object') fields[key] = item;
    else for (const [inner, each] of Object.entries(item)) add(key + '[' + inner + ']', each);
  };
  add(name, value);
  return fields;
}
`,
  form: `
/** A form. The fields named in deepFields are written as name[field]=value, other objects as JSON. */
export function form(value: Value, deepFields: readonly string[] = []): Body {
  if (value === undefined) return undefined;
  const fields: { [name: string]: Value } = {};
  for (const [name, field] of Object.entries(value as object)) {
    if (deepFields.includes(name)) Object.assign(fields, deep(name, field));
    else fields[name] = Array.isArray(field) ? field.map(text) : field === null || field === undefined ? field : text(field);
  }
  return { type: 'application/x-www-form-urlencoded', content: queryOf(fields).slice(1) };
}
`,
  raw: `
/** A body of text. */
export const raw = (value: string | undefined, type: string): Body =>
  value === undefined ? undefined : { type, content: value };
`,
  bytes: String.raw`
/** A body of bytes, given as base64. */
export const bytes = (value: string | undefined, type: string): Body =>
  value === undefined ? undefined : { type, content: fromBase64(value) };

function fromBase64(value: string): Uint8Array {
  const clean = value.replace(/\s/g, '').replace(/-/g, '+').replace(/_/g, '/').replace(/=+$/, '');
  if (!/^[A-Za-z0-9+/]*$/.test(clean) || clean.length % 4 === 1) throw new TerminalError('The content is no base64');
  const out = new Uint8Array(Math.floor((clean.length * 3) / 4));
  let bits = 0;
  let have = 0;
  let at = 0;
  for (const char of clean) {
    bits = ((bits << 6) | DIGITS.indexOf(char)) & 0xffffff;
    have += 6;
    if (have >= 8) {
      have -= 8;
      out[at++] = (bits >> have) & 255;
    }
  }
  return out;
}
`,
  multipart: String.raw`
/** A multipart form. The fields named in files hold base64; a file gets the name of its field. */
export function multipart(value: Value, files: readonly string[], key: string): Body {
  if (value === undefined) return undefined;
  const boundary = 'ice-' + key.replace(/[^A-Za-z0-9]/g, '').slice(0, 40) + '-form';
  const encoder = new TextEncoder();
  const parts: Uint8Array[] = [];
  const quoted = (name: string): string => '"' + name.replace(/["\r\n]/g, '_') + '"';
  for (const [name, field] of Object.entries(value as object)) {
    for (const each of Array.isArray(field) ? field : [field]) {
      if (each === undefined || each === null) continue;
      const file = files.includes(name);
      const head =
        '--' + boundary + '\r\ncontent-disposition: form-data; name=' + quoted(name) +
        (file ? '; filename=' + quoted(name) + '\r\ncontent-type: application/octet-stream' : '') +
        '\r\n\r\n';
      parts.push(encoder.encode(head), file ? fromBase64(String(each)) : encoder.encode(text(each)), encoder.encode('\r\n'));
    }
  }
  parts.push(encoder.encode('--' + boundary + '--\r\n'));
  const content = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    content.set(part, at);
    at += part.length;
  }
  return { type: 'multipart/form-data; boundary=' + boundary, content };
}
`,
};

/** Always there: an answer of bytes is read as base64. */
const BASE64 = `
const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

function base64(data: Uint8Array): string {
  let out = '';
  for (let i = 0; i < data.length; i += 3) {
    const bits = (data[i]! << 16) | ((data[i + 1] ?? 0) << 8) | (data[i + 2] ?? 0);
    out += DIGITS[bits >> 18]! + DIGITS[(bits >> 12) & 63]!;
    out += i + 1 < data.length ? DIGITS[(bits >> 6) & 63]! : '=';
    out += i + 2 < data.length ? DIGITS[bits & 63]! : '=';
  }
  return out;
}
`;

import { readFile, stat } from 'node:fs/promises';
import { resolve } from 'node:path';
import { LineCounter, parseDocument } from 'yaml';
import type { Diagnostic } from '../../contracts/diagnostics.ts';
import { IceError } from '../../contracts/errors.ts';
import { finding } from '../../language/diagnostics/finding.ts';
import { explainFileError } from '../file-errors.ts';
import { shownPath } from './json-pointer.ts';

/** The largest document that is read. */
export const MOST_DOCUMENT_BYTES = 64 * 1024 * 1024;
/** YAML beyond this takes its parser minutes; JSON of this size is no trouble. */
const MOST_YAML_CHARS = 12 * 1024 * 1024;
/** A document larger than this is not parsed again only to say at which line a finding is. */
const MOST_LOCATED_CHARS = 8 * 1024 * 1024;

export interface DocumentSource {
  /** As findings name it. */
  name: string;
  text: string;
  /** Where it was fetched from: relative servers are relative to this. */
  url?: string;
}

export interface ReadOptions {
  /** Relative files are relative to this folder. */
  cwd: string;
  /** For the proxy that it names, if any. */
  env?: Readonly<Record<string, string | undefined>>;
  /** How long a server may take, milliseconds; 30 s. */
  timeoutMs?: number;
}

export const isUrl = (text: string): boolean => /^https?:\/\//i.test(text);

/** Reads a document from a file or over HTTP. Errors: `not_found`, `unreachable`, `too_large`, `machine`. */
export async function readDocument(from: string, options: ReadOptions): Promise<DocumentSource> {
  if (isUrl(from)) return await fetchDocument(from, options);
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(from))
    throw new IceError('usage', `${from.slice(0, 200)} is no address that can be read.`, {
      hint: 'Give a file, or an address that begins with https:// or http://',
    });
  const path = resolve(options.cwd, from);
  try {
    const { size } = await stat(path);
    if (size > MOST_DOCUMENT_BYTES) throw tooLarge(from, size);
    return { name: from, text: (await readFile(path, 'utf8')).replace(/^\uFEFF/, '') };
  } catch (error) {
    throw explainFileError(error, from, 'read');
  }
}

async function fetchDocument(address: string, options: ReadOptions): Promise<DocumentSource> {
  if (!URL.canParse(address)) throw new IceError('usage', `${address.slice(0, 200)} is no address.`);
  const url = new URL(address);
  // Credentials in an address would end up in findings and in the record of the import.
  if (url.username !== '' || url.password !== '')
    throw new IceError('usage', 'The address holds a user name or password.', {
      hint: 'Fetch the document with another program, and import the file.',
    });
  const name = `${url.origin}${url.pathname}`;
  const timeoutMs = options.timeoutMs ?? 30_000;
  const fail = (message: string, cause?: unknown): IceError =>
    new IceError('unreachable', message, {
      hint: 'Check the address, or fetch the document with another program and import the file.',
      cause,
    });
  try {
    const response = await fetchThrough(url, options.env ?? {}, {
      headers: { accept: 'application/json, application/yaml, text/yaml, */*;q=0.5' },
      signal: AbortSignal.timeout(timeoutMs),
    });
    if (!response.ok) {
      await response.body?.cancel();
      throw response.status === 404
        ? new IceError('not_found', `There is no document at ${name} (404).`, { hint: 'Check the address.' })
        : fail(`${name} answered ${response.status} ${response.statusText}`.trim());
    }
    const text = await boundedText(response, name);
    return { name, text: text.replace(/^\uFEFF/, ''), url: response.url === '' ? url.href : response.url };
  } catch (error) {
    if (error instanceof IceError) throw error;
    if (error instanceof Error && error.name === 'TimeoutError')
      throw fail(`${name} did not answer in ${timeoutMs / 1000} s`, error);
    const { cause } = error as { cause?: { code?: string; message?: string } };
    throw fail(
      `${name} cannot be reached: ${cause?.code ?? cause?.message ?? (error as Error).message}`,
      error,
    );
  }
}

/** The platform's fetch; where a proxy is set, undici's with its agent. */
async function fetchThrough(
  url: URL,
  env: Readonly<Record<string, string | undefined>>,
  init: { headers: Record<string, string>; signal: AbortSignal },
): Promise<Response> {
  if (!['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy'].some((name) => env[name]))
    return fetch(url, init);
  const undici = await import('undici');
  return (await undici.fetch(url, {
    ...init,
    dispatcher: new undici.EnvHttpProxyAgent(),
  })) as unknown as Response;
}

async function boundedText(response: Response, name: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += (chunk as Uint8Array).byteLength;
    if (size > MOST_DOCUMENT_BYTES) throw tooLarge(name, size);
    chunks.push(chunk as Uint8Array);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const tooLarge = (name: string, size: number): IceError =>
  new IceError(
    'too_large',
    `${name} has more than ${Math.floor(size / 1024 / 1024)} MB; 64 MB is the most.`,
    {
      hint: 'Import a part of it: many APIs publish one document for each area.',
    },
  );

/** A document as JSON, and where its parts stand. */
export class ForeignDocument {
  readonly name: string;
  readonly value: unknown;
  readonly #text: string;
  #located: { lines: LineCounter; document: ReturnType<typeof parseDocument> } | undefined;

  private constructor(name: string, text: string, value: unknown) {
    this.name = name;
    this.#text = text;
    this.value = value;
  }

  /** Parses YAML or JSON. A text that is neither gives a finding at its place. */
  static parse({ name, text }: DocumentSource): { document?: ForeignDocument; diagnostics: Diagnostic[] } {
    const first = text.trimStart()[0];
    if (first === '{' || first === '[') {
      try {
        return { document: new ForeignDocument(name, text, JSON.parse(text)), diagnostics: [] };
      } catch (error) {
        // A flow mapping of YAML begins alike; a document that calls itself JSON, or is very large, is none.
        if (/\.json$/i.test(name) || text.length > MOST_YAML_CHARS)
          return { diagnostics: [jsonProblem(name, text, error as Error)] };
      }
    }
    if (text.length > MOST_YAML_CHARS)
      return {
        diagnostics: [
          finding(
            'ICE1601',
            name,
            `The document has ${text.length} characters of YAML; ${MOST_YAML_CHARS} is the most`,
            {
              help: 'Import it as JSON, which is read at any size up to 64 MB.',
            },
          ),
        ],
      };
    const lines = new LineCounter();
    const parsed = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      logLevel: 'error',
      uniqueKeys: false,
    });
    const [error] = parsed.errors;
    if (error)
      return {
        diagnostics: [
          finding('ICE1601', name, `It can't be read as YAML: ${error.message.split('\n')[0]}`, {
            range: rangeOf(lines, error.pos[0], error.pos[1]),
            help: 'Mend the document, or ask who publishes it.',
          }),
        ],
      };
    try {
      // Aliases are bounded: a few lines of them can mean gigabytes.
      const document = new ForeignDocument(name, text, parsed.toJS({ maxAliasCount: 1000 }));
      document.#located = { lines, document: parsed };
      return { document, diagnostics: [] };
    } catch (problem) {
      return {
        diagnostics: [
          finding('ICE1601', name, `It can't be read as YAML: ${(problem as Error).message.split('\n')[0]}`, {
            help: 'Its aliases mean more than is read. Write the parts out, or use $ref.',
          }),
        ],
      };
    }
  }

  /** A finding about the part that the keys lead to, with its place in the text. */
  finding(
    code: string,
    keys: readonly (string | number)[],
    message: string,
    extra: { help?: string; severity?: Diagnostic['severity'] } = {},
  ): Diagnostic {
    const range = this.#rangeOf(keys);
    return finding(code, this.name, message, {
      ...extra,
      ...(keys.length === 0 ? {} : { path: shownPath(keys) }),
      ...(range === undefined ? {} : { range }),
    });
  }

  #rangeOf(keys: readonly (string | number)[]): Diagnostic['range'] | undefined {
    if (this.#text.length > MOST_LOCATED_CHARS) return undefined;
    if (this.#located === undefined) {
      const lines = new LineCounter();
      const options = {
        lineCounter: lines,
        prettyErrors: false,
        logLevel: 'error',
        uniqueKeys: false,
      } as const;
      this.#located = { lines, document: parseDocument(this.#text, options) };
    }
    const { lines, document } = this.#located;
    for (let length = keys.length; length >= 0; length--) {
      const node = length === 0 ? document.contents : document.getIn(keys.slice(0, length), true);
      const range = (node as { range?: [number, number, number] } | null | undefined)?.range;
      if (range) return rangeOf(lines, range[0], Math.min(range[1], endOfLine(this.#text, range[0])));
    }
    return undefined;
  }
}

const endOfLine = (text: string, offset: number): number => {
  const end = text.indexOf('\n', offset);
  return end < 0 ? text.length : end;
};

function rangeOf(lines: LineCounter, start: number, end: number): NonNullable<Diagnostic['range']> {
  const position = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col), offset };
  };
  return { start: position(start), end: position(Math.max(start, end)) };
}

function jsonProblem(name: string, text: string, error: Error): Diagnostic {
  const offset = Number(/position (\d+)/.exec(error.message)?.[1] ?? Number.NaN);
  const reason = error.message.replace(/,? ?\.{0,3}"[\s\S]*$/, '').replace(/ in JSON at position.*$/s, '');
  const before = text.slice(0, Number.isNaN(offset) ? text.length : offset);
  const start = {
    line: before.split('\n').length,
    column: before.length - before.lastIndexOf('\n'),
    offset: before.length,
  };
  return finding('ICE1601', name, `It can't be read as JSON: ${reason}`, {
    range: { start, end: { ...start, column: start.column + 1, offset: start.offset + 1 } },
    help: 'Mend the document, or ask who publishes it.',
  });
}

import { IceError } from '../contracts/errors.ts';
import type { Json } from '../contracts/json.ts';
import type { Incoming } from './incoming.ts';

/** How deep objects and arrays of a request may nest: what reads them later may recurse. */
export const MOST_DEPTH = 200;

const size = (bytes: number): string =>
  bytes >= 1024 * 1024 ? `${Math.round(bytes / (1024 * 1024))} MiB` : `${Math.round(bytes / 1024)} KiB`;

/**
 * Reads a body, counting what really arrives (a Content-Length may lie or be absent), and stops at the limit.
 * Fails with `too_large`.
 */
export async function readBytes(request: Incoming, most: number): Promise<Uint8Array> {
  const encoding = request.headers.get('content-encoding');
  if (encoding !== null && encoding !== 'identity')
    throw new IceError(
      'unsupported_media',
      `Bodies with Content-Encoding ${encoding.slice(0, 40)} are not read`,
      {
        hint: 'Send the body as it is',
      },
    );
  const tooLarge = () =>
    new IceError('too_large', `The body has more than ${size(most)}`, {
      hint: 'Send less at once; files go in as artifacts, by digest',
      details: { limitBytes: most },
    });
  if (Number(request.headers.get('content-length') ?? 0) > most) {
    await request.body?.cancel().catch(() => {});
    throw tooLarge();
  }
  if (request.content !== undefined || request.whole) {
    const content = request.content ?? (await request.whole!());
    const whole = typeof content === 'string' ? new TextEncoder().encode(content) : content;
    if (whole.byteLength > most) throw tooLarge();
    return whole;
  }
  if (!request.body) return new Uint8Array(0);
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let total = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    total += value.byteLength;
    if (total > most) {
      await reader.cancel().catch(() => {});
      throw tooLarge();
    }
    chunks.push(value);
  }
  if (chunks.length === 1) return chunks[0]!;
  const all = new Uint8Array(total);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.byteLength;
  }
  return all;
}

/** What the text of a JSON body says beyond its value. */
export interface JsonBody {
  value: Json;
  /** The text holds a whole number of 16 digits or more, which a double may not hold exactly. */
  longIntegers: boolean;
}

/** A JSON body as a value: undefined when it is empty. Fails with `unsupported_media` or `bad_request`. */
export async function readJson(request: Incoming, most: number): Promise<JsonBody | undefined> {
  // A text of a caller in this process that is surely short enough is taken as it is: a character has at most 3 bytes.
  const { content } = request;
  const asText = typeof content === 'string' && content.length * 3 <= most;
  const bytes = asText ? undefined : await readBytes(request, most);
  if (bytes === undefined ? content === '' : bytes.byteLength === 0) return undefined;
  const type = (request.headers.get('content-type') ?? '').split(';')[0]!.trim().toLowerCase();
  if (type !== 'application/json' && !/^application\/[\w.-]+\+json$/.test(type))
    throw new IceError(
      'unsupported_media',
      type === '' ? 'The body has no Content-Type' : `A body of type ${type.slice(0, 80)} is not read here`,
      { hint: 'Send JSON with Content-Type: application/json' },
    );
  if (bytes === undefined) return parseJson(content as string);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new IceError('bad_request', 'The body is not UTF-8', { hint: 'Encode the JSON as UTF-8' });
  }
  return parseJson(text);
}

/** Parses the text of a body: bounded depth, no `__proto__`. */
export function parseJson(text: string): JsonBody {
  const scan = scanJson(text);
  if (scan.depth > MOST_DEPTH)
    throw new IceError('bad_request', `The body nests more than ${MOST_DEPTH} levels deep`, {
      hint: 'Send deep data as text, or flatten it',
    });
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (error) {
    throw new IceError('bad_request', `The body is not JSON: ${oneLine((error as Error).message)}`, {
      hint: 'Send one whole JSON document',
    });
  }
  // The name can be written with escapes, so that a text with any is looked through as a value.
  if (/__proto__|\\u/.test(text)) refuseBroken(value);
  return { value, longIntegers: scan.longIntegers };
}

// The parser's message quotes the body: enough to find the place, and no more.
const oneLine = (message: string): string => message.replace(/\s+/g, ' ').slice(0, 160);

/** One pass over the text, before anything recurses on it: the depth, and whether a long whole number stands in it. */
function scanJson(text: string): { depth: number; longIntegers: boolean } {
  let depth = 0;
  let deepest = 0;
  let digits = 0;
  let longIntegers = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 48 && code <= 57) {
      digits++;
      continue;
    }
    // A run of digits after a point, or before a point or an exponent, is no whole number.
    if (digits >= 16 && code !== 46 && code !== 101 && code !== 69 && !fraction(text, i - digits))
      longIntegers = true;
    digits = 0;
    if (code === 34) {
      for (i++; i < text.length; i++) {
        const inside = text.charCodeAt(i);
        if (inside === 92) i++;
        else if (inside === 34) break;
      }
    } else if (code === 91 || code === 123) {
      if (++depth > deepest) deepest = depth;
      if (deepest > MOST_DEPTH) return { depth: deepest, longIntegers };
    } else if (code === 93 || code === 125) depth--;
  }
  if (digits >= 16 && !fraction(text, text.length - digits)) longIntegers = true;
  return { depth: deepest, longIntegers };
}

const fraction = (text: string, start: number): boolean => {
  const before = text.charCodeAt(start - 1);
  const earlier = text.charCodeAt(start - 2);
  return (
    before === 46 ||
    before === 101 ||
    before === 69 ||
    ((before === 43 || before === 45) && (earlier === 101 || earlier === 69))
  );
};

/** Keys that would change what an object is, and texts that no file, hash or other program can hold. */
function refuseBroken(root: Json): void {
  const open: Json[] = [root];
  while (open.length > 0) {
    const value = open.pop()!;
    if (typeof value === 'string' && !value.isWellFormed()) throw halfCharacter();
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, item] of Object.entries(value)) {
      if (key === '__proto__')
        throw new IceError('bad_request', 'The body has a key __proto__, which is refused', {
          hint: 'Give the key another name',
        });
      if (!key.isWellFormed()) throw halfCharacter();
      open.push(item);
    }
  }
}

const halfCharacter = (): IceError =>
  new IceError('bad_request', 'A text of the body holds half a character (a lone surrogate, as \\ud800)', {
    hint: 'Cut texts between characters; in JavaScript text.toWellFormed() mends one',
  });

/** Paths of whole numbers that a double can't hold exactly; at most `most` of them. */
export function unsafeIntegers(root: Json, at: string, most = 5): string[] {
  const found: string[] = [];
  const open: [string, Json][] = [[at, root]];
  while (open.length > 0 && found.length < most) {
    const [path, value] = open.pop()!;
    if (typeof value === 'number') {
      if (Number.isInteger(value) && !Number.isSafeInteger(value)) found.push(path);
    } else if (Array.isArray(value))
      value.forEach((item, i) => {
        open.push([`${path}[${i}]`, item]);
      });
    else if (typeof value === 'object' && value !== null)
      for (const [key, item] of Object.entries(value)) open.push([`${path}.${key}`, item]);
  }
  return found;
}

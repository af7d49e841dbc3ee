import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Flags } from '@oclif/core';
import type { FetchAnswer } from '../../client/index.ts';
import { IceError } from '../../contracts/errors.ts';
import { IceCommand } from '../base-command.ts';
import { requiredArg } from '../flags.ts';
import type { Outcome } from '../outcome.ts';
import { formatBytes } from '../render/figures.ts';

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE'];
const MOST_BYTES = 64 * 1024 * 1024;
/** Headers of an answer that its reader may need. */
const SHOWN = ['content-type', 'etag', 'location', 'retry-after', 'x-request-id', 'idempotency-replayed'];

export default class Api extends IceCommand<typeof Api> {
  static override summary = 'Send a request to the API of the target, with its token';
  static override description =
    'PATH begins with /, or without one is inside of the project: `runs` is /v1/projects/PROJECT/runs. The answer goes to stdout as it is; a refusal is told like any error. `ice openapi` lists the routes.';
  static override examples = [
    'ice api GET /v1/whoami',
    'ice api GET "runs?limit=5"',
    'ice api POST components/resolve -i \'{"refs": ["tool/price"]}\'',
    'ice api PUT components/tool/price/tags/stable -i \'{"version": "1.0.0"}\' -H "If-None-Match: *"',
    'ice api GET artifacts/sha256:… --out bundle.mjs',
  ];
  static override args = {
    method: requiredArg('GET, HEAD, POST, PUT or DELETE'),
    path: requiredArg('/v1/…, or a path inside of the project'),
  };
  static override flags = {
    input: Flags.string({
      char: 'i',
      description: 'Body: JSON, @file, or - for stdin',
      helpValue: 'BODY',
    }),
    header: Flags.string({
      char: 'H',
      description: 'A header of the request: "Name: value"',
      helpValue: 'HEADER',
      multiple: true,
      multipleNonGreedy: true,
    }),
    out: Flags.string({ description: 'Save the answer to a file', helpValue: 'FILE' }),
  };
  static override exitCodes = [1, 3, 8, 10, 11, 12];

  override async run(): Promise<Outcome> {
    const { args, flags } = this;
    const method = args.method.toUpperCase();
    if (!METHODS.includes(method))
      throw new IceError('usage', 'The first argument is a method.', {
        hint: `One of ${METHODS.join(', ')}: ice api GET /v1/whoami`,
      });
    const headers = headersOf(flags.header ?? []);
    const body = await this.#body();
    if (body !== undefined && (method === 'GET' || method === 'HEAD'))
      throw new IceError('usage', `A ${method} has no body.`, {
        hint: 'Put values into the query: "runs?limit=5"',
      });
    const stop = new AbortController();
    const leave = (): void => stop.abort();
    this.output.readerGone.addEventListener('abort', leave, { once: true });
    process.once('SIGINT', leave);
    return this.connected(await this.workspace(), async ({ client, target }) => {
      try {
        const answer = await client.request(method, args.path, {
          headers,
          body,
          signal: stop.signal,
          ...(flags.timeout === undefined ? {} : { timeoutMs: flags.timeout }),
        });
        return await this.#outcome(answer, target);
      } catch (error) {
        if (!stop.signal.aborted) throw error;
        return { body: { target } };
      } finally {
        process.off('SIGINT', leave);
      }
    });
  }

  async #outcome(answer: FetchAnswer, target: object): Promise<Outcome> {
    const { status } = answer;
    const headers = Object.fromEntries(
      SHOWN.flatMap((name) => {
        const value = answer.headers.get(name);
        return value === null ? [] : [[name, value]];
      }),
    );
    const type = headers['content-type'] ?? '';
    const { out } = this.flags;
    if (out !== undefined) {
      const bytes = new Uint8Array(await answer.arrayBuffer());
      this.#save(out, bytes);
      return {
        body: { status, headers, file: out, bytes: bytes.length, target },
        text: () => [],
        next: [`${out}: ${formatBytes(bytes.length)}`],
      };
    }
    if (type.startsWith('application/octet-stream'))
      throw new IceError('usage', 'The answer is no text.', { hint: 'Save it: --out FILE' });
    const text = await this.#read(answer, type);
    const body = { status, headers, body: bodyOf(text, type), target };
    return {
      body,
      text: ({ isTTY }) => {
        if (text === '') return [];
        return [isTTY && isJson(type) ? JSON.stringify(JSON.parse(text), null, 2) : text.replace(/\n$/, '')];
      },
    };
  }

  /** The whole text; what is followed is shown line by line as it comes, and then no more. */
  async #read(answer: FetchAnswer, type: string): Promise<string> {
    if (!type.startsWith('text/event-stream') || this.output.mode !== 'text' || !answer.body)
      return limited(await answer.text());
    const decoder = new TextDecoder();
    let rest = '';
    for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = limited(lines.pop()!);
      await this.output.emit(...lines);
    }
    return rest;
  }

  async #body(): Promise<string | Uint8Array | undefined> {
    const { input } = this.flags;
    if (input === undefined) return undefined;
    if (input === '-') return this.readStdin('-i -');
    if (input.startsWith('@')) {
      const name = input.slice(1);
      try {
        return readFileSync(resolve(this.world.cwd, name));
      } catch {
        throw new IceError('usage', `The file ${name} cannot be read.`, { hint: 'Check its path' });
      }
    }
    try {
      JSON.parse(input);
    } catch {
      throw new IceError('usage', 'The body is not JSON.', {
        hint: 'For instance -i \'{"version": "1.0.0"}\', -i @file.json, or -i - for stdin',
      });
    }
    return input;
  }

  #save(name: string, bytes: Uint8Array): void {
    try {
      writeFileSync(resolve(this.world.cwd, name), bytes);
    } catch (error) {
      throw new IceError('machine', `${name} cannot be written.`, {
        hint: 'Is its folder there, and may you write into it?',
        cause: error,
      });
    }
  }
}

const isJson = (type: string): boolean => /^application\/([\w.-]+\+)?json\b/.test(type);
const bodyOf = (text: string, type: string): unknown =>
  text === '' ? null : isJson(type) ? (JSON.parse(text) as unknown) : text;

function limited(text: string): string {
  if (text.length > MOST_BYTES)
    throw new IceError('too_large', 'The answer has more than 64 MB.', { hint: 'Save it: --out FILE' });
  return text;
}

/** Headers from `Name: value`. The token is the target's, and no other goes out. */
function headersOf(given: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const one of given) {
    const match = /^([!#$%&'*+.^_`|~\w-]+):[ \t]*([^\r\n\0]*)$/.exec(one);
    if (!match)
      throw new IceError('usage', '-H wants "Name: value".', { hint: 'For instance -H "If-None-Match: *"' });
    const name = match[1]!.toLowerCase();
    if (name === 'authorization')
      throw new IceError('usage', 'The token is that of the target; -H does not change it.', {
        hint: 'Set ICE_API_TOKEN, or use another --target',
      });
    headers[name] = match[2]!;
  }
  return headers;
}

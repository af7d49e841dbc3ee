/**
 * What a VM holds before a tool is loaded into it: the web's globals, the harness, and the four entries that the
 * other side calls. Bundled as text into guest.generated.ts by scripts/build-guest.ts.
 */
import { cut } from '../../../contracts/cut.ts';
import { boundedLog, makeContext, show } from '../../guest/context.ts';
import {
  callTool,
  type Definition,
  definitionOf,
  describe,
  guestError,
  toolOf,
  warm,
} from '../../guest/harness.ts';
import { structuredClone } from './clone.ts';
import { AbortController, AbortSignal, Headers, RemoteBody, Request, Response } from './fetch-objects.ts';
import { host } from './host.ts';
import { crypto, seedRandom } from './random.ts';
import { clearTimer, fireTimer, nextTimer, setTimer } from './timers.ts';
import { URL, URLSearchParams } from './url.ts';

class TextEncoder {
  readonly encoding = 'utf-8';
  encode(text: unknown = ''): Uint8Array {
    return host('encode', String(text)) as Uint8Array;
  }
}

class TextDecoder {
  readonly encoding = 'utf-8';
  constructor(label: unknown = 'utf-8') {
    if (!/^\s*(utf-?8|unicode-1-1-utf-8)\s*$/i.test(String(label)))
      throw new RangeError(`The sandbox decodes UTF-8 alone, not ${cut(String(label), 40)}`);
  }
  decode(data?: unknown): string {
    if (data === undefined) return '';
    const bytes = ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data as ArrayBuffer);
    return host('decode', '', bytes) as string;
  }
}

let log: (level: string, message: unknown, fields?: unknown) => void = () => {};
let fetchNow: ((...args: unknown[]) => unknown) | undefined;

const consoleOf =
  (level: string) =>
  (...args: unknown[]) =>
    log(level, args.map(show).join(' '));
const globals: Record<string, unknown> = {
  console: {
    log: consoleOf('info'),
    info: consoleOf('info'),
    debug: consoleOf('debug'),
    trace: consoleOf('debug'),
    warn: consoleOf('warn'),
    error: consoleOf('error'),
  },
  TextEncoder,
  TextDecoder,
  URL,
  URLSearchParams,
  Headers,
  Request,
  Response,
  AbortController,
  AbortSignal,
  structuredClone,
  crypto,
  setTimeout: (run: unknown, ms?: unknown, ...args: unknown[]) => setTimer(run, ms, args, false),
  setInterval: (run: unknown, ms?: unknown, ...args: unknown[]) => setTimer(run, ms, args, true),
  setImmediate: (run: unknown, ...args: unknown[]) => setTimer(run, 0, args, false),
  clearTimeout: clearTimer,
  clearInterval: clearTimer,
  clearImmediate: clearTimer,
  fetch: (...args: unknown[]) => {
    if (fetchNow === undefined) return Promise.reject(new TypeError('fetch outside of a call'));
    return fetchNow(...args);
  },
  // Zod would compile its schemas with new Function, anew in each call.
  __zod_globalConfig: { jitless: true },
};
for (const [name, value] of Object.entries(globals))
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
// Memory that is shared has nobody to share with here.
delete (globalThis as { SharedArrayBuffer?: unknown }).SharedArrayBuffer;

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: unknown): void;
}
const waiting = new Map<number, Waiting>();
let requests = 0;
let definition: Definition | undefined;

const bridge = {
  log: (level: string, message: string, fields: unknown) =>
    void host('log', JSON.stringify({ level, message, fields })),
  progress: (progress: object) => void host('progress', JSON.stringify(progress)),
  fetch: ({
    body,
    ...request
  }: {
    url: string;
    method: string;
    headers: [string, string][];
    body?: Uint8Array;
  }) =>
    new Promise<never>((resolve, reject) => {
      requests += 1;
      waiting.set(requests, { resolve: resolve as Waiting['resolve'], reject });
      host('fetch', JSON.stringify({ ...request, n: requests }), body);
    }),
};

const finish = (promise: Promise<string>): void => {
  promise.then(
    (json) => void host('done', json),
    (error: unknown) => void host('failed', JSON.stringify(guestError(error))),
  );
};

interface CallMessage {
  seed: string;
  idempotencyKey: string;
  secrets: Record<string, string>;
  limits: { logLines: number; logChars: number; outputBytes: number; fetches: number };
}

const entries = {
  /** After the module was evaluated; its namespace is taken from the other side's hand. */
  load(namespace: { default?: unknown }): void {
    finish(
      (async () => {
        definition = definitionOf(namespace);
        await warm(definition);
        return '';
      })(),
    );
  },
  /** What the module threw while it was evaluated. */
  failed: (error: unknown): void => void host('failed', JSON.stringify(guestError(error))),
  extract(): void {
    finish((async () => describe(definition!))());
  },
  call(text: string, input: string): void {
    const { seed, idempotencyKey, secrets, limits } = JSON.parse(text) as CallMessage;
    seedRandom(seed);
    log = boundedLog(bridge, limits);
    const { signal } = new AbortController();
    const context = makeContext(bridge as never, log, {
      secrets,
      idempotencyKey,
      signal: signal as never,
      fetches: limits.fetches,
    });
    fetchNow = context['fetch'] as typeof fetchNow;
    finish(callTool(toolOf(definition!), JSON.parse(input), context, limits.outputBytes));
  },
  fetched(n: number, text: string): void {
    const { answer, error } = JSON.parse(text) as {
      answer?: object;
      error?: { message: string; kind: string };
    };
    const waiter = waiting.get(n);
    waiting.delete(n);
    if (answer !== undefined) waiter?.resolve({ ...answer, body: new RemoteBody(n) });
    else waiter?.reject(Object.assign(new Error(error?.message), error, { ice: error?.kind }));
  },
  /** Milliseconds to the next timer; -1 when nothing is waited for. */
  next: (): number => nextTimer(),
  fire: (): void => fireTimer(),
};

Object.defineProperty(globalThis, '__ice', {
  value: Object.freeze(entries),
  writable: false,
  configurable: false,
  enumerable: false,
});
seedRandom('load');

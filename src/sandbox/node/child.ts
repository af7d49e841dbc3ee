/**
 * The child of the trusted runtime: full Node behind `--permission`, one call at a time. A seat belt and no
 * boundary: the tool shares this process. What it can do is kill it, and the parent knows what to do then.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { registerHooks } from 'node:module';
import { format } from 'node:util';
import { boundedLog, makeContext } from '../guest/context.ts';
import { callTool, type Definition, definitionOf, describe, guestError, toolOf } from '../guest/harness.ts';
import { type CallLimits, IDLE_EXIT, type ToChild, type ToParent, type WireResponse } from '../protocol.ts';

// The channel is ours: taken before any tool runs, and out of its reach by name.
const post = process.send!.bind(process) as (message: ToParent) => boolean;
Object.defineProperty(process, 'send', { value: undefined, configurable: true });

const codes = new Map<string, string>();
const definitions = new Map<string, Promise<Definition>>();

registerHooks({
  resolve(specifier, context, next) {
    if (specifier.startsWith('ice-tool:')) return { url: specifier, format: 'module', shortCircuit: true };
    if (context.parentURL?.startsWith('ice-tool:') && !/^(node|data):/.test(specifier))
      throw new Error(`A bundle can import nothing but node: modules, not ${specifier}`);
    return next(specifier, context);
  },
  load(url, context, next) {
    if (!url.startsWith('ice-tool:')) return next(url, context);
    return { format: 'module', source: codes.get(url) ?? '', shortCircuit: true };
  },
});

interface Current {
  id: number;
  abort: AbortController;
  log: (level: string, message: unknown, fields?: unknown) => void;
  waiting: Map<number, { resolve(response: WireResponse): void; reject(error: unknown): void }>;
  context: Record<string, unknown>;
}
let current: Current | undefined;

function definitionFor(digest: string): Promise<Definition> | undefined {
  const url = `ice-tool:${digest}`;
  if (!definitions.has(digest)) {
    if (!codes.has(url)) return undefined;
    definitions.set(digest, import(url).then(definitionOf));
  }
  return definitions.get(digest);
}

function begin(
  id: number,
  limits: CallLimits,
  call: { secrets: Record<string, string>; idempotencyKey: string },
): Current {
  const waiting: Current['waiting'] = new Map();
  let n = 0;
  const bridge = {
    log: (level: string, message: string, fields: unknown) =>
      void post({ t: 'log', id, level, message, ...(fields === undefined ? {} : { fields }) } as ToParent),
    progress: (progress: object) => void post({ t: 'progress', id, ...progress }),
    fetch: (request: { url: string; method: string; headers: [string, string][]; body?: Uint8Array }) =>
      new Promise<WireResponse>((resolve, reject) => {
        n += 1;
        waiting.set(n, { resolve, reject });
        post({ t: 'fetch', id, n, request });
      }),
  };
  const abort = new AbortController();
  const log = boundedLog(bridge, limits);
  const context = makeContext(bridge, log, { ...call, signal: abort.signal, fetches: limits.fetches });
  current = { id, abort, log, waiting, context };
  return current;
}

/** Which call it is that code runs for, also after its end. */
const calls = new AsyncLocalStorage<number>();
let isSpoiled = false;

/** Timers left behind would run into the next call, so the parent ends a child that has any. */
const isDirty = (): boolean =>
  isSpoiled || process.getActiveResourcesInfo().some((name) => name === 'Timeout' || name === 'Immediate');

function settle(id: number, message: { json: string } | { error: unknown }): void {
  if (current?.id !== id) return;
  current = undefined;
  const dirty = isDirty() ? { dirty: true } : {};
  if ('json' in message) post({ t: 'done', id, json: message.json, ...dirty });
  else post({ t: 'failed', id, error: guestError(message.error), ...dirty });
}

async function handle(message: ToChild): Promise<void> {
  switch (message.t) {
    case 'load':
      codes.set(`ice-tool:${message.digest}`, new TextDecoder().decode(message.code));
      return;
    case 'abort':
      if (current?.id === message.id) current.abort.abort(new Error('The call was stopped'));
      return;
    case 'fetched': {
      const waiting = current?.id === message.id ? current.waiting.get(message.n) : undefined;
      current?.waiting.delete(message.n);
      if (message.response) waiting?.resolve(message.response);
      else
        waiting?.reject(
          Object.assign(new Error(message.error?.message), { ...message.error, ice: message.error?.kind }),
        );
      return;
    }
    case 'extract':
    case 'call': {
      const { id } = message;
      const loading = definitionFor(message.digest);
      if (loading === undefined) {
        post({ t: 'need', id });
        return;
      }
      const call = message.t === 'call' ? message : { secrets: {}, idempotencyKey: '' };
      const { context } = begin(id, message.limits, call);
      await calls.run(id, async () => {
        try {
          const definition = await loading;
          const json =
            message.t === 'extract'
              ? describe(definition)
              : await callTool(
                  toolOf(definition),
                  JSON.parse(message.input),
                  context,
                  message.limits.outputBytes,
                );
          settle(id, { json });
        } catch (error) {
          settle(id, { error });
        }
      });
    }
  }
}

process.on('message', (message) => void handle(message as ToChild));
process.on('disconnect', () => process.exit(0));

// A promise that nobody awaits, or a throw in a callback: it is the failure of the call, and the end of this child. What
// a call leaves behind that throws when another has its turn is not the other's, which goes on; its words are not told,
// since they are somebody else's. Then this child ends.
for (const event of ['uncaughtException', 'unhandledRejection'] as const)
  process.on(event, (error: unknown) => {
    const of = calls.getStore();
    if (current !== undefined && of !== undefined && of !== current.id) {
      isSpoiled = true;
      return;
    }
    if (current === undefined) process.exit();
    const { id } = current;
    current = undefined;
    post({ t: 'failed', id, error: guestError(error), dirty: true });
  });

// Whoever ends this process, and however: only between two calls it says so.
process.on('exit', () => {
  if (current === undefined) process.exitCode = IDLE_EXIT;
  else if (process.exitCode === IDLE_EXIT) process.exitCode = 1;
});

// What is printed is a log of the call; the protocol is elsewhere.
const levels = {
  debug: 'debug',
  log: 'info',
  info: 'info',
  warn: 'warn',
  error: 'error',
  trace: 'debug',
} as const;
for (const [name, level] of Object.entries(levels))
  (console as unknown as Record<string, unknown>)[name] = (...args: unknown[]) =>
    current?.log(level, format(...args));
for (const [stream, level] of [
  [process.stdout, 'info'],
  [process.stderr, 'warn'],
] as const)
  stream.write = ((chunk: unknown, encoding?: unknown, done?: unknown) => {
    for (const line of String(chunk instanceof Uint8Array ? Buffer.from(chunk).toString() : chunk).split(
      '\n',
    ))
      if (line.trim() !== '') current?.log(level, line);
    const callback = typeof encoding === 'function' ? encoding : done;
    if (typeof callback === 'function') process.nextTick(callback as () => void);
    return true;
  }) as typeof stream.write;

// The allow-list holds for the global name as well, as far as a seat belt can.
globalThis.fetch = ((input: unknown, init?: unknown) => {
  if (current === undefined) return Promise.reject(new TypeError('fetch outside of a call'));
  return (current.context['fetch'] as (...args: unknown[]) => Promise<Response>)(input, init);
}) as typeof fetch;

post({ t: 'ready' });

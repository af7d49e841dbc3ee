import type { CodeRuntime, Permissions } from '../contracts/components.ts';
import { cut } from '../contracts/cut.ts';
import { IceError } from '../contracts/errors.ts';
import type { Json } from '../contracts/json.ts';
import { crashError, guestFailure, limitError } from './call-errors.ts';
import { parseJson } from './child-json.ts';
import { type Child, ChildPool, type PoolOptions, type Wanted } from './child-pool.ts';
import type { Bundle, ExtractedTool, ToolCall, ToolRuntime } from './port.ts';
import {
  type CallLimits,
  DEFAULT_LIMITS,
  IDLE_EXIT,
  limitsOf,
  type ToChild,
  type ToParent,
  type WireRequest,
} from './protocol.ts';

/** After an abort the tool may end by itself for so long; then its process is killed. */
const GRACE_MS = 50;
/** An extraction runs the top level of a module and nothing else: the longest that it may take. */
const EXTRACT_MS = 10_000;
const EXTRACT_BYTES = 1024 * 1024;
/** Children that one call is given to, one after the other, while they end before they begin it. */
const MOST_CHILDREN = 3;
/** A child forgets nothing of what it was given, so it is replaced when it was given much. */
const MOST_BUNDLES = 64;

/** Loaded when a bundle is asked what it is, since it checks schemas: most commands only call. */
const reading = () => import('./extracted.ts');

/** What a job does with the messages of its child; `done` ends it. */
interface Job {
  child: Child;
  id: number;
  signal: AbortSignal | undefined;
  limits: CallLimits;
  message: ToChild & { digest: string };
  load(): Promise<string>;
  call?: ToolCall;
}

/** The port over a pool of children; the two runtimes differ in the program that the children run. */
export class ChildRuntime implements ToolRuntime {
  readonly name: CodeRuntime;
  private readonly pool: ChildPool;
  private readonly ceilingMs: number;
  private readonly extractMs: number;
  private lastId = 0;

  /** `ceilingMs`: what is added to a call's time before the child is killed, where the child keeps the time itself. */
  constructor(name: CodeRuntime, options: PoolOptions & { ceilingMs?: number; extractMs?: number }) {
    this.name = name;
    this.pool = new ChildPool(options);
    this.ceilingMs = options.ceilingMs ?? 0;
    this.extractMs = options.extractMs ?? EXTRACT_MS;
  }

  warm(count = 1): void {
    this.pool.warm(count);
  }

  prepare(bundle: Bundle, permissions: Permissions): void {
    const limits = limitsOf(this.name, permissions.limits);
    const child = this.pool.idleChild();
    if (!child || child.loaded.has(bundle.digest)) return;
    child.send(loadOf(bundle.digest, bundle.code));
    child.send({ t: 'prepare', digest: bundle.digest, limits });
    child.loaded.add(bundle.digest);
  }

  close(): Promise<void> {
    return this.pool.close();
  }

  /** What the code says of itself when it is loaded: nothing of it is known to be true. */
  private async describe(bundle: Bundle): Promise<Record<string, unknown>> {
    const limits = { ...limitsOf(this.name, {}), timeoutMs: this.extractMs, outputBytes: EXTRACT_BYTES };
    const memoryMb = DEFAULT_LIMITS.memoryMb[this.name];
    const text = await this.onChild(
      { digest: bundle.digest, memoryMb, owner: '' },
      undefined,
      (child, id) => ({
        child,
        id,
        signal: undefined,
        limits,
        message: { t: 'extract', id, digest: bundle.digest, limits },
        load: () => Promise.resolve(bundle.code),
      }),
    ).catch((error: unknown) => {
      // What it throws while it is asked what it is, is a fault of its definition.
      const { code, message, details, hint } = IceError.from(error);
      throw code === 'tool_failed' ? new IceError('project_invalid', message, { details, hint }) : error;
    });
    const said = parseJson(text);
    if (typeof said === 'object' && said !== null) return said as Record<string, unknown>;
    throw new IceError('project_invalid', 'It says nothing of itself');
  }

  async extract(bundle: Bundle): Promise<ExtractedTool> {
    const [said, { toolOf }] = await Promise.all([this.describe(bundle), reading()]);
    return toolOf(said);
  }

  async document(bundle: Bundle): Promise<Json> {
    const [said, { documentOf }] = await Promise.all([this.describe(bundle), reading()]);
    return documentOf(said);
  }

  async call(call: ToolCall): Promise<Json> {
    if (call.signal.aborted) throw abortReason(call.signal);
    const limits = limitsOf(this.name, call.permissions.limits);
    const memoryMb = limits.memoryBytes / (1024 * 1024);
    const wanted = { digest: call.bundle, memoryMb, owner: call.owner ?? '' };
    const text = await this.onChild(wanted, call.signal, (child, id) => ({
      child,
      id,
      signal: call.signal,
      limits,
      message: {
        t: 'call',
        id,
        digest: call.bundle,
        input: JSON.stringify(call.input),
        idempotencyKey: call.idempotencyKey,
        seed: call.seed,
        now: call.now,
        secrets: call.secrets,
        limits,
      },
      load: call.load,
      call,
    }));
    return parseJson(text) as Json;
  }

  /** Runs a job on a child; on another one if that ended before it began. */
  private async onChild(
    wanted: Wanted,
    signal: AbortSignal | undefined,
    jobFor: (child: Child, id: number) => Job,
  ): Promise<string> {
    for (let left = MOST_CHILDREN; left > 0; left--) {
      const child = await this.pool.acquire(wanted, signal).catch((error: unknown) => {
        throw signal?.aborted ? abortReason(signal) : error;
      });
      try {
        return await this.run(jobFor(child, ++this.lastId));
      } catch (error) {
        if (!(error instanceof NotBegun)) throw error;
      }
    }
    throw new IceError('tool_crashed', `${MOST_CHILDREN} processes ended before they began the call`, {
      hint: 'Await what the tool begins: something that it leaves behind throws when nobody waits for it',
    });
  }

  private async run(job: Job): Promise<string> {
    const { child } = job;
    let fit = false;
    try {
      if (!child.loaded.has(job.message.digest)) {
        // Code that is not to be had is no fault of the child.
        fit = true;
        await this.give(job);
        fit = false;
      }
      const { json, dirty } = await this.exchange(job);
      fit = !dirty;
      return json;
    } catch (error) {
      fit ||= error instanceof Settled && !error.dirty;
      throw error instanceof Settled ? error.error : error;
    } finally {
      this.pool.release(child, fit && child.loaded.size <= MOST_BUNDLES);
    }
  }

  private async give(job: Job): Promise<void> {
    const { digest } = job.message;
    const code = await job.load();
    job.child.send(loadOf(digest, code));
    job.child.loaded.add(digest);
  }

  private exchange(job: Job): Promise<{ json: string; dirty: boolean }> {
    const { child, id, limits, signal, call } = job;
    return new Promise((resolve, reject) => {
      let stopped: unknown;
      let grace: NodeJS.Timeout | undefined;
      // Made with the first request: most calls have none, and ending a switch makes an error with its stack.
      let network: AbortController | undefined;
      let fetches = limits.fetches;
      // The child bounds itself; one that does not is stopped here.
      let messages = limits.logLines * 2 + limits.fetches * 2 + 2100;
      const stop = (why: unknown, graceMs: number): void => {
        if (stopped !== undefined) return;
        stopped = why;
        network?.abort(why);
        if (graceMs > 0) child.send({ t: 'abort', id });
        grace = setTimeout(() => child.kill(), graceMs);
      };
      const onAbort = (): void => stop(abortReason(signal!), GRACE_MS);
      const timer = setTimeout(
        () => stop(limitError('timeout', limits), this.ceilingMs > 0 ? 0 : GRACE_MS),
        limits.timeoutMs + this.ceilingMs,
      );
      const finish = (): void => {
        clearTimeout(timer);
        clearTimeout(grace);
        signal?.removeEventListener('abort', onAbort);
        network?.abort();
      };
      child.onEnd = (end) => {
        finish();
        const isOver = stopped !== undefined || end.code !== IDLE_EXIT;
        reject(isOver ? (stopped ?? crashError(end, limits)) : new NotBegun());
      };
      child.onMessage = (message) => {
        if (message.t === 'ready' || message.id !== id) return;
        if (--messages < 0)
          return stop(
            new IceError('tool_limit', 'The tool sent more messages than a call may have', {
              terminal: true,
            }),
            0,
          );
        switch (message.t) {
          case 'done': {
            finish();
            const dirty = message.dirty === true;
            if (stopped !== undefined) return reject(new Settled(stopped, dirty));
            if (message.json.length > limits.outputBytes) return reject(limitError('output', limits));
            return resolve({ json: message.json, dirty });
          }
          case 'failed':
            finish();
            return reject(
              new Settled(stopped ?? guestFailure(message.error, limits), message.dirty === true),
            );
          case 'need':
            this.give(job).then(
              () => child.send(job.message),
              (error: unknown) => {
                stop(error, 0);
              },
            );
            return;
          case 'fetch':
            network ??= new AbortController();
            if (stopped !== undefined) network.abort(stopped);
            void this.fetch(job, message.n, message.request, network.signal, --fetches < 0);
            return;
          default:
            report(message, call);
        }
      };
      child.onPrint = (stream, text) => {
        if (--messages < 0) return;
        for (const line of text.split('\n').slice(0, 50))
          if (line.trim() !== '') call?.onLog(stream === 'stdout' ? 'info' : 'warn', cut(line, 8192));
      };
      if (child.ended) return child.onEnd(child.ended);
      if (signal?.aborted) {
        finish();
        return reject(new Settled(abortReason(signal), false));
      }
      signal?.addEventListener('abort', onAbort, { once: true });
      child.send(job.message);
    });
  }

  private async fetch(
    job: Job,
    n: number,
    request: WireRequest,
    signal: AbortSignal,
    isTooMany: boolean,
  ): Promise<void> {
    const { child, id } = job;
    try {
      if (isTooMany)
        throw new IceError(
          'tool_limit',
          `More than ${job.limits.fetches} requests in one call (limits.fetches)`,
        );
      if (job.call?.fetch === undefined)
        throw new IceError('tool_denied', 'The tool asked for the network and declares no hosts', {
          hint: `permissions: { net: ['${hostOf(request?.url)}'] }`,
        });
      const response = await job.call.fetch(request, signal);
      child.send({ t: 'fetched', id, n, response });
    } catch (thrown) {
      const error = thrown instanceof IceError ? thrown : undefined;
      const kind =
        error?.code === 'tool_denied' ? 'denied' : error?.code === 'tool_limit' ? 'limit' : 'thrown';
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      child.send({ t: 'fetched', id, n, error: { kind, message, hint: error?.hint, name: 'FetchError' } });
    }
  }
}

const loadOf = (digest: string, code: string): ToChild => ({
  t: 'load',
  digest,
  code: new TextEncoder().encode(code),
});

/** The child ended before it had begun the call: what the call before left behind threw. */
class NotBegun extends Error {}

/** A call that ended in an error while its child stayed in order. */
class Settled {
  readonly error: unknown;
  readonly dirty: boolean;
  constructor(error: unknown, dirty: boolean) {
    this.error = error;
    this.dirty = dirty;
  }
}

function report(message: ToParent, call: ToolCall | undefined): void {
  if (message.t === 'log') call?.onLog(message.level, message.message, message.fields);
  if (message.t === 'progress') {
    const { done, total, message: text } = message;
    call?.onProgress({ done, total, message: text });
  }
}

function abortReason(signal: AbortSignal): unknown {
  return signal.reason instanceof IceError ? signal.reason : new IceError('timeout', 'The call was stopped');
}

function hostOf(url: unknown): string {
  try {
    return new URL(String(url)).host;
  } catch {
    return 'api.example.com';
  }
}

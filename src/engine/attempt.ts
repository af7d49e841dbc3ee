import { cut } from '../contracts/cut.ts';
import { IceError } from '../contracts/errors.ts';
import type { Json } from '../contracts/json.ts';
import { callPath, type EffectNode } from '../contracts/plan.ts';
import { render } from '../language/expressions/index.ts';
import { cacheKey } from './cache-key.ts';
import { budgetLeft } from './calls.ts';
import type { LogData, ProgressData, RunCommand } from './decide.ts';
import type { NodeRecord } from './fold.ts';
import { MAX_LOG_CHARS, MAX_LOG_LINE, MAX_LOGS, sizeOf } from './limits.ts';
import type { Call, CallEnd, Clock, Effects, RunStore, Step } from './ports.ts';

/** How often a node's progress is journalled at most. */
const PROGRESS_MS = 250;

/** What an attempt needs of the run that it belongs to. */
export interface AttemptHost {
  project: string;
  store: RunStore;
  effects: Effects;
  clock: Clock;
  /** Hands a command to the run, to be committed soon. */
  send(command: RunCommand): void;
  /** Hands a command to the run; resolves when it is committed. */
  durably(command: RunCommand): Promise<void>;
  /** What an agent called under a path, once it has ended, and that is committed. */
  callEnd(agent: NodeRecord, path: string): Promise<NodeRecord>;
  /** Logs and progress: committed with the next commit, or after a short while. */
  gather(command: RunCommand): void;
  delta(path: string, attempt: number, text: string): void;
}

/**
 * One try of one node, from its committed `node.started` on. It says `succeeded`, `cached` or `failed` at most once;
 * once it is closed (timed out, stopped) whatever its effect still does is ignored.
 */
export class LiveAttempt {
  readonly record: NodeRecord;
  readonly attempt: number;
  private readonly host: AttemptHost;
  private readonly controller = new AbortController();
  private closed = false;
  private stopTimer: (() => void) | undefined;
  private stopProgress: (() => void) | undefined;
  private logs = 0;
  private logChars = 0;
  private dropped = 0;
  private progress: ProgressData | undefined;

  constructor(host: AttemptHost, record: NodeRecord) {
    this.host = host;
    this.record = record;
    this.attempt = record.attempt;
  }

  /** Starts it; never throws. */
  start(): void {
    this.execute().catch((error) => this.failed(error));
  }

  /** Tells the effect to stop, and listens to it no more. One that has ended is left alone, and costs no error. */
  stop(why: string): void {
    if (this.closed) return;
    this.close();
    this.controller.abort(new IceError('run_cancelled', why));
  }

  /** Tells the effect to stop; what it answers still counts. */
  ask(reason: IceError): void {
    this.controller.abort(reason);
  }

  private close(): void {
    this.closed = true;
    this.stopTimer?.();
    this.stopTimer = undefined;
    this.stopProgress?.();
    this.stopProgress = undefined;
  }

  private async execute(): Promise<void> {
    const { record, host } = this;
    const { fold } = record.frame;
    const node = record.spec.node as EffectNode;
    const args = render(record.spec.template('args'), record.frame);
    const key = node.cache && (await cacheKey(host.project, node, args));
    if (key) {
      const hit = await host.store.cacheGet(key, host.clock.now());
      if (hit) return this.say({ type: 'cached', result: hit.result, from: hit.runId });
    }
    if (this.closed) return;
    const effect = host.effects[node.type];
    if (!effect) {
      throw new IceError('not_implemented', `This ice cannot execute nodes of the type ${node.type}`, {
        terminal: true,
      });
    }
    if (node.timeoutMs !== undefined) this.limit(node.timeoutMs);
    const { path } = record;
    const result = await effect({
      project: host.project,
      runId: fold.runId,
      path,
      attempt: this.attempt,
      idempotencyKey: `${fold.runId}:${path}`,
      node,
      plan: fold.program.plan,
      args,
      signal: this.controller.signal,
      now: host.clock.now(),
      log: (level, message, fields) => this.log(level, message, fields),
      progress: (progress) => this.progressed(progress),
      delta: (text) => {
        if (!this.closed) host.delta(path, this.attempt, text);
      },
      steps: record.steps ? [...record.steps] : [],
      step: (step) => this.step(step),
      call: (call) => this.call(call),
      get budgetLeft() {
        return budgetLeft(record);
      },
    });
    if (key && !this.closed) await this.keep(key, node, result.result);
    this.say({
      type: 'succeeded',
      result: result.result,
      ...(result.usage ? { usage: result.usage } : {}),
      ...(result.cost === undefined ? {} : { cost: result.cost }),
      ...(result.model ? { model: result.model } : {}),
    });
  }

  private limit(ms: number): void {
    this.stopTimer = this.host.clock.at(this.host.clock.now() + ms, () => {
      const error = new IceError('timeout', `${this.record.path} took longer than ${ms} ms`, {
        hint: 'Raise its timeout, or look at why it hangs: ice runs show --logs',
      });
      this.failed(error);
      this.controller.abort(error);
    });
  }

  /** Only a result that will be accepted is worth keeping. */
  private async keep(key: string, node: EffectNode, result: Json): Promise<void> {
    const { program, runId } = this.record.frame.fold;
    const checked =
      node.type === 'llm' || node.type === 'agent' ? (result as { object?: Json } | null)?.object : result;
    if (node.output !== undefined && (checked === undefined || program.check(node.output, checked))) return;
    const { ttlMs } = node.cache!;
    const expiresAt = ttlMs === undefined ? null : this.host.clock.now() + ttlMs;
    await this.host.store.cachePut(key, { result, runId, expiresAt });
  }

  private failed(error: unknown): void {
    this.say({ type: 'failed', error });
  }

  private say(
    outcome:
      | Omit<Extract<RunCommand, { type: 'succeeded' }>, 'path' | 'attempt'>
      | Omit<Extract<RunCommand, { type: 'cached' }>, 'path' | 'attempt'>
      | Omit<Extract<RunCommand, { type: 'failed' }>, 'path' | 'attempt'>,
  ): void {
    if (this.closed) return;
    this.flushProgress();
    if (this.dropped > 0) {
      this.emitLog({
        level: 'warn',
        message: `${this.dropped} more log lines were dropped: the limit of an attempt`,
      });
    }
    this.close();
    this.host.send({ ...outcome, path: this.record.path, attempt: this.attempt } as RunCommand);
  }

  private step(step: Step): Promise<void> {
    if (this.closed) {
      return Promise.reject(new IceError('run_cancelled', `The attempt of ${this.record.path} was stopped`));
    }
    return this.host.durably({ type: 'step', path: this.record.path, attempt: this.attempt, step });
  }

  private async call(call: Call): Promise<CallEnd> {
    const { record, host } = this;
    const { signal } = this.controller;
    const stopped = new Promise<never>((_, reject) => {
      const stop = (): void =>
        reject(new IceError('run_cancelled', `The attempt of ${record.path} was stopped`));
      if (this.closed || signal.aborted) stop();
      else signal.addEventListener('abort', stop, { once: true });
    });
    const ended = host
      .durably({ type: 'call', path: record.path, attempt: this.attempt, call })
      .then(() => host.callEnd(record, callPath(record.path, call.name, call.step)));
    const { state, result, error, spent } = await Promise.race([ended, stopped]);
    return {
      ...(state === 'succeeded' ? { result: result ?? {} } : { error: error! }),
      usage: spent ? { ...spent.usage } : { inputTokens: 0, outputTokens: 0 },
      cost: spent?.cost ?? 0,
    };
  }

  private log(level: LogData['level'], message: string, fields?: { [key: string]: Json }): void {
    if (this.closed) return;
    const text = String(message);
    const line = cut(text, MAX_LOG_LINE);
    const kept = fields && sizeOf(fields, MAX_LOG_LINE) <= MAX_LOG_LINE ? fields : undefined;
    this.logs += 1;
    this.logChars += line.length + (kept ? sizeOf(kept, MAX_LOG_LINE) : 0);
    if (this.logs > MAX_LOGS || this.logChars > MAX_LOG_CHARS) this.dropped += 1;
    else this.emitLog({ level, message: line, ...(kept ? { fields: kept } : {}) });
  }

  private emitLog(data: LogData): void {
    this.host.gather({ type: 'log', path: this.record.path, attempt: this.attempt, data });
  }

  /** Only the last progress is told when several come between two commits. */
  private progressed(progress: ProgressData): void {
    if (this.closed) return;
    const { done, total, message } = progress;
    const first = this.progress === undefined;
    this.progress = {
      ...(done === undefined ? {} : { done }),
      ...(total === undefined ? {} : { total }),
      ...(message === undefined ? {} : { message: cut(message, MAX_LOG_LINE) }),
    };
    if (first) {
      const { clock } = this.host;
      this.stopProgress = clock.at(clock.now() + PROGRESS_MS, () => this.flushProgress());
    }
  }

  private flushProgress(): void {
    const data = this.progress;
    this.progress = undefined;
    if (data && !this.closed) {
      this.host.gather({ type: 'progress', path: this.record.path, attempt: this.attempt, data });
    }
  }
}

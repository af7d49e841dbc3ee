import { IceError } from '../contracts/errors.ts';
import { type AnyRunEvent, ENDED, type EventError } from '../contracts/events.ts';
import type { Json } from '../contracts/json.ts';
import { callPath } from '../contracts/plan.ts';
import { callAt, effectsAtWork, isCalling } from './calls.ts';
import { Draft, type Spent } from './draft.ts';
import { toEventError } from './event-error.ts';
import type { NodeRecord, RunFold } from './fold.ts';
import { MAX_EVENTS, MAX_RESULT, MAX_RESULTS, sizeOf } from './limits.ts';
import { containerOf } from './nodes/container.ts';
import { childDeadline } from './nodes/workflow.ts';
import { renderOutput } from './outputs.ts';
import type { Call, Step } from './ports.ts';
import { beginContainer, overBudget, startReady, tooLarge } from './ready.ts';
import { retryable, retryDelay } from './retry.ts';

/** What can happen to a run. `now` in epoch milliseconds; `random` in [0, 1). */
export type RunCommand =
  /** A worker has the lease. */
  | { type: 'start'; worker: string; epoch: number }
  /** Whatever is due: `pure` once a commit. */
  | { type: 'advance'; pure: boolean; force?: boolean }
  | ({ type: 'succeeded'; path: string; attempt: number; result: Json; model?: string } & Spent)
  | { type: 'cached'; path: string; attempt: number; result: Json; from: string }
  | { type: 'failed'; path: string; attempt: number; error: unknown }
  | { type: 'step'; path: string; attempt: number; step: Step }
  | { type: 'call'; path: string; attempt: number; call: Call }
  | { type: 'log'; path: string; attempt: number; data: LogData }
  | { type: 'progress'; path: string; attempt: number; data: ProgressData }
  | { type: 'cancel'; by?: string; reason?: string }
  | { type: 'pause'; reason: 'asked' | 'detached' | 'budget' }
  | { type: 'resume'; by?: string }
  /** The worker gives the run back, to be taken up at `until`. */
  | { type: 'wait'; until: number };

export type LogData = Extract<AnyRunEvent, { type: 'node.log' }>['data'];
export type ProgressData = Extract<AnyRunEvent, { type: 'node.progress' }>['data'];

const NOTHING: AnyRunEvent[] = [];

/**
 * The events that follow from a command; none when it changes nothing (a late result, a second cancel). Pure and
 * total: it reads the fold, and remembers at most what it worked out (items, inputs). One call decides one round: feed
 * the events to `evolve`, and ask for `advance` until nothing follows.
 */
export function decide(fold: RunFold, command: RunCommand, now: number, random: number): AnyRunEvent[] {
  if (ENDED.has(fold.state)) return NOTHING;
  const draft = new Draft(fold, now);
  switch (command.type) {
    case 'advance':
      advance(draft, command.pure, command.force ?? false, random);
      break;
    case 'start':
      if (fold.state !== 'paused') draft.run('run.started', { worker: command.worker, epoch: command.epoch });
      break;
    case 'cancel': {
      const { by, reason } = command;
      if (!fold.cancelling) {
        draft.run('run.cancelling', { ...(by ? { by } : {}), ...(reason ? { reason } : {}) });
      }
      break;
    }
    case 'pause':
      if (fold.state !== 'paused') draft.run('run.paused', { reason: command.reason });
      break;
    case 'resume':
      if (fold.state === 'paused') draft.run('run.resumed', command.by ? { by: command.by } : {});
      break;
    case 'wait':
      if (fold.state === 'running') draft.run('run.waiting', { until: command.until });
      break;
    default: {
      const record = fold.nodes.get(command.path);
      // An attempt that was stopped or timed out has nothing to say any more.
      if (record && record.state === 'running' && record.attempt === command.attempt) {
        attemptSays(draft, record, command, random);
      }
    }
  }
  return draft.events.length === 0 ? NOTHING : draft.events;
}

type AttemptCommand = Extract<RunCommand, { path: string }>;

function attemptSays(draft: Draft, record: NodeRecord, command: AttemptCommand, random: number): void {
  const { path, attempt } = record;
  switch (command.type) {
    case 'succeeded': {
      const { usage, cost, model, result } = command;
      const wrong = wrongResult(record, result);
      draft.cancelWithin(record);
      if (wrong) {
        attemptFails(draft, record, wrong, { usage, cost }, random);
        return;
      }
      draft.node('node.succeeded', path, attempt, {
        result,
        durationMs: draft.now - record.startedAt,
        ...(usage ? { usage } : {}),
        ...(cost === undefined ? {} : { cost }),
        ...(model ? { model } : {}),
      });
      return;
    }
    case 'cached':
      draft.node('node.cached', path, attempt, { result: command.result, from: command.from });
      return;
    case 'failed':
      // It was told to stop, and did; an agent ends after what it called.
      if (draft.fold.cancelling && isCalling(record)) return;
      if (draft.fold.cancelling) draft.node('node.cancelled', path, attempt, {});
      else attemptFails(draft, record, command.error, priceOf(command.error), random);
      return;
    case 'step': {
      const index = record.steps?.length ?? 0;
      draft.node('node.step', path, attempt, { index, ...command.step });
      return;
    }
    case 'call': {
      const { step, ...call } = command.call;
      const at = callPath(path, call.name, step);
      const known = callAt(record, at);
      // After a crash it may run already, or have ended: then the agent waits for it, or is told.
      if (known?.active || known?.settled) return;
      draft.node('node.started', at, (known?.attempt ?? 0) + 1, { call });
      return;
    }
    case 'log':
      draft.node('node.log', path, attempt, command.data);
      return;
    case 'progress':
      draft.node('node.progress', path, attempt, command.data);
  }
}

/** What a failed attempt cost, which its effect tells in the details of the error. */
function priceOf(thrown: unknown): Spent {
  const details = thrown instanceof IceError ? (thrown.details as Spent | undefined) : undefined;
  return { usage: details?.usage, cost: details?.cost };
}

function attemptFails(
  draft: Draft,
  record: NodeRecord,
  thrown: unknown,
  { usage, cost }: Spent,
  random: number,
): void {
  const error = toEventError(thrown);
  draft.cancelWithin(record);
  const spent: Spent = { ...(usage ? { usage } : {}), ...(cost === undefined ? {} : { cost }) };
  const after = thrown instanceof IceError ? thrown.retryAfterMs : undefined;
  const wait = retryable(thrown)
    ? retryDelay(record.spec.node.retry, record.failures + 1, random, after)
    : undefined;
  if (wait === undefined) draft.fail(record, error, spent);
  else draft.node('node.retrying', record.path, record.attempt, { error, at: draft.now + wait, ...spent });
}

/** What is wrong with the result of an effect; undefined when nothing is. */
function wrongResult(record: NodeRecord, result: Json): IceError | undefined {
  if (result === undefined) return new IceError('output_invalid', `${record.path} gave no result`);
  if (sizeOf(result, MAX_RESULT) > MAX_RESULT) return tooLarge(record.path);
  const { output, type } = record.spec.node;
  if (output === undefined) return undefined;
  // For a model, `output` is the schema of the object in its answer.
  const checked = type === 'llm' || type === 'agent' ? (result as { object?: Json } | null)?.object : result;
  const wrong =
    checked === undefined ? 'there is no object' : record.frame.fold.program.check(output, checked);
  return wrong === undefined
    ? undefined
    : new IceError(
        'output_invalid',
        `The result of ${record.path} does not match its output schema: ${wrong}`,
      );
}

function advance(draft: Draft, pure: boolean, force: boolean, random: number): void {
  const { fold, now } = draft;
  if (fold.cancelling) {
    if (effectsAtWork(fold) === 0 || force) {
      draft.cancelFrame(fold.root);
      const { reason } = fold.cancelling;
      draft.run('run.cancelled', reason ? { reason } : {});
    }
    return;
  }
  if (fold.state !== 'running') return;
  const failure = overLimit(fold, now) ?? fold.rootFailure;
  if (failure) {
    failRun(draft, failure.error, failure.path);
    return;
  }
  // Over the budget nothing starts; what runs is paid for, so it may finish.
  if (fold.maxCost !== null && fold.cost > fold.maxCost) {
    if (effectsAtWork(fold) === 0) failRun(draft, budgetError(fold));
    return;
  }
  // What ends takes its ready nodes with it, so nothing is started in the same round.
  concludeContainers(draft, random);
  if (draft.events.length > 0) return;
  startReady(draft, pure);
  if (draft.events.length > 0) return;
  if (fold.root.unsettled === 0) finishRun(draft);
  else if (effectsAtWork(fold) === 0 && fold.readyPure.size === 0 && outOfMoney(fold))
    failRun(draft, budgetError(fold));
}

function concludeContainers(draft: Draft, random: number): void {
  const { fold, now } = draft;
  for (const frame of fold.failing) draft.cancelFrame(frame);
  if (draft.halted) return;
  for (const record of fold.settling) {
    const verdict = containerOf(record).conclude(record);
    if (verdict === 'succeeded') succeedContainer(draft, record);
    else if (verdict) draft.failContainer(record, verdict.error, verdict.path, random);
    if (draft.halted) return;
  }
  for (const record of fold.timed) {
    if (record.timeoutAt > now) continue;
    const own = record.spec.node.timeoutMs ?? Infinity;
    const child = childDeadline(record) ?? Infinity;
    const code = child < own ? 'deadline_exceeded' : 'timeout';
    const took = `${record.path} took longer than ${Math.min(own, child)} ms`;
    draft.failContainer(record, toEventError(new IceError(code, took)), undefined, random);
    return;
  }
  for (const record of fold.retrying) {
    if (record.spec.kind === 'container' && record.retryAt <= now) beginContainer(draft, record);
  }
}

function succeedContainer(draft: Draft, record: NodeRecord): void {
  draft.cancelWithin(record);
  draft.done.add(record);
  const failed =
    record.spec.node.type === 'loop' ? [...record.lanes!.failures.keys()].sort((a, b) => a - b) : [];
  draft.node('node.succeeded', record.path, record.attempt, {
    derived: true,
    durationMs: draft.now - record.startedAt,
    ...(failed.length > 0 ? { failed } : {}),
  });
}

function overLimit(fold: RunFold, now: number): { error: EventError; path?: string } | undefined {
  const over = (code: string, message: string) => ({ error: { code, message } });
  if (fold.deadlineAt !== null && now >= fold.deadlineAt) {
    return over(
      'deadline_exceeded',
      `The run went over its deadline of ${fold.deadlineAt - fold.createdAt} ms`,
    );
  }
  if (fold.size > MAX_RESULTS) {
    return over('too_large', `The run's results are larger than ${MAX_RESULTS / 1024 / 1024} MiB`);
  }
  if (fold.seq > MAX_EVENTS) return over('too_large', `The run's journal has more than ${MAX_EVENTS} events`);
  return undefined;
}

const outOfMoney = (fold: RunFold): boolean => {
  for (const record of fold.readyEffects) if (overBudget(record)) return true;
  for (const record of fold.retrying) if (record.spec.kind === 'effect' && overBudget(record)) return true;
  return false;
};

const budgetError = (fold: RunFold): EventError => ({
  code: 'budget_exceeded',
  message: `The run has spent $${money(fold.cost)} of its budget of $${money(fold.maxCost ?? 0)}`,
  hint: 'Raise --max-cost (or maxCost in the workflow), or use a cheaper model.',
  details: { cost: fold.cost, maxCost: fold.maxCost },
});
const money = (value: number): string => Number(value.toFixed(6)).toString();

function failRun(draft: Draft, error: EventError, path?: string): void {
  draft.cancelFrame(draft.fold.root);
  draft.run('run.failed', { error, ...(path === undefined ? {} : { path }) });
}

function finishRun(draft: Draft): void {
  const { fold } = draft;
  const outputs: [string, Json][] = [];
  for (const [name, template] of fold.program.root.outputs) {
    try {
      outputs.push([name, renderOutput(template, fold.root)]);
    } catch (thrown) {
      const error = toEventError(thrown);
      failRun(draft, { ...error, message: `Output ${name}: ${error.message}` });
      return;
    }
  }
  const all = Object.fromEntries(outputs);
  if (sizeOf(all, MAX_RESULT) > MAX_RESULT) {
    failRun(draft, toEventError(tooLarge('the run')));
    return;
  }
  const handledFailures = fold.handledFailures;
  draft.run('run.succeeded', {
    outputs: all,
    ...(handledFailures.length > 0 ? { handledFailures: [...handledFailures] } : {}),
  });
}

/**
 * When time alone will change something, after `since` (when it was last decided on); undefined when it will not. What
 * was due by then and did not start waits for something else: room, most often.
 */
export function nextDue(fold: RunFold, since: number): number | undefined {
  if (fold.state !== 'running' || fold.cancelling) return undefined;
  let next = Infinity;
  const consider = (at: number) => {
    if (at > since && at < next) next = at;
  };
  if (fold.deadlineAt !== null) consider(fold.deadlineAt);
  for (const record of fold.retrying) consider(record.retryAt);
  for (const record of fold.timed) consider(record.timeoutAt);
  return next === Infinity ? undefined : next;
}

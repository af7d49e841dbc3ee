import type { AnyRunEvent, EventData, Usage } from '../contracts/events.ts';
import type { Plan } from '../contracts/plan.ts';
import { render } from '../language/expressions/index.ts';
import { effectsAtWork, isCalling, openCall, spendWithin } from './calls.ts';
import { createFold, Frame, type NodeRecord, type RunFold } from './fold.ts';
import {
  closeFailed,
  dropCalls,
  dropLanes,
  enter,
  failFrame,
  finishContainer,
  killWithin,
  leaveActive,
  settle,
  startLanes,
  stop,
  unready,
} from './frames.ts';
import { MAX_RESULTS, sizeOf } from './limits.ts';
import { createPrograms } from './program.ts';

/**
 * Takes one event into the fold, and returns it. The fold is changed in place: what an event costs does not grow with
 * the run. Deterministic: the same events give the same fold, also what is derived (results of containers, the order
 * in which lanes open, values of `onError`) and therefore not journalled.
 */
export function evolve(fold: RunFold, event: AnyRunEvent): RunFold {
  fold.seq = event.seq;
  switch (event.type) {
    case 'run.created':
      fold.runId = event.runId;
      fold.createdAt = event.ts;
      fold.inputs = event.data.inputs;
      fold.root = new Frame(fold, fold.program.root.list, '', { inputs: fold.inputs });
      enter(fold.root);
      break;
    case 'run.started':
      fold.state = 'running';
      fold.startedAt ??= event.ts;
      // What was in flight when another worker takes over went down with its worker.
      // An agent that waited for what it called did nothing that could have been why.
      for (const record of fold.inFlight) if (!isCalling(record)) record.crashes += 1;
      interrupt(fold);
      break;
    case 'run.waiting':
      fold.state = 'waiting';
      interrupt(fold);
      break;
    case 'run.paused':
      fold.state = 'paused';
      if (event.data.reason === 'detached') interrupt(fold);
      break;
    case 'run.resumed':
      fold.state = effectsAtWork(fold) > 0 ? 'running' : 'queued';
      break;
    case 'run.cancelling':
      fold.cancelling = event.data;
      break;
    case 'run.succeeded':
      fold.outputs = event.data.outputs;
      ended(fold, 'succeeded', event.ts);
      break;
    case 'run.failed':
      fold.error = event.data.error;
      ended(fold, 'failed', event.ts);
      break;
    case 'run.cancelled':
      ended(fold, 'cancelled', event.ts);
      break;
    default: {
      const record =
        event.type === 'node.started' && event.data.call
          ? openCall(fold, event.path!, event.data.call)
          : event.path === undefined
            ? undefined
            : fold.nodes.get(event.path);
      if (record) evolveNode(fold, record, event);
    }
  }
  return fold;
}

function evolveNode(fold: RunFold, record: NodeRecord, event: AnyRunEvent): void {
  switch (event.type) {
    case 'node.started':
      unready(fold, record);
      fold.retrying.delete(record);
      if (!record.active) record.frame.active += 1;
      record.state = 'running';
      record.attempt = event.attempt ?? record.attempt + 1;
      record.startedAt = event.ts;
      if (record.spec.kind === 'effect') fold.inFlight.add(record);
      else startLanes(fold, record, event.data);
      break;
    case 'node.step': {
      const { index: _, ...step } = event.data;
      spend(fold, record, step, true);
      record.steps ??= [];
      record.steps.push(step);
      // It gets on: crashes are counted from here, else a long agent would end with its third restart of a server.
      record.crashes = 0;
      dropCalls(record);
      break;
    }
    case 'node.cached':
      succeed(fold, record, event.data.result);
      break;
    case 'node.succeeded':
      spend(fold, record, event.data);
      if (event.data.derived) finishContainer(fold, record);
      else succeed(fold, record, event.data.result ?? null);
      break;
    case 'node.retrying':
      spend(fold, record, event.data);
      stop(fold, record);
      record.state = 'retrying';
      record.error = event.data.error;
      record.failures += 1;
      record.retryAt = event.data.at;
      fold.retrying.add(record);
      killWithin(record);
      // A call that failed, and the agent with it, is made again by the next attempt.
      for (const call of record.calls?.records ?? []) if (call.state === 'failed') call.state = 'pending';
      break;
    case 'node.failed':
      spend(fold, record, event.data);
      fail(fold, record, event.data);
      break;
    case 'node.skipped':
      unready(fold, record);
      record.state = 'skipped';
      settle(record);
      break;
    case 'node.cancelled':
      stop(fold, record);
      leaveActive(record, 'cancelled');
      killWithin(record);
      closeFailed(record.frame);
      break;
    default:
      // Logs, progress: for readers only.
      break;
  }
}

function ended(fold: RunFold, state: 'succeeded' | 'failed' | 'cancelled', at: number): void {
  fold.state = state;
  fold.endedAt = at;
  for (const set of [fold.readyEffects, fold.readyPure, fold.readyContainers, fold.inFlight, fold.retrying])
    set.clear();
  fold.timed.clear();
  fold.calling.clear();
  fold.settling.clear();
  fold.failing.clear();
}

/**
 * Adds usage and cost to the run's. What an attempt says at its end is of the whole of it, so what its steps have told
 * already is taken off.
 */
function spend(
  fold: RunFold,
  record: NodeRecord,
  spent: { usage?: Usage; cost?: number },
  isStep = false,
): void {
  const { usage, cost } = spent;
  if (!usage && !cost) return;
  const steps = isStep ? undefined : record.steps;
  let [input, output, dollars] = [usage?.inputTokens ?? 0, usage?.outputTokens ?? 0, cost ?? 0];
  for (const step of steps ?? []) {
    input -= step.usage?.inputTokens ?? 0;
    output -= step.usage?.outputTokens ?? 0;
    dollars -= step.cost ?? 0;
  }
  const spending = {
    usage: { inputTokens: Math.max(0, input), outputTokens: Math.max(0, output) },
    cost: Math.max(0, dollars),
  };
  fold.usage.inputTokens += spending.usage.inputTokens;
  fold.usage.outputTokens += spending.usage.outputTokens;
  // Sums of decimal fractions are kept to what a price can mean.
  fold.cost = Math.round((fold.cost + spending.cost) * 1e10) / 1e10;
  spendWithin(record, spending);
}

/** Takes back what is in flight, to be started again as the next attempt. */
function interrupt(fold: RunFold): void {
  for (const record of fold.inFlight) {
    record.state = 'retrying';
    record.retryAt = 0;
    fold.retrying.add(record);
  }
  fold.inFlight.clear();
}

function succeed(fold: RunFold, record: NodeRecord, result: NodeRecord['result']): void {
  stop(fold, record);
  leaveActive(record, 'succeeded');
  record.result = result;
  record.error = undefined;
  dropCalls(record);
  fold.size += sizeOf(result, MAX_RESULTS);
  settle(record);
}

function fail(fold: RunFold, record: NodeRecord, data: EventData['node.failed']): void {
  stop(fold, record);
  leaveActive(record, 'failed');
  record.error = data.error;
  // What an agent calls is kept while the agent may be tried again, although it is always told of the failure.
  const isCall = record.frame.owner?.calls === record.frame;
  if ((data.handled && !isCall) || !record.frame.retained) dropLanes(record);
  if (data.handled || !record.frame.retained) dropCalls(record);
  if (!data.handled) {
    failFrame(record.frame, { error: data.error, path: data.because ?? record.path });
    return;
  }
  record.handled = true;
  fold.handledFailures.push(record.path);
  if (typeof record.spec.node.onError === 'object') {
    record.instead = render(record.spec.template('onErrorValue'), record.frame);
  }
  settle(record);
}

const readers = createPrograms(() => undefined);

/** The fold of a journal, for readers: what the run's state is, its outputs, error, usage and cost. */
export function runStateOf(events: Iterable<AnyRunEvent>, plan: Plan): RunFold {
  const fold = createFold(readers(plan));
  for (const event of events) evolve(fold, event);
  return fold;
}

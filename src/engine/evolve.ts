import type { AnyRunEvent, EventData, Usage } from '../contracts/events.ts';
import type { Plan } from '../contracts/plan.ts';
import { render } from '../language/expressions/index.ts';
import { toEventError } from './event-error.ts';
import { createFold, type Failure, Frame, type NodeRecord, type RunFold } from './fold.ts';
import { MAX_RESULTS, sizeOf } from './limits.ts';
import { containerOf } from './nodes/container.ts';
import { childDeadline } from './nodes/workflow.ts';
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
      for (const record of fold.inFlight) record.crashes += 1;
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
      fold.state = fold.inFlight.size > 0 ? 'running' : 'queued';
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
      const record = event.path === undefined ? undefined : fold.nodes.get(event.path);
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
      if (record.lanes) for (const frame of record.lanes.frames.values()) kill(frame);
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
      if (record.lanes) for (const frame of record.lanes.frames.values()) kill(frame);
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
  fold.usage.inputTokens += Math.max(0, input);
  fold.usage.outputTokens += Math.max(0, output);
  // Sums of decimal fractions are kept to what a price can mean.
  fold.cost = Math.round((fold.cost + Math.max(0, dollars)) * 1e10) / 1e10;
}

// Nodes

function enqueue(record: NodeRecord): void {
  const { fold } = record.frame;
  if (record.spec.kind === 'effect') fold.readyEffects.add(record);
  else if (record.spec.kind === 'pure') fold.readyPure.add(record);
  else fold.readyContainers.add(record);
}

function unready(fold: RunFold, record: NodeRecord): void {
  if (record.spec.kind === 'effect') fold.readyEffects.delete(record);
  else if (record.spec.kind === 'pure') fold.readyPure.delete(record);
  else fold.readyContainers.delete(record);
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

/** The record is in none of the sets of what runs. */
function stop(fold: RunFold, record: NodeRecord): void {
  unready(fold, record);
  if (record.spec.kind === 'effect') {
    fold.inFlight.delete(record);
  } else {
    fold.timed.delete(record);
    fold.settling.delete(record);
  }
  fold.retrying.delete(record);
}

function leaveActive(record: NodeRecord, state: NodeRecord['state']): void {
  if (record.active) record.frame.active -= 1;
  record.state = state;
}

function succeed(fold: RunFold, record: NodeRecord, result: NodeRecord['result']): void {
  stop(fold, record);
  leaveActive(record, 'succeeded');
  record.result = result;
  record.error = undefined;
  fold.size += sizeOf(result, MAX_RESULTS);
  settle(record);
}

function fail(fold: RunFold, record: NodeRecord, data: EventData['node.failed']): void {
  stop(fold, record);
  leaveActive(record, 'failed');
  record.error = data.error;
  if (data.handled || !record.frame.retained) dropLanes(record);
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

/** A node has its final state: who waited for it waits for one less. */
function settle(record: NodeRecord): void {
  const { frame } = record;
  frame.unsettled -= 1;
  for (const index of record.spec.dependents) {
    const dependent = frame.records[index]!;
    dependent.pending -= 1;
    if (dependent.pending === 0 && dependent.state === 'pending' && !frame.dead) enqueue(dependent);
  }
  if (frame.failure) closeFailed(frame);
  else if (frame.unsettled === 0 && frame.owner && !frame.dead) endLane(frame.owner, frame);
}

// Frames

function enter(frame: Frame): void {
  const { nodes } = frame.fold;
  for (const record of frame.records) {
    nodes.set(record.path, record);
    if (record.pending === 0) enqueue(record);
  }
  if (frame.unsettled === 0 && frame.owner) endLane(frame.owner, frame);
}

/** Nothing starts in this frame, or within it, any more. */
function kill(frame: Frame): void {
  if (frame.dead) return;
  frame.dead = true;
  for (const record of frame.records) {
    if (record.state === 'pending') unready(frame.fold, record);
    else if (record.lanes) for (const inner of record.lanes.frames.values()) kill(inner);
  }
}

function failFrame(frame: Frame, failure: Failure): void {
  if (frame.failure) {
    closeFailed(frame);
    return;
  }
  frame.failure = failure;
  kill(frame);
  if (!frame.owner) {
    frame.fold.rootFailure = failure;
    return;
  }
  frame.owner.lanes?.failures.set(frame.lane, failure);
  if (frame.active > 0) frame.fold.failing.add(frame);
  closeFailed(frame);
}

/** Ends the lane of a failed frame once nothing runs in it. */
function closeFailed(frame: Frame): void {
  if (!frame.failure || frame.active > 0 || !frame.owner) return;
  frame.fold.failing.delete(frame);
  if (!frame.closed && frame.owner.state === 'running' && frame.owner.lanes) endLane(frame.owner, frame);
}

/** Forgets a frame whose nodes no event will name again. */
function leave(frame: Frame): void {
  frame.fold.failing.delete(frame);
  for (const record of frame.records) {
    frame.fold.nodes.delete(record.path);
    if (record.lanes) for (const inner of record.lanes.frames.values()) leave(inner);
  }
}

// Containers

function startLanes(fold: RunFold, record: NodeRecord, data: EventData['node.started']): void {
  const limit = Math.min(record.spec.node.timeoutMs ?? Infinity, childDeadline(record) ?? Infinity);
  if (limit !== Infinity) {
    record.timeoutAt = record.startedAt + limit;
    fold.timed.add(record);
  }
  const { lanes } = record;
  if (lanes) {
    // A retry keeps what succeeded: only lanes that failed or were stopped are taken up again.
    lanes.again = [...lanes.frames.keys()].sort((a, b) => a - b);
    lanes.failures.clear();
    lanes.ended = lanes.results.size;
    lanes.open = 0;
  } else {
    record.lanes = {
      ...containerOf(record).lanes(record, data),
      next: 0,
      ended: 0,
      results: new Map(),
      failures: new Map(),
      frames: new Map(),
      open: 0,
      again: [],
      opening: false,
    };
  }
  openLanes(record);
}

function openLanes(record: NodeRecord): void {
  const lanes = record.lanes!;
  if (lanes.opening) return;
  lanes.opening = true;
  while (lanes.open < lanes.limit && containerOf(record).conclude(record) === undefined) {
    const again = lanes.again.shift();
    if (again === undefined && lanes.next >= lanes.total) break;
    lanes.open += 1;
    if (again === undefined) {
      const lane = lanes.next++;
      const frame = containerOf(record).open(record, lane);
      lanes.frames.set(lane, frame);
      enter(frame);
    } else {
      reopen(lanes.frames.get(again)!);
    }
  }
  lanes.opening = false;
  if (containerOf(record).conclude(record) !== undefined) record.frame.fold.settling.add(record);
}

/** Takes up a frame again after its container is retried: nodes that succeeded keep their results. */
function reopen(frame: Frame): void {
  frame.failure = undefined;
  frame.dead = false;
  frame.closed = false;
  frame.active = 0;
  frame.unsettled = 0;
  const kept = (record: NodeRecord) => record.state === 'succeeded' || record.handled;
  for (const record of frame.records) {
    record.pending = record.spec.pending;
    if (kept(record)) continue;
    record.state = 'pending';
    record.error = undefined;
    record.failures = 0;
    frame.unsettled += 1;
  }
  for (const record of frame.records) {
    if (kept(record)) for (const index of record.spec.dependents) frame.records[index]!.pending -= 1;
  }
  for (const record of frame.records) if (!kept(record) && record.pending === 0) enqueue(record);
  if (frame.unsettled === 0) endLane(frame.owner!, frame);
}

function endLane(record: NodeRecord, frame: Frame): void {
  const lanes = record.lanes!;
  frame.closed = true;
  lanes.open -= 1;
  lanes.ended += 1;
  if (!frame.failure) {
    try {
      lanes.results.set(frame.lane, containerOf(record).laneResult(record, frame));
      lanes.frames.delete(frame.lane);
      leave(frame);
    } catch (error) {
      frame.failure = { error: toEventError(error), path: record.path };
      frame.dead = true;
      lanes.failures.set(frame.lane, frame.failure);
    }
  }
  if (frame.failure && !frame.retained) {
    lanes.frames.delete(frame.lane);
    leave(frame);
  }
  openLanes(record);
}

function finishContainer(fold: RunFold, record: NodeRecord): void {
  const { lanes } = record;
  if (!lanes) return;
  const result = containerOf(record).result(record);
  for (const failure of lanes.failures.values()) fold.handledFailures.push(failure.path);
  dropLanes(record);
  stop(fold, record);
  leaveActive(record, 'succeeded');
  record.result = result;
  record.error = undefined;
  settle(record);
}

function dropLanes(record: NodeRecord): void {
  if (!record.lanes) return;
  for (const frame of record.lanes.frames.values()) {
    kill(frame);
    leave(frame);
  }
  record.lanes = undefined;
  record.given = undefined;
}

const readers = createPrograms(() => undefined);

/** The fold of a journal, for readers: what the run's state is, its outputs, error, usage and cost. */
export function runStateOf(events: Iterable<AnyRunEvent>, plan: Plan): RunFold {
  const fold = createFold(readers(plan));
  for (const event of events) evolve(fold, event);
  return fold;
}

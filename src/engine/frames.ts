import type { EventData } from '../contracts/events.ts';
import { toEventError } from './event-error.ts';
import type { Failure, Frame, NodeRecord, RunFold } from './fold.ts';
import { containerOf } from './nodes/container.ts';
import { childDeadline } from './nodes/workflow.ts';

/**
 * How the fold moves when a node settles: dependents become ready, frames end or fail, lanes of containers open and
 * end. Part of `evolve`, and called by nothing else; none of it is journalled, for it follows from the events.
 */

// Nodes

function enqueue(record: NodeRecord): void {
  const { fold } = record.frame;
  if (record.spec.kind === 'effect') fold.readyEffects.add(record);
  else if (record.spec.kind === 'pure') fold.readyPure.add(record);
  else fold.readyContainers.add(record);
}

export function unready(fold: RunFold, record: NodeRecord): void {
  if (record.spec.kind === 'effect') fold.readyEffects.delete(record);
  else if (record.spec.kind === 'pure') fold.readyPure.delete(record);
  else fold.readyContainers.delete(record);
}

/** The record is in none of the sets of what runs. */
export function stop(fold: RunFold, record: NodeRecord): void {
  unready(fold, record);
  if (record.spec.kind === 'effect') {
    fold.inFlight.delete(record);
  } else {
    fold.timed.delete(record);
    fold.settling.delete(record);
  }
  fold.retrying.delete(record);
}

export function leaveActive(record: NodeRecord, state: NodeRecord['state']): void {
  if (record.active) record.frame.active -= 1;
  record.state = state;
}

/** A node has its final state: who waited for it waits for one less. */
export function settle(record: NodeRecord): void {
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

export function enter(frame: Frame): void {
  const { nodes } = frame.fold;
  for (const record of frame.records) {
    nodes.set(record.path, record);
    if (record.pending === 0) enqueue(record);
  }
  if (frame.unsettled === 0 && frame.owner) endLane(frame.owner, frame);
}

/** Nothing starts in this frame, or within it, any more. */
export function kill(frame: Frame): void {
  if (frame.dead) return;
  frame.dead = true;
  for (const record of frame.records) {
    if (record.state === 'pending') unready(frame.fold, record);
    else killWithin(record);
  }
}

/** Nothing starts within this node any more. */
export function killWithin(record: NodeRecord): void {
  if (record.lanes) for (const inner of record.lanes.frames.values()) kill(inner);
  if (record.calls) kill(record.calls);
}

export function failFrame(frame: Frame, failure: Failure): void {
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
export function closeFailed(frame: Frame): void {
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
    dropCalls(record);
  }
}

// Containers

export function startLanes(fold: RunFold, record: NodeRecord, data: EventData['node.started']): void {
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
  const { lanes } = record;
  // What an agent calls is looked at by the agent.
  if (!lanes) return;
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

export function finishContainer(fold: RunFold, record: NodeRecord): void {
  const { lanes } = record;
  if (!lanes) return;
  const result = containerOf(record).result(record);
  for (const failure of lanes.failures.values()) fold.handledFailures.push(failure.path);
  if (lanes.failures.size > 0)
    record.failed = [...lanes.failures]
      .sort(([a], [b]) => a - b)
      .map(([index, { error }]) => ({ index, error: { code: error.code, message: error.message } }));
  dropLanes(record);
  stop(fold, record);
  leaveActive(record, 'succeeded');
  record.result = result;
  record.error = undefined;
  settle(record);
}

/** Forgets what an agent called: its result is a step by now, or the agent has ended. */
export function dropCalls(record: NodeRecord): void {
  const { calls } = record;
  if (!calls) return;
  record.calls = undefined;
  record.frame.fold.calling.delete(record);
  kill(calls);
  leave(calls);
}

export function dropLanes(record: NodeRecord): void {
  if (!record.lanes) return;
  for (const frame of record.lanes.frames.values()) {
    kill(frame);
    leave(frame);
  }
  record.lanes = undefined;
  record.given = undefined;
}

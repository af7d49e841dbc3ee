import { IceError } from '../contracts/errors.ts';
import type { ConditionPlanNode } from '../contracts/plan.ts';
import { isStatic, render } from '../language/expressions/index.ts';
import { effectsAtWork } from './calls.ts';
import type { Draft } from './draft.ts';
import { toEventError } from './event-error.ts';
import type { NodeRecord } from './fold.ts';
import { MAX_RESULT, sizeOf } from './limits.ts';
import { otherBranch } from './nodes/condition.ts';
import { containerOf } from './nodes/container.ts';

/**
 * What becomes of the nodes that are ready: they are skipped, evaluated or started. Pure nodes only when `pure` is
 * set, which is once a commit: each step of a chain is durable before the next is worked out.
 */
export function startReady(draft: Draft, pure: boolean): void {
  const { fold } = draft;
  for (const record of fold.readyContainers) {
    if (draft.halted) return;
    if (passes(draft, record)) beginContainer(draft, record);
  }
  if (pure) {
    for (const record of fold.readyPure) {
      if (draft.halted) return;
      if (passes(draft, record)) evaluate(draft, record);
    }
  }
  if (!draft.halted) startEffects(draft);
}

/** Whether the node may start; if not, it is skipped or failed. */
function passes(draft: Draft, record: NodeRecord): boolean {
  const { node } = record.spec;
  for (const id of node.reads) {
    const read = record.frame.find(id);
    if (read && read.readable() === undefined) {
      draft.node('node.skipped', record.path, 0, { reason: 'dependency', because: read.path });
      return false;
    }
  }
  if (node.if === undefined || node.if === true) return true;
  try {
    const value = render(record.spec.template('if'), record.frame);
    if (value === true) return true;
    if (value !== false) {
      throw new IceError('expression_failed', `The \`if\` of ${record.path} must be true or false`);
    }
    draft.node('node.skipped', record.path, 0, { reason: 'condition' });
  } catch (error) {
    draft.fail(record, toEventError(error));
  }
  return false;
}

function evaluate(draft: Draft, record: NodeRecord): void {
  try {
    const template = record.spec.template('values');
    const result = render(template, record.frame);
    if (!isStatic(template) && sizeOf(result, MAX_RESULT) > MAX_RESULT) throw tooLarge(record.path);
    const { output } = record.spec.node;
    const wrong = output === undefined ? undefined : draft.fold.program.check(output, result);
    if (wrong) throw new IceError('output_invalid', `The result of ${record.path} does not match: ${wrong}`);
    draft.node('node.succeeded', record.path, 0, { result });
  } catch (error) {
    draft.fail(record, toEventError(error));
  }
}

export const tooLarge = (path: string): IceError =>
  new IceError('output_invalid', `The result of ${path} is larger than ${MAX_RESULT / 1024 / 1024} MiB`, {
    hint: 'Return less: a summary, a page of it, or where the rest is kept.',
    terminal: true,
  });

export function beginContainer(draft: Draft, record: NodeRecord): void {
  try {
    const started = containerOf(record).begin(record);
    draft.node('node.started', record.path, record.attempt + 1, started);
    if (started.branch && record.attempt === 0) {
      const node = record.spec.node as ConditionPlanNode;
      for (const path of otherBranch(node, record.path, started.branch)) {
        draft.node('node.skipped', path, 0, { reason: 'branch' });
      }
    }
  } catch (error) {
    draft.fail(record, toEventError(error));
  }
}

/** Starts effects while the run has room for them; those that are to be started again come first. */
function startEffects(draft: Draft): void {
  const { fold } = draft;
  let room = fold.program.plan.concurrency - effectsAtWork(fold);
  for (const record of fold.retrying) {
    if (room <= 0 || draft.halted) return;
    if (record.spec.kind !== 'effect' || record.retryAt > draft.now || overBudget(record)) continue;
    if (record.crashes >= record.spec.node.maxCrashes) {
      draft.cancelWithin(record);
      draft.fail(record, toEventError(tooManyCrashes(record)));
    } else {
      draft.node('node.started', record.path, record.attempt + 1, {});
      room -= 1;
    }
  }
  for (const record of fold.readyEffects) {
    if (room <= 0 || draft.halted) return;
    if (!passes(draft, record) || overBudget(record)) continue;
    draft.node('node.started', record.path, record.attempt + 1, {});
    room -= 1;
  }
}

const tooManyCrashes = ({ path, crashes }: NodeRecord): IceError =>
  new IceError(
    'max_crashes',
    `${path} was running when its worker died, ${crashes === 1 ? 'once' : `${crashes} times`}`,
    {
      hint: 'Look at what it does to its process: memory, exit, a native crash. `maxCrashes` sets the limit.',
    },
  );

/** Whether this node would spend money that the run has not got. */
export function overBudget(record: NodeRecord): boolean {
  const { maxCost, cost } = record.frame.fold;
  const { type } = record.spec.node;
  return maxCost !== null && cost >= maxCost && (type === 'llm' || type === 'agent');
}

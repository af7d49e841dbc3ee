import { IceError } from '../../contracts/errors.ts';
import type { ConditionPlanNode } from '../../contracts/plan.ts';
import { childPath } from '../../contracts/plan.ts';
import { render } from '../../language/expressions/index.ts';
import { Frame } from '../fold.ts';
import { resultsById } from '../outputs.ts';
import type { Container } from './container.ts';
import { onlyLane } from './lanes.ts';

/** One of two lists. The result is `{ branch, then?, else? }`. */
export const condition: Container = {
  begin(record) {
    const value = render(record.spec.template('expression'), record.frame);
    if (typeof value !== 'boolean') {
      throw new IceError('expression_failed', `The condition of ${record.path} must be true or false`, {
        terminal: true,
      });
    }
    return { branch: value ? 'then' : 'else' };
  },
  lanes: (_record, started) => ({ names: [started.branch ?? 'then'], total: 1, limit: 1 }),
  open(record) {
    const [branch] = record.lanes!.names;
    const list = record.spec.lists.get(branch!)!;
    return new Frame(record.frame.fold, list, childPath(record.path, branch!), {
      owner: record,
      outer: record.frame,
    });
  },
  laneResult: (_record, frame) => resultsById(frame),
  conclude: onlyLane,
  result(record) {
    const [branch] = record.lanes!.names;
    return { branch: branch!, [branch!]: record.lanes!.results.get(0) ?? {} };
  },
};

/** Paths of the nodes that the branch not taken would have run. */
export function otherBranch(node: ConditionPlanNode, path: string, taken: 'then' | 'else'): string[] {
  const other = taken === 'then' ? 'else' : 'then';
  return node[other].map((child) => childPath(childPath(path, other), child.id));
}

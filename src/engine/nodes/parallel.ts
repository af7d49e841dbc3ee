import type { Json } from '../../contracts/json.ts';
import { childPath, type ParallelPlanNode } from '../../contracts/plan.ts';
import { Frame, type NodeRecord } from '../fold.ts';
import { resultsById } from '../outputs.ts';
import type { Container } from './container.ts';

/** Named lists side by side. The result is `{ name: { id: result } }` of the branches that succeeded. */
export const parallel: Container = {
  begin: (record) => ({ branches: [...record.spec.lists.keys()] }),
  lanes(record, started) {
    const names = started.branches ?? [];
    const { concurrency } = record.spec.node as ParallelPlanNode;
    return { names, total: names.length, limit: concurrency };
  },
  open(record, lane) {
    const name = record.lanes!.names[lane]!;
    return new Frame(record.frame.fold, record.spec.lists.get(name)!, childPath(record.path, name), {
      owner: record,
      lane,
      outer: record.frame,
    });
  },
  laneResult: (_record, frame) => resultsById(frame),
  conclude(record) {
    const { results, failures, total } = record.lanes!;
    const needed = neededOf(record);
    if (results.size >= needed) return 'succeeded';
    if (failures.size > total - needed) for (const failure of failures.values()) return failure;
    return undefined;
  },
  result({ lanes }) {
    const branches: [string, Json][] = [];
    lanes!.names.forEach((name, lane) => {
      const result = lanes!.results.get(lane);
      if (result !== undefined) branches.push([name, result]);
    });
    return Object.fromEntries(branches);
  },
};

function neededOf(record: NodeRecord): number {
  const { wait } = record.spec.node as ParallelPlanNode;
  const { total } = record.lanes!;
  return wait === undefined ? total : Math.min(wait, total);
}

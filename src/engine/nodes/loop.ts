import { IceError } from '../../contracts/errors.ts';
import type { Json } from '../../contracts/json.ts';
import { itemPath, type LoopPlanNode } from '../../contracts/plan.ts';
import { render } from '../../language/expressions/index.ts';
import { Frame, type NodeRecord } from '../fold.ts';
import { MAX_ITEMS } from '../limits.ts';
import { renderOutput, resultsById } from '../outputs.ts';
import type { Container } from './container.ts';

/** Its body for each item. The result is an array in the order of the items; an item that failed and was continued is null. */
export const loop: Container = {
  begin: (record) => ({ items: itemsOf(record).length }),
  lanes: (record, started) => ({
    names: [],
    total: started.items ?? 0,
    limit: (record.spec.node as LoopPlanNode).concurrency,
  }),
  open(record, lane) {
    return new Frame(record.frame.fold, record.spec.lists.get('body')!, itemPath(record.path, lane), {
      owner: record,
      lane,
      outer: record.frame,
      as: (record.spec.node as LoopPlanNode).as,
      item: itemsOf(record)[lane] ?? null,
    });
  },
  laneResult: (record, frame) =>
    (record.spec.node as LoopPlanNode).result === undefined
      ? resultsById(frame)
      : renderOutput(record.spec.template('result'), frame),
  conclude(record) {
    const { failures, ended, total } = record.lanes!;
    if ((record.spec.node as LoopPlanNode).onItemError === 'fail') {
      for (const failure of failures.values()) return failure;
    }
    return ended === total ? 'succeeded' : undefined;
  },
  result({ lanes }) {
    const results: Json[] = [];
    for (let lane = 0; lane < lanes!.total; lane++) results.push(lanes!.results.get(lane) ?? null);
    return results;
  },
};

/** The items; worked out once, and again after the journal was read. */
function itemsOf(record: NodeRecord): Json[] {
  record.given ??= evaluateItems(record);
  return record.given as Json[];
}

function evaluateItems(record: NodeRecord): Json[] {
  const items = render(record.spec.template('items'), record.frame);
  if (!Array.isArray(items)) {
    throw new IceError('expression_failed', `The items of ${record.path} must be an array`, {
      terminal: true,
    });
  }
  if (items.length > MAX_ITEMS) {
    throw new IceError(
      'expression_failed',
      `${record.path} has ${items.length} items; ${MAX_ITEMS} is the most`,
      {
        hint: 'Split the list, or loop over pages of it.',
        terminal: true,
      },
    );
  }
  return items;
}

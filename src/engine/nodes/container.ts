import type { EventData } from '../../contracts/events.ts';
import type { Json } from '../../contracts/json.ts';
import type {
  ConditionPlanNode,
  LoopPlanNode,
  ParallelPlanNode,
  WorkflowPlanNode,
} from '../../contracts/plan.ts';
import type { Failure, Frame, Lanes, NodeRecord } from '../fold.ts';
import { condition } from './condition.ts';
import { loop } from './loop.ts';
import { parallel } from './parallel.ts';
import { workflow } from './workflow.ts';

export type ContainerNode = ConditionPlanNode | LoopPlanNode | ParallelPlanNode | WorkflowPlanNode;
export type Started = EventData['node.started'];

/**
 * What a type of container is. All are pure, and what they work out from the fold is the same when the journal is read
 * again: nothing of it is journalled twice.
 */
export interface Container {
  /** Looks at the fold and says how the container starts; throws what the node fails with. */
  begin(record: NodeRecord): Started;
  /** Which lanes it has, from what `begin` said. */
  lanes(record: NodeRecord, started: Started): Pick<Lanes, 'names' | 'total' | 'limit'>;
  open(record: NodeRecord, lane: number): Frame;
  /** The result of a lane whose nodes have all settled; throws what the lane fails with. */
  laneResult(record: NodeRecord, frame: Frame): Json;
  /** Whether the lanes that have ended decide what becomes of the container. */
  conclude(record: NodeRecord): 'succeeded' | Failure | undefined;
  result(record: NodeRecord): Json;
}

const CONTAINERS: Record<ContainerNode['type'], Container> = { condition, loop, parallel, workflow };

export const containerOf = (record: NodeRecord): Container =>
  CONTAINERS[record.spec.node.type as ContainerNode['type']];

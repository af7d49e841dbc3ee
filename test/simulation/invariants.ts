import { type AnyRunEvent, ENDED } from '../../src/contracts/events.ts';
import { callerOf, type Plan, type PlanNode } from '../../src/contracts/plan.ts';
import { runStateOf } from '../../src/engine/evolve.ts';
import type { RunRow } from '../../src/engine/ports.ts';

const ENDINGS = new Set(['node.succeeded', 'node.failed', 'node.cancelled', 'node.cached', 'node.skipped']);

/** Everything that holds for every journal, whatever happened to its workers. Gives what does not. */
export function brokenInvariants(events: AnyRunEvent[], row: RunRow, plan: Plan): string[] {
  const broken: string[] = [];
  const say = (event: AnyRunEvent, what: string) =>
    broken.push(`${event.seq} ${event.type} ${event.path ?? ''}#${event.attempt ?? ''}: ${what}`);

  const open = new Map<string, number>();
  const succeeded = new Set<string>();
  const crashed = new Set<string>();
  const effects = new Set<string>();
  const types = typesOf(plan);
  /** What agents call, while it runs: who waits for it is not at work. */
  const calls = new Set<string>();
  const waits = (path: string) => [...calls].some((call) => open.has(call) && callerOf(call) === path);
  const running = () =>
    [...open.keys()].filter((path) => effects.has(path) && !crashed.has(path) && !waits(path)).length;
  events.forEach((event, i) => {
    if (event.seq !== i + 1) say(event, `is at ${i + 1}`);
    if (event.runId !== row.id) say(event, `is of the run ${event.runId}`);
    if (i > 0 && event.ts < events[i - 1]!.ts) say(event, 'is earlier than the one before');
    if (i < events.length - 1 && isEnd(event)) say(event, 'is not the last');
    // A worker that takes over starts again what was in flight, and only that.
    if (event.type === 'run.started' || event.type === 'run.waiting' || event.type === 'run.paused') {
      for (const path of open.keys()) if (effects.has(path)) crashed.add(path);
    }
    const { path } = event;
    if (path === undefined) return;
    if (succeeded.has(path)) say(event, 'comes after the node succeeded');
    if (event.type === 'node.started') {
      const effect = EFFECTS.has(types.get(path.split('.').at(-1)!)!);
      if (effect) effects.add(path);
      if (event.data.call) calls.add(path);
      const before = open.get(path);
      if (before !== undefined && !crashed.has(path)) say(event, 'was not ended before');
      if (before !== undefined && event.attempt !== before + 1) say(event, `follows attempt ${before}`);
      crashed.delete(path);
      open.set(path, event.attempt!);
      if (effect && running() > plan.concurrency) say(event, `${running()} effects run at once`);
    } else if (event.type === 'node.retrying' || ENDINGS.has(event.type)) {
      if (
        event.attempt !== undefined &&
        event.type !== 'node.cancelled' &&
        event.type !== 'node.failed' &&
        open.get(path) !== event.attempt
      ) {
        say(event, `attempt ${open.get(path)} is the one that runs`);
      }
      for (const other of open.keys()) {
        if (event.type !== 'node.retrying' && inside(other, path))
          say(event, `${other} still runs inside of it`);
      }
      open.delete(path);
      crashed.delete(path);
      if (event.type === 'node.succeeded' || event.type === 'node.cached') succeeded.add(path);
    }
  });

  const last = events.at(-1);
  if (!last || !isEnd(last)) broken.push(`the journal ends with ${last?.type}`);
  else for (const path of open.keys()) say(last, `${path} still runs`);
  const fold = runStateOf(events, plan);
  if (fold.state !== row.state) broken.push(`the row says ${row.state}, the journal ${fold.state}`);
  if (fold.cost !== row.cost) broken.push(`the row says ${row.cost} dollars, the journal ${fold.cost}`);
  if (row.seq !== events.length) broken.push(`the row's seq is ${row.seq} of ${events.length}`);
  if (row.leaseOwner !== null) broken.push(`the run ended, and ${row.leaseOwner} has its lease`);
  return broken;
}

const isEnd = (event: AnyRunEvent): boolean => {
  const [noun, state] = event.type.split('.');
  return noun === 'run' && ENDED.has(state as RunRow['state']);
};
const inside = (path: string, container: string): boolean =>
  path.startsWith(`${container}.`) || path.startsWith(`${container}[`);

const EFFECTS = new Set<string>(['tool', 'llm', 'agent', 'code']);

/** Types of nodes by id, which random plans give only once. */
function typesOf(plan: Plan): Map<string, string> {
  const types = new Map<string, string>();
  const visit = (nodes: PlanNode[]): void => {
    for (const node of nodes) {
      types.set(node.id, node.type);
      if (node.type === 'condition') visit([...node.then, ...node.else]);
      if (node.type === 'loop') visit(node.body);
      if (node.type === 'parallel') Object.values(node.branches).forEach(visit);
    }
  };
  visit(plan.nodes);
  for (const child of Object.values(plan.workflows)) visit(child.nodes);
  return types;
}

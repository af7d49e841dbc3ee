import { newId } from '../../src/contracts/ids.ts';
import type { Plan, PlanNode } from '../../src/contracts/plan.ts';
import { createEngine } from '../../src/engine/engine.ts';
import { openSqlite } from '../../src/stores/sqlite/connection.ts';
import { createSqliteRuns } from '../../src/stores/sqlite/runs.ts';
import { type DatabaseStatus, sqliteStatus } from '../../src/stores/sqlite/status.ts';

/**
 * Our engine on its own store, driven directly. The seam for driving it by the public client is this object: another
 * file with the same three functions over `createClient` and the host measures what a user of the API gets.
 */
export async function openOurs(file: string, durability: 'full' | 'normal') {
  const connection = await openSqlite(file, { durability });
  const engine = createEngine({
    store: createSqliteRuns(connection),
    effects: {},
    checkSchema: () => undefined,
    workerId: 'bench',
  });
  const plans = new Map<string, Plan>();
  const run = async (name: string, make: () => Plan, pad = ''): Promise<void> => {
    let plan = plans.get(name);
    if (!plan) {
      plan = make();
      plans.set(name, plan);
    }
    const id = newId('run');
    const common = { project: 'bench', id, plan, planDigest: `sha256:${name}`, contentHash: name };
    await engine.create({ ...common, inputs: { n: 0, pad }, createdBy: 'bench', drive: true });
    const end = await engine.drive('bench', id);
    if (end !== 'ended') throw new Error(`The run is ${end}`);
  };
  return {
    chain: (steps: number, pad: string) =>
      run(`chain-${steps}-${pad.length}`, () => chainPlan(steps, pad !== ''), pad),
    fan: (width: number) => run(`fan-${width}`, () => fanPlan(width)),
    /** As the engine's own connection has it; fails when the file or a journal is not as it must be. */
    synchronous: async () => soundly(sqliteStatus(connection)),
    close: () => connection.close(),
  };
}

export function soundly({ damage, journals, synchronous }: DatabaseStatus): string {
  if (damage.length > 0 || journals.length > 0)
    throw new Error(`The database is not sound: ${JSON.stringify({ damage, journals })}`);
  return synchronous;
}

const set = (id: string, values: { [key: string]: string | number }, reads: string[]): PlanNode => ({
  id,
  type: 'set',
  values,
  after: reads,
  reads,
  maxCrashes: 3,
});

const planOf = (nodes: PlanNode[], output: string): Plan => ({
  plan: 1,
  name: 'bench',
  version: '1.0.0',
  digest: 'sha256:bench',
  inputs: { type: 'object' },
  writeOnly: [],
  nodes,
  outputs: { n: output },
  concurrency: 100,
  components: {},
  workflows: {},
});

function chainPlan(steps: number, padded: boolean): Plan {
  const more: { [key: string]: string } = padded ? { pad: '{{ inputs.pad }}' } : {};
  const nodes = Array.from({ length: steps }, (_, i) =>
    i === 0
      ? set('s0', { n: '{{ inputs.n + 1 }}', ...more }, [])
      : set(`s${i}`, { n: `{{ s${i - 1}.n + 1 }}`, ...more }, [`s${i - 1}`]),
  );
  return planOf(nodes, `{{ s${steps - 1}.n }}`);
}

function fanPlan(width: number): Plan {
  const first = set('first', { n: '{{ inputs.n }}' }, []);
  const many = Array.from({ length: width }, (_, i) =>
    set(`m${i}`, { n: `{{ first.n + ${i} }}` }, ['first']),
  );
  const join = set(
    'join',
    { n: `{{ m${width - 1}.n }}` },
    many.map((node) => node.id),
  );
  return planOf([first, ...many, join], '{{ join.n }}');
}

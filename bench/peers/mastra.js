// Mastra: a workflow of as many steps, each a function that adds one.
import { createClient } from '@libsql/client';
import { Mastra } from '@mastra/core/mastra';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import { LibSQLStore } from '@mastra/libsql';
import { z } from 'zod';

const number = z.object({ n: z.number() });
const step = (id, execute) => createStep({ id, inputSchema: z.any(), outputSchema: number, execute });
const addOne = async ({ inputData }) => ({ n: inputData.n + 1 });

function chainOf(steps) {
  let flow = createWorkflow({ id: `chain-${steps}`, inputSchema: number, outputSchema: number });
  for (let i = 0; i < steps; i++) flow = flow.then(step(`s${i}`, addOne));
  return flow.commit();
}

function fanOf(width) {
  const many = Array.from({ length: width }, (_, i) => step(`m${i}`, addOne));
  return createWorkflow({ id: `fan-${width}`, inputSchema: number, outputSchema: number })
    .then(step('first', addOne))
    .parallel(many)
    .then(step('join', async ({ inputData }) => ({ n: Object.keys(inputData).length })))
    .commit();
}

/** `memory` or `libsql`. */
export function open(mode, file) {
  const storage = mode === 'libsql' ? new LibSQLStore({ id: 'bench', url: `file:${file}` }) : undefined;
  const workflows = { chain10: chainOf(10), chain1: chainOf(1), fan: fanOf(1_000) };
  const mastra = new Mastra({ logger: false, workflows, ...(storage ? { storage } : {}) });
  const run = async (name, wanted) => {
    const started = await mastra.getWorkflow(name).createRun();
    const end = await started.start({ inputData: { n: 0 } });
    if (end.status !== 'success' || end.result.n !== wanted)
      throw new Error(`The run ended with ${JSON.stringify(end).slice(0, 500)}`);
  };
  return {
    chain: (steps) => run(`chain${steps}`, steps),
    fan: (width) => run('fan', width),
    durability: () => (mode === 'libsql' ? 'as it comes' : 'memory'),
    close: () => {},
  };
}

/** Snapshots of whole runs, written anew after each step: one row a run. */
export async function count(file) {
  const client = createClient({ url: `file:${file}` });
  const { rows } = await client.execute('select count(*) as n from mastra_workflow_snapshot');
  client.close();
  return Number(rows[0].n);
}
export const least = { chain: () => 1, fan: () => 1 };

// LangGraph.js: a graph of as many nodes as there are steps, each a function that adds one.
import { Annotation, END, MemorySaver, START, StateGraph } from '@langchain/langgraph';
import { SqliteSaver } from '@langchain/langgraph-checkpoint-sqlite';
import Database from 'better-sqlite3';

const State = Annotation.Root({
  n: Annotation(),
  // What many nodes write at once has to be joined.
  many: Annotation({ reducer: (all, more) => all + more, default: () => 0 }),
});
const addOne = ({ n }) => ({ n: n + 1 });

function chainGraph(steps, checkpointer) {
  const graph = new StateGraph(State);
  for (let i = 0; i < steps; i++) {
    graph.addNode(`s${i}`, addOne);
    graph.addEdge(i === 0 ? START : `s${i - 1}`, `s${i}`);
  }
  graph.addEdge(`s${steps - 1}`, END);
  return graph.compile({ checkpointer });
}

function fanGraph(width, checkpointer) {
  const graph = new StateGraph(State);
  graph.addNode('first', addOne);
  graph.addEdge(START, 'first');
  graph.addNode('join', () => ({}));
  for (let i = 0; i < width; i++) {
    graph.addNode(`m${i}`, () => ({ many: 1 }));
    graph.addEdge('first', `m${i}`);
    graph.addEdge(`m${i}`, 'join');
  }
  graph.addEdge('join', END);
  return graph.compile({ checkpointer });
}

/** `memory`, `sqlite` (as it comes) or `sqlite-full` (each checkpoint on disk before the next step). */
export function open(mode, file) {
  const saver = mode === 'memory' ? new MemorySaver() : SqliteSaver.fromConnString(file);
  if (mode !== 'memory') saver.setup();
  if (mode === 'sqlite-full') saver.db.pragma('synchronous = full');
  const graphs = new Map();
  let runs = 0;
  const run = async (name, make, steps) => {
    if (!graphs.has(name)) graphs.set(name, make());
    const config = { configurable: { thread_id: `t${++runs}` }, recursionLimit: steps + 10 };
    if (mode === 'sqlite-full') config.durability = 'sync';
    const end = await graphs.get(name).invoke({ n: 0 }, config);
    if (name.startsWith('chain') ? end.n !== steps : end.many !== steps - 2)
      throw new Error(`The run ended with ${JSON.stringify(end)}`);
  };
  return {
    chain: (steps) => run(`chain-${steps}`, () => chainGraph(steps, saver), steps),
    fan: (width) => run(`fan-${width}`, () => fanGraph(width, saver), width + 2),
    durability: () =>
      mode === 'memory'
        ? 'memory'
        : ['off', 'normal', 'full'][saver.db.pragma('synchronous', { simple: true })],
    close: () => saver.db?.close(),
  };
}

/** Checkpoints that a step left, counted by another connection. Steps that end together share one. */
export async function count(file) {
  const db = new Database(file, { readonly: true });
  const { n } = db
    .prepare('select count(*) as n from checkpoints where parent_checkpoint_id is not null')
    .get();
  db.close();
  return n;
}
export const least = { chain: (steps) => steps, fan: () => 3 };

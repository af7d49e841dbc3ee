import { dirname } from 'node:path';
import { createClient } from '../../src/client/client.ts';
import { openHost } from '../../src/host/open.ts';
import { serve } from '../../src/host/serve.ts';
import { type Built, builtTool, builtWorkflow } from '../../test/suites/client-components.ts';
import { soundly } from '../engine/ours.ts';

/** What a step is: a `set` node, or a call of a tool in a warm trusted child, or in the sandbox. */
export type Step = 'set' | 'node' | 'sandbox';

/**
 * ice as its users have it: the host with its worker, reached through the public client, in this process or over a
 * socket. The same functions as the engine driven directly, so both run the same workloads.
 */
export async function openPublic(
  file: string,
  durability: 'full' | 'normal',
  step: Step,
  { http = false }: { http?: boolean } = {},
) {
  const host = await openHost({
    cwd: dirname(file),
    database: file,
    durability,
    project: 'bench',
    local: true,
    log: ({ level, message, error }) => {
      if (level === 'error') console.error(message, error);
    },
  });
  // The limit of requests is there to stop loops; this is one.
  const serving = http ? await serve(host, { port: 0, limits: { requests: 10_000_000 } }) : undefined;
  if (!serving) host.startWorker();
  const client = createClient({
    baseUrl: serving?.url ?? 'http://ice.local',
    ...(serving ? {} : { fetch: host.fetch }),
    token: host.token,
    project: 'bench',
  });
  const push = async (built: Built): Promise<void> => {
    for (const [digest, bytes] of built.artifacts) await client.artifacts.put(digest, bytes);
    await client.pushes.create({ items: [built.item], dryRun: false });
  };
  if (step !== 'set') await push(addTool(step));

  const pushed = new Map<string, Promise<void>>();
  const run = async (name: string, document: () => object, pad = ''): Promise<void> => {
    let ready = pushed.get(name);
    if (!ready) {
      ready = push(builtWorkflow({ name, version: '1.0.0', ...document() }));
      pushed.set(name, ready);
    }
    await ready;
    const end = await client.runs.create({ ref: `workflow/${name}`, inputs: { n: 0, pad } }, { wait: 30 });
    if (end.state !== 'succeeded') throw new Error(`The run is ${end.state}: ${JSON.stringify(end.error)}`);
  };
  return {
    host,
    client,
    push,
    chain: (steps: number, pad: string) =>
      run(`chain-${steps}-${pad.length}`, () => chainOf(steps, pad !== '', step), pad),
    fan: (width: number) => run(`fan-${width}`, () => fanOf(width, step)),
    /** As the engine's own connection has it; fails when the file or a journal is not as it must be. */
    synchronous: async () => soundly((await host.stores.inspect())!),
    close: () => (serving ?? host).close(),
  };
}

export const addTool = (runtime: 'node' | 'sandbox'): Built =>
  builtTool('add', 'return input.pad ? { n: input.n + 1, pad: input.pad } : { n: input.n + 1 };', {
    runtime,
    input: {
      type: 'object',
      properties: { n: { type: 'integer' }, pad: { type: 'string' } },
      required: ['n'],
    },
    output: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] },
  });

const inputs = { n: { type: 'integer' }, pad: { type: 'string', default: '' } };

function node(id: string, before: string, step: Step, padded: boolean) {
  const pad = padded ? { pad: '{{ inputs.pad }}' } : {};
  return step === 'set'
    ? { id, type: 'set', values: { n: `{{ ${before} + 1 }}`, ...pad } }
    : { id, type: 'tool', tool: 'add', args: { n: `{{ ${before} }}`, ...pad } };
}

const chainOf = (steps: number, padded: boolean, step: Step) => ({
  inputs,
  nodes: Array.from({ length: steps }, (_, i) =>
    node(`s${i}`, i === 0 ? 'inputs.n' : `s${i - 1}.n`, step, padded),
  ),
  outputs: { n: `{{ s${steps - 1}.n }}` },
});

const fanOf = (width: number, step: Step) => {
  const many = Array.from({ length: width }, (_, i) => node(`m${i}`, 'first.n', step, false));
  const join = { id: 'join', type: 'set', values: { n: `{{ m${width - 1}.n }}` } };
  return {
    inputs,
    concurrency: 100,
    nodes: [node('first', 'inputs.n', step, false), ...many, { ...join, needs: many.map(({ id }) => id) }],
    outputs: { n: '{{ join.n }}' },
  };
};

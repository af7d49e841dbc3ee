import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Client } from '../../src/client/client.ts';
import { type NodeView, RunView, spentBy } from '../../src/contracts/run-view.ts';
import type { Host } from '../../src/host/open.ts';
import { builtWorkflow } from '../suites/client-components.ts';
import { type Act, type FakeProvider, startFakeProvider } from '../support/fake-providers/server.ts';
import { openShop } from '../support/local-host.ts';

/** What a run's view says it cost is what the run cost: over real runs, with a model that has a price. */

let folder: string;
let host: Host;
let client: Client;
let fake: FakeProvider;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ice-costs-'));
});
afterEach(async () => {
  await host.close();
  await fake.close();
  rmSync(folder, { recursive: true });
});

/** 19 tokens of one answer of the fake, at a dollar for a thousand of them. */
const ANSWER = 0.019;
const GOOD = { say: { text: '{"n":1}' } } satisfies Act;
const BAD = { say: { text: 'no JSON at all' } } satisfies Act;

async function viewOf(nodes: object[], act: (prompt: string, count: number) => Act) {
  const seen = new Map<string, number>();
  fake = await startFakeProvider('chat', ({ body }) => {
    const [first] = (body['messages'] as { role: string; content: string }[]).filter(
      ({ role }) => role === 'user',
    );
    const prompt = first!.content;
    seen.set(prompt, (seen.get(prompt) ?? 0) + 1);
    return act(prompt, seen.get(prompt)!);
  });
  writeFileSync(
    join(folder, 'prices.json'),
    JSON.stringify({ 'openai-compatible/*': { input: 1000, output: 1000 } }),
  );
  const env = { OPENAI_COMPATIBLE_BASE_URL: fake.url, ICE_MODEL_PRICES: join(folder, 'prices.json') };
  ({ host, client } = await openShop(folder, env));
  const { artifacts, item } = builtWorkflow({ name: 'paid', inputs: {}, nodes: nodes as never, outputs: {} });
  for (const [digest, bytes] of artifacts) await client.artifacts.put(digest, bytes);
  await client.pushes.create({ items: [item], dryRun: false });
  const { id } = await client.runs.create({ ref: 'workflow/paid', inputs: {} });
  await host.drive(id);
  const [run, { outline }] = await Promise.all([client.runs.get(id), client.runs.outline(id)]);
  const view = new RunView(outline);
  for (const event of await host.stores.runs.events('shop', id)) view.apply(event);
  const sum = view.nodes.reduce((total, node) => total + spentBy(node).cost, 0);
  return { run, view, sum };
}

const ask = (prompt: string, more: object = {}) => ({
  id: 'ask',
  type: 'llm',
  model: 'openai-compatible/some-model',
  prompt,
  output: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] },
  ...more,
});
const RETRY = { maxAttempts: 3, initial: '1ms', jitter: false };

test('attempts that failed after they were paid for are counted', async () => {
  // Each attempt may ask three times for an answer that fits: the first one never gets it.
  const { run, view, sum } = await viewOf([ask('Count', { retry: RETRY })], (_, count) =>
    count <= 3 ? BAD : GOOD,
  );
  expect(run.state).toBe('succeeded');
  expect(view.find('ask')).toMatchObject({ state: 'succeeded', attempt: 2 });
  expect(run.cost).toBeCloseTo(4 * ANSWER, 9);
  expect(view.cost).toBeCloseTo(run.cost, 9);
  expect(sum).toBeCloseTo(run.cost, 9);
  expect(view.usage).toEqual(run.usage);
});

test('after a retry of a loop each item is counted once, and everything that was paid stays counted', async () => {
  const items = Array.from({ length: 40 }, (_, i) => i);
  const { run, view, sum } = await viewOf(
    [
      {
        id: 'each',
        type: 'loop',
        items,
        concurrency: 40,
        retry: RETRY,
        body: [ask('Item {{ item }}')],
      },
    ],
    (prompt, count) => (Number(prompt.slice(5)) % 2 === 1 && count <= 3 ? BAD : GOOD),
  );
  expect(run.state).toBe('succeeded');
  const loop = view.find('each') as NodeView;
  expect(loop).toMatchObject({ state: 'succeeded', attempt: 2, done: 40, failed: 0 });
  expect(loop.children.every(({ state }) => state === 'succeeded')).toBe(true);
  expect(loop.folded + loop.children.length).toBe(40);
  expect(view.cost).toBeCloseTo(run.cost, 9);
  expect(sum).toBeCloseTo(run.cost, 9);
  expect(view.usage).toEqual(run.usage);
});

test('branches and a nested loop begin anew with the container that is tried again', async () => {
  const { run, view, sum } = await viewOf(
    [
      {
        id: 'both',
        type: 'parallel',
        retry: RETRY,
        branches: {
          left: [ask('left')],
          right: [
            { id: 'inner', type: 'loop', items: [1, 2], concurrency: 1, body: [ask('right {{ item }}')] },
          ],
        },
      },
    ],
    (prompt, count) => (prompt === 'right 2' && count <= 3 ? BAD : GOOD),
  );
  expect(run.state).toBe('succeeded');
  expect(view.find('both')).toMatchObject({ state: 'succeeded', attempt: 2 });
  expect(view.find('both.left')).toMatchObject({ state: 'succeeded' });
  expect(view.find('both.right')).toMatchObject({ state: 'succeeded' });
  expect(view.find('both.right.inner')).toMatchObject({ state: 'succeeded', done: 2, failed: 0 });
  expect(view.cost).toBeCloseTo(run.cost, 9);
  expect(sum).toBeCloseTo(run.cost, 9);
});

test('a run that fails has what it paid for', async () => {
  const { run, view, sum } = await viewOf([ask('Count', { retry: { ...RETRY, maxAttempts: 2 } })], () => BAD);
  expect(run.state).toBe('failed');
  expect(run.cost).toBeCloseTo(6 * ANSWER, 9);
  expect(view.cost).toBeCloseTo(run.cost, 9);
  expect(sum).toBeCloseTo(run.cost, 9);
});

import { expect, test } from 'vitest';
import { RunView, spentBy } from '../../src/contracts/run-view.ts';
import { Journal, SAMPLE_OUTLINE, sampleJournal } from '../support/journal.ts';

function viewOf(journal: Journal, outline = SAMPLE_OUTLINE): RunView {
  const view = new RunView(outline);
  for (const event of journal.events) view.apply(event);
  return view;
}

test('nodes, items and groups have the state that their events say', () => {
  const view = viewOf(sampleJournal());
  expect(view.state).toBe('running');
  expect(view.find('load')).toMatchObject({ state: 'succeeded', attempt: 1 });
  expect(view.find('priced')).toMatchObject({ state: 'running', items: 10, done: 3, failed: 1 });
  expect(view.find('priced[3]')).toMatchObject({ state: 'failed', type: 'item' });
  expect(view.find('priced[4].copy')?.state).toBe('running');
  expect(view.find('priced[5].price')).toMatchObject({ state: 'retrying', error: { code: 'tool_failed' } });
  expect(view.find('report')?.state).toBe('pending');
  expect(view.find('nowhere')).toBeUndefined();
  expect(view.find('priced[3].nowhere')).toBeUndefined();
});

test('usage and cost are the sum of the nodes, and steps are not counted twice', () => {
  const view = viewOf(sampleJournal());
  expect(view.usage).toEqual({ inputTokens: 1200, outputTokens: 300 });
  expect(view.cost).toBeCloseTo(0.0015, 10);

  const agent = new Journal()
    .add('node.started', {}, { path: 'ask', attempt: 1 })
    .add(
      'node.step',
      {
        index: 0,
        kind: 'model',
        name: 'm',
        result: null,
        usage: { inputTokens: 5, outputTokens: 5 },
        cost: 0.1,
      },
      { path: 'ask' },
    )
    .add('node.step', { index: 1, kind: 'tool', name: 't', result: null }, { path: 'ask' });
  const asked = viewOf(agent, [{ id: 'ask', type: 'agent' }]);
  expect(asked.cost).toBeCloseTo(0.1);
  for (const event of agent
    .add('node.succeeded', { usage: { inputTokens: 9, outputTokens: 9 }, cost: 0.2 }, { path: 'ask' })
    .events.slice(-1))
    asked.apply(event);
  expect(asked.cost).toBeCloseTo(0.2);
  expect(asked.usage).toEqual({ inputTokens: 9, outputTokens: 9 });
});

test('what the items of a wide loop spent stays in its sum when they fold', () => {
  const journal = new Journal().add('node.started', { items: 100 }, { path: 'l' });
  for (let i = 0; i < 100; i++)
    journal
      .add('node.started', {}, { path: `l[${i}].ask`, attempt: 1 })
      .add(
        'node.succeeded',
        { usage: { inputTokens: 8, outputTokens: 2 }, cost: 0.01 },
        { path: `l[${i}].ask` },
      );
  const view = viewOf(journal, [
    { id: 'l', type: 'loop', lists: { body: [{ id: 'ask', type: 'llm', label: 'echo/default' }] } },
  ]);
  const loop = view.find('l')!;
  expect(loop.folded).toBeGreaterThan(50);
  expect(spentBy(loop).tokens).toBe(1000);
  expect(spentBy(loop).cost).toBeCloseTo(1, 8);
});

test('the clock of a paused run stands still, and goes on when it is resumed', () => {
  const journal = sampleJournal().add('run.paused', { reason: 'asked' }, { after: 100 });
  const view = viewOf(journal);
  expect(view.clock(journal.now + 60_000)).toBe(journal.now);
  journal.add('run.resumed', { by: 'me' }, { after: 60_000 });
  for (const event of journal.events) view.apply(event);
  expect(view.clock(journal.now + 5)).toBe(journal.now + 5);
});

test('an event that comes twice changes nothing', () => {
  const journal = sampleJournal();
  const view = viewOf(journal);
  for (const event of journal.events) expect(view.apply(event)).toBeUndefined();
  expect(view.cost).toBeCloseTo(0.0015, 10);
});

test('a failure that nothing handled ends its item; one that onError handled does not', () => {
  const outline = [
    {
      id: 'l',
      type: 'loop',
      lists: {
        body: [
          { id: 'a', type: 'tool' },
          { id: 'b', type: 'set' },
        ],
      },
    },
  ];
  const error = { code: 'tool_failed', message: 'no' };
  const bad = viewOf(
    new Journal()
      .add('node.started', { items: 1 }, { path: 'l' })
      .add('node.failed', { error }, { path: 'l[0].a' }),
    outline,
  );
  expect(bad.find('l')).toMatchObject({ done: 0, failed: 1 });
  const handled = new Journal()
    .add('node.started', { items: 1 }, { path: 'l' })
    .add('node.failed', { error, handled: true }, { path: 'l[0].a' });
  expect(viewOf(handled, outline).find('l')).toMatchObject({ done: 0, failed: 0 });
  expect(viewOf(handled.add('node.succeeded', {}, { path: 'l[0].b' }), outline).find('l')).toMatchObject({
    done: 1,
    failed: 0,
  });
});

test('a condition shows which list was taken', () => {
  const view = viewOf(
    new Journal()
      .add('node.started', { branch: 'else' }, { path: 'check' })
      .add('node.succeeded', {}, { path: 'check.else.calm' })
      .add('node.succeeded', { derived: true }, { path: 'check' }),
  );
  expect(view.find('check')).toMatchObject({ state: 'succeeded', branch: 'else' });
  expect(view.find('check.then')?.state).toBe('skipped');
  expect(view.find('check.else')?.state).toBe('succeeded');
});

test('ten thousand items fold: what is kept does not grow with them', () => {
  const view = new RunView(SAMPLE_OUTLINE);
  const journal = new Journal().add('node.started', { items: 10_000 }, { path: 'priced' });
  for (let i = 0; i < 10_000; i++) {
    const failed = i % 7 === 0;
    if (failed)
      journal.add('node.failed', { error: { code: 'x', message: 'y' } }, { path: `priced[${i}].price` });
    else
      journal
        .add('node.succeeded', {}, { path: `priced[${i}].price` })
        .add('node.succeeded', {}, { path: `priced[${i}].copy` });
  }
  for (const event of journal.events) view.apply(event);
  const loop = view.find('priced')!;
  expect(loop.done + loop.failed).toBe(10_000);
  expect(loop.failed).toBe(Math.ceil(10_000 / 7));
  expect(loop.children.length).toBeLessThanOrEqual(24);
  expect(loop.folded + loop.children.length).toBe(10_000);
  expect(view.logs.length).toBeLessThanOrEqual(1000);
});

test('streamed text keeps its end, and goes when the attempt ends', () => {
  const view = viewOf(sampleJournal());
  for (let i = 0; i < 100; i++) view.delta({ path: 'priced[4].copy', attempt: 1, text: `word ${i} ` });
  expect(view.find('priced[4].copy')!.text).toMatch(/word 99 $/);
  expect(view.find('priced[4].copy')!.text!.length).toBeLessThanOrEqual(600);
  const journal = sampleJournal();
  view.apply({ ...journal.add('node.succeeded', {}, { path: 'priced[4].copy' }).events.at(-1)!, seq: 1000 });
  expect(view.find('priced[4].copy')!.text).toBeUndefined();
});

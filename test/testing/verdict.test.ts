import { describe, expect, test } from 'vitest';
import { IceError } from '../../src/contracts/errors.ts';
import type { TestCase } from '../../src/contracts/tests.ts';
import { testCaseSchema } from '../../src/contracts/tests.ts';
import type { Models } from '../../src/models/port.ts';
import type { Observed } from '../../src/testing/observed.ts';
import { isMissed, meansOf } from '../../src/testing/report.ts';
import { judgeCase } from '../../src/testing/verdict.ts';

const observed = (more: Partial<Observed> = {}): Observed => ({
  id: 'run_1',
  state: 'succeeded',
  inputs: { cost: 10 },
  outputs: { price: 12.5, text: 'A Kettle for 12.50' },
  usage: { inputTokens: 3, outputTokens: 4 },
  cost: 0.002,
  durationMs: 7,
  events: [],
  ...more,
});
const failed = (code: string, message: string, path?: string) =>
  observed({ state: 'failed', outputs: {}, error: { code, message, ...(path ? { path } : {}) } });

/** A judge that gives the scores in turn, and keeps what it was asked. */
function judgeOf(...scores: unknown[]): Models & { asked: string[] } {
  const asked: string[] = [];
  return {
    asked,
    generate: async (model, { messages }) => {
      asked.push(messages.map((message) => String(message.content)).join('\n'));
      const usage = { inputTokens: 1, outputTokens: 1 };
      const object = { score: scores.shift() as number, reason: 'because' };
      return { text: '', object, usage, finishReason: 'stop', model, cost: 0.001 };
    },
  };
}

const judge = (
  one: Partial<TestCase>,
  seen = observed(),
  { models = judgeOf(), misses = [] as IceError[], scorers = [] as TestCase['scorers'] } = {},
) =>
  judgeCase({ scorers }, testCaseSchema.parse({ name: 'one', ...one }), seen, {
    models: async () => models,
    project: 'p',
    signal: new AbortController().signal,
    misses,
  });
const messages = async (...args: Parameters<typeof judge>) =>
  (await judge(...args)).problems.map((problem) => problem.message);

describe('how the run ended', () => {
  test('a case that expects nothing has to succeed', async () => {
    expect((await judge({})).state).toBe('passed');
    expect(await messages({}, failed('tool_failed', 'no', 'price'))).toEqual(['price: tool_failed: no']);
    expect(await messages({}, observed({ state: 'waiting' }))).toEqual([
      'The run waits for somebody, and a test has nobody',
    ]);
  });

  test('an expected error: code, a part of the message, the node', async () => {
    const run = failed('tool_failed', 'Line 2: a cell is open', 'load');
    expect(await messages({ error: 'tool_failed' }, run)).toEqual([]);
    expect(await messages({ error: { code: 'tool_failed', message: 'Line 2', path: 'load' } }, run)).toEqual(
      [],
    );
    expect(await messages({ error: { code: 'tool_failed', message: 'Line 3', path: 'read' } }, run)).toEqual([
      'The message of the error lacks "Line 3": Line 2: a cell is open',
      'load failed, expected read',
    ]);
    expect(await messages({ error: 'timeout' }, run)).toEqual([
      'The run failed with tool_failed, expected timeout: Line 2: a cell is open',
    ]);
    expect(await messages({ error: 'timeout' })).toEqual([
      'The run has succeeded, and was expected to fail with timeout',
    ]);
  });

  test('inputs that are refused are an error like any other', async () => {
    const refused = { ...failed('input_invalid', 'inputs.cost is missing'), state: 'refused' as const };
    expect(await messages({ error: 'input_invalid' }, refused)).toEqual([]);
  });

  test('what no recording answered is what is wrong, whatever the run made of it', async () => {
    const miss = new IceError('cassette_miss', 'not there', { hint: 'Record' });
    const verdict = await judge({ error: 'tool_failed' }, failed('tool_failed', 'caught'), {
      misses: [miss],
    });
    expect(verdict.problems).toEqual([
      { kind: 'cassette_miss', message: 'cassette_miss: not there', hint: 'Record' },
    ]);
    expect((await judge({}, observed(), { misses: [miss] })).state).toBe('failed');
  });
});

describe('assertions', () => {
  test('read inputs, outputs, the run and its nodes', async () => {
    const events = [
      { type: 'node.succeeded', path: 'load', data: { result: { rows: [1, 2] } } },
      { type: 'node.skipped', path: 'alert', data: { reason: 'condition' } },
      {
        type: 'node.failed',
        path: 'rate',
        data: { error: { code: 'timeout', message: 'x' }, handled: true },
      },
      { type: 'node.succeeded', path: 'loop[0].load', data: { result: 'nested' } },
    ].map((event, i) => ({ v: 1, seq: i + 1, ts: 0, runId: 'run_1', ...event })) as Observed['events'];
    expect(
      await messages(
        {
          assert: [
            '{{ outputs.price > inputs.cost }}',
            '{{ size(load.rows) == 2 }}',
            "{{ nodes.alert.state == 'skipped' }}",
            "{{ nodes.rate.error.code == 'timeout' }}",
            "{{ run.state == 'succeeded' && run.cost < 0.01 && run.usage.outputTokens == 4 }}",
          ],
        },
        observed({ events }),
      ),
    ).toEqual([]);
  });

  test('say what they read when they fail, and why they have no value', async () => {
    expect(await messages({ assert: ['{{ outputs.price > 20 }}'] })).toEqual([
      '{{ outputs.price > 20 }} is false, with outputs.price = 12.5',
    ]);
    const [message] = await messages({ assert: ['{{ outputs.prise > 20 }}'] });
    expect(message).toMatch(/^\{\{ outputs\.prise > 20 \}\} has no value: /);
    // Only true is true.
    expect(await messages({ assert: ['{{ outputs.text }}'] })).toHaveLength(1);
  });
});

describe('scores', () => {
  const of = '{{ outputs.text }}';

  test('exact, contains and schema are right or wrong unless a threshold says otherwise', async () => {
    const scores = async (scorer: object) => {
      const { state, scores: all } = await judge({ scorers: [{ of, ...scorer }] as TestCase['scorers'] });
      return [state, all[0]!.score];
    };
    expect(await scores({ exact: 'A Kettle for 12.50' })).toEqual(['passed', 1]);
    expect(await scores({ exact: 'A kettle' })).toEqual(['missed', 0]);
    expect(await scores({ contains: ['Kettle', 'kettle'] })).toEqual(['missed', 0.5]);
    expect(await scores({ contains: ['Kettle', 'kettle'], threshold: 0.5 })).toEqual(['passed', 0.5]);
    expect(await scores({ contains: ['kettle', 'FOR'], ignoreCase: true })).toEqual(['passed', 1]);
    expect(await scores({ schema: { type: 'string', maxLength: 5 } })).toEqual(['missed', 0]);
    // All outputs, when nothing is named.
    expect(await scores({ of: undefined, contains: '"price":12.5' })).toEqual(['passed', 1]);
  });

  test('a judge is given the criteria and the answer, which is marked as no more than that', async () => {
    const models = judgeOf(0.9, 0.5);
    const scorer = { of, judge: { model: 'a/b', prompt: 'Names {{ inputs.cost }}?' } };
    const good = await judge({ scorers: [scorer] }, observed(), { models });
    expect(good).toMatchObject({ state: 'passed', scores: [{ score: 0.9, why: 'because', threshold: 0.7 }] });
    expect(models.asked[0]).toContain('Criteria:\nNames 10?\n\n<answer>\nA Kettle for 12.50\n</answer>');
    const bad = await judge({ scorers: [scorer] }, observed(), { models });
    expect(bad).toMatchObject({ state: 'missed', scores: [{ score: 0.5, met: false }] });
  });

  test('a judge that gives no score fails the case', async () => {
    for (const score of [undefined, 2, 'much', Number.NaN])
      expect(
        await messages({ scorers: [{ judge: { model: 'a/b', prompt: 'Good?' } }] }, observed(), {
          models: judgeOf(score),
        }),
      ).toEqual(['output_invalid: The judge a/b gave no score from 0 to 1']);
  });

  test('the threshold of a case is for the mean of the scorers without one', async () => {
    const scorers = [
      { of, contains: 'Kettle' },
      { of, contains: 'pot' },
      { of, contains: 'for', threshold: 1 },
    ];
    expect((await judge({ scorers, threshold: 0.5 })).state).toBe('passed');
    const missed = await judge({ scorers, threshold: 0.6 });
    expect(missed.state).toBe('missed');
    expect(missed.scores.at(-1)).toMatchObject({ scorer: 'the mean of the scorers', score: 0.5, met: false });
  });

  test('a scorer of the file counts over its cases; those that expect an error have no part in it', async () => {
    const scorers = [
      { name: 'names it', of, contains: 'Kettle', threshold: 2 / 3 },
    ] as unknown as TestCase['scorers'];
    const verdicts = await Promise.all([
      judge({}, observed(), { scorers }),
      judge({}, observed(), { scorers }),
      judge({}, failed('tool_failed', 'no'), { scorers }),
    ]);
    expect(verdicts.map((one) => one.state)).toEqual(['passed', 'passed', 'failed']);
    const file = { test: 't', run: 'r', scorers, cases: [] };
    const [mean] = meansOf(file, 't.test.yaml', [...verdicts, null]);
    expect(mean).toMatchObject({ scorer: 'names it', score: 2 / 3, cases: 3 });
    expect(isMissed(mean!)).toBe(false);
    expect(isMissed(meansOf(file, 't.test.yaml', verdicts.slice(1))[0]!)).toBe(true);
  });
});

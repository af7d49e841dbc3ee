import { describe, expect, test } from 'vitest';
import { IceError } from '../../src/contracts/errors.ts';
import type { Json } from '../../src/contracts/json.ts';
import type { EffectConfig, Plan, PlanComponent } from '../../src/contracts/plan.ts';
import type { Attempt, Call, CallEnd, Effect, Step, ThreadStore } from '../../src/engine/ports.ts';
import { createModels } from '../../src/models/models.ts';
import type { ModelRequest, Models } from '../../src/models/port.ts';
import { createEchoProvider } from '../../src/models/providers/echo.ts';
import { createAgentEffect } from '../../src/nodes/agent.ts';
import { checkSchema } from '../models/check-schema.ts';
import { attemptOf, type RecordedAttempt } from './attempt.ts';

const digest = (n: number) => `sha256:${String(n).repeat(64)}`;
const component = (
  name: string,
  kind: 'tool' | 'workflow' = 'tool',
  description?: string,
): PlanComponent => ({
  ref: `${name}@1.0.0`,
  ...(description === undefined ? {} : { description }),
  manifest: {
    kind,
    name,
    input: { type: 'object', required: ['cost'], properties: { cost: { type: 'number' } } },
    output: {},
    permissions: { net: [], secrets: [], limits: {} },
    runtime: 'sandbox',
    entry: digest(9),
  },
});
const components = {
  [digest(1)]: component('price', 'tool', 'Prices an item'),
  [digest(2)]: component('std/stock'),
  [digest(3)]: component('report', 'workflow'),
};
const tools = { price: digest(1), 'std/stock': digest(2) };
const plan = { digest: digest(0), components } as unknown as Plan;

const call = (name: string, input: Json) => ({ toolCalls: [{ name, input }] });

/** An agent over echo, and everything that was asked of its model and its tools. */
function agentOf(
  tool: (attempt: Attempt) => Json | Promise<Json> = () => ({ price: 12.5 }),
  threads?: ThreadStore,
) {
  const asked: Omit<ModelRequest, 'model'>[] = [];
  const called: Attempt[] = [];
  const echo = createModels({ providers: [createEchoProvider({ checkSchema })], checkSchema });
  const models: Models = {
    generate: (model, request) => {
      asked.push(request);
      return echo.generate(model, request);
    },
    price: (model) => echo.price!(model),
  };
  const effect = createAgentEffect({
    models,
    tool: async (attempt) => {
      called.push(attempt);
      return { result: await tool(attempt) };
    },
    ...(threads ? { threads } : {}),
  });
  const run = (
    script: Json[],
    config: EffectConfig = {},
    more: Partial<Attempt> = {},
    args: { [key: string]: Json } = {},
  ) => {
    const node = { type: 'agent' as const, config: { model: 'echo/script', tools, ...config } };
    const attempt = attemptOf(node, { input: 'How much?', script, ...args }, { plan, ...more });
    return { attempt, done: effect(attempt) };
  };
  return { run, asked, called, effect };
}

test('calls tools until it answers; each call is a journalled step', async () => {
  const { run, asked, called } = agentOf();
  const { attempt, done } = run(
    [call('price', { cost: 10 }), call('std_stock', { cost: 1 }), 'It is 12.50'],
    {},
    {},
    { system: 'Be exact' },
  );
  const { result, cost, usage, model } = await done;
  expect(result).toMatchObject({ text: 'It is 12.50', model: 'echo/script', steps: 3 });
  expect(attempt.journal.map((step) => `${step.kind} ${step.name}`)).toEqual([
    'model echo/script',
    'tool price',
    'model echo/script',
    'tool std_stock',
    'model echo/script',
  ]);
  expect(called.map((each) => [each.node.config.component, each.args, each.idempotencyKey])).toEqual([
    [digest(1), { cost: 10 }, `${attempt.idempotencyKey}:2`],
    [digest(2), { cost: 1 }, `${attempt.idempotencyKey}:4`],
  ]);
  // What a model writes grants nothing: the templates of the call are empty.
  expect(called.every((each) => JSON.stringify(each.node.args) === '{}')).toBe(true);
  expect(asked[0]!.tools).toEqual([
    { name: 'price', description: 'Prices an item', input: components[digest(1)]!.manifest.input },
    { name: 'std_stock', description: 'std/stock@1.0.0', input: components[digest(2)]!.manifest.input },
  ]);
  expect(asked[2]!.messages).toEqual([
    { role: 'system', content: 'Be exact' },
    { role: 'user', content: 'How much?' },
    { role: 'assistant', content: '', toolCalls: [{ id: 'call_1_1', name: 'price', input: { cost: 10 } }] },
    { role: 'tool', toolCallId: 'call_1_1', name: 'price', content: { price: 12.5 } },
    {
      role: 'assistant',
      content: '',
      toolCalls: [{ id: 'call_2_1', name: 'std_stock', input: { cost: 1 } }],
    },
    { role: 'tool', toolCallId: 'call_2_1', name: 'std_stock', content: { price: 12.5 } },
  ]);
  const sum = attempt.journal.reduce((total, step) => total + (step.cost ?? 0), 0);
  expect(cost).toBeCloseTo(sum, 12);
  expect(usage!.inputTokens).toBe(attempt.journal.reduce((n, step) => n + (step.usage?.inputTokens ?? 0), 0));
  expect(model).toBe('echo/script');
});

describe('after a crash', () => {
  const script = [
    call('price', { cost: 10 }),
    {
      toolCalls: [
        { name: 'price', input: { cost: 1 } },
        { name: 'std_stock', input: { cost: 2 } },
      ],
    },
    'Done',
  ];

  test('at any step, what is journalled is neither made nor paid again, and the end is the same', async () => {
    const whole = agentOf().run(script);
    const expected = await whole.done;
    const steps = whole.attempt.journal;
    expect(steps).toHaveLength(6);
    for (let kept = 0; kept <= steps.length; kept++) {
      const { run, asked, called } = agentOf();
      // Through JSON, as the journal gives them back.
      const journalled = JSON.parse(JSON.stringify(steps.slice(0, kept))) as Step[];
      const { attempt, done } = run(script, {}, { steps: journalled, attempt: 1 });
      expect(await done).toEqual(expected);
      const count = (list: Step[], kind: string) => list.filter((step) => step.kind === kind).length;
      expect(asked).toHaveLength(count(steps, 'model') - count(journalled, 'model'));
      expect(called).toHaveLength(count(steps, 'tool') - count(journalled, 'tool'));
      expect([...journalled, ...attempt.journal]).toEqual(steps);
      // A tool that was in flight when its worker died is called again under the same key.
      const keys = called.map((each) => each.idempotencyKey);
      expect(keys).toEqual(
        steps.flatMap((step, i) =>
          step.kind === 'tool' && i >= kept ? [`${attempt.idempotencyKey}:${i + 1}`] : [],
        ),
      );
    }
  });

  test('a retried failure goes on where it failed', async () => {
    const failing = [call('price', { cost: 10 }), { error: { message: 'Busy' } }, 'At last'];
    const first = agentOf().run(failing);
    await expect(first.done).rejects.toMatchObject({
      code: 'provider_failed',
      details: { cost: expect.any(Number) },
    });
    const second = agentOf();
    const { done } = second.run(failing, {}, { attempt: 2, steps: first.attempt.journal });
    expect((await done).result).toMatchObject({ text: 'At last', steps: 2 });
    expect(second.called).toHaveLength(0);
  });
});

describe('what goes wrong with a tool is told to the model', () => {
  const lastTold = async (run: ReturnType<typeof agentOf>, name: string, input: Json) => {
    const { attempt, done } = run.run([call(name, input), 'Sorry']);
    await done;
    return attempt.journal[1]!.result;
  };

  test.each([
    ['input_invalid', 'must have cost'],
    ['tool_failed', 'It threw'],
    ['tool_denied', 'No network'],
    ['output_invalid', 'Wrong shape'],
  ] as const)('%s', async (code, message) => {
    const agent = agentOf(() => Promise.reject(new IceError(code, message)));
    expect(await lastTold(agent, 'price', {})).toEqual({ error: { code, message } });
    expect(agent.asked[1]!.messages.at(-1)).toMatchObject({ role: 'tool', content: { error: { code } } });
  });

  test('an unknown tool, and arguments that are no object', async () => {
    const agent = agentOf();
    expect(await lastTold(agent, 'prize', {})).toEqual({
      error: { code: 'not_found', message: 'There is no tool prize. The tools are price, std_stock.' },
    });
    expect(await lastTold(agent, 'price', 'cost: 10')).toMatchObject({ error: { code: 'input_invalid' } });
    expect(agent.called).toHaveLength(0);
  });

  test('a huge result is cut', async () => {
    const result = await lastTold(
      agentOf(() => 'x'.repeat(1_000_000)),
      'price',
      {},
    );
    expect(JSON.stringify(result).length).toBeLessThan(70_000);
  });
});

test('what no model can mend ends the attempt', async () => {
  const lost = new IceError('lease_lost', 'Another worker drives this run');
  const noSecret = new IceError('secret_missing', 'KEY is not set', { terminal: true });
  await expect(
    agentOf(() => Promise.reject(noSecret)).run([call('price', {}), 'x']).done,
  ).rejects.toMatchObject({ code: 'secret_missing' });
  const step = () => Promise.reject(lost);
  await expect(agentOf().run(['x'], {}, { step }).done).rejects.toBe(lost);
});

test('a tool is stopped with its attempt', async () => {
  const stop = new AbortController();
  const { run } = agentOf((attempt) => {
    stop.abort(new IceError('run_cancelled', 'Cancelled'));
    attempt.signal.throwIfAborted();
    return null;
  });
  await expect(run([call('price', {}), 'x'], {}, { signal: stop.signal }).done).rejects.toMatchObject({
    code: 'run_cancelled',
  });
});

describe('limits', () => {
  const endless = Array.from({ length: 50 }, () => call('price', { cost: 1 }));

  test('maxSteps counts model calls; 10 unless said', async () => {
    for (const [config, calls] of [
      [{}, 10],
      [{ maxSteps: 3 }, 3],
    ] as const) {
      const { run, asked } = agentOf();
      await expect(run(endless, config).done).rejects.toMatchObject({ code: 'max_steps', terminal: true });
      expect(asked).toHaveLength(calls);
    }
  });

  test('maxCost stops before it is passed, and counts what earlier attempts spent', async () => {
    const { run } = agentOf();
    const first = run(endless, { maxSteps: 50, maxCost: 0.002 });
    await expect(first.done).rejects.toMatchObject({ code: 'budget_exceeded', terminal: true });
    const spent = first.attempt.journal.reduce((sum, step) => sum + (step.cost ?? 0), 0);
    expect(spent).toBeGreaterThan(0.0015);
    expect(spent).toBeLessThanOrEqual(0.002);
    const again = run(endless, { maxSteps: 50, maxCost: 0.002 }, { steps: first.attempt.journal });
    await expect(again.done).rejects.toMatchObject({ code: 'budget_exceeded' });
    expect(again.attempt.journal).toEqual([]);
  });

  test("the run's budget is counted without what earlier attempts took off it", async () => {
    const one = agentOf().run(['Answer']);
    await one.done;
    const left = one.attempt.journal[0]!.cost!;
    const { run } = agentOf();
    const steps = [
      {
        ...one.attempt.journal[0]!,
        result: {
          text: '',
          toolCalls: [{ id: '1', name: 'price', input: {} }],
          model: 'echo/script',
          finishReason: 'tool-calls',
        },
      },
    ];
    await run(['spent', 'Answer'], {}, { steps, budgetLeft: left * 3 }).done;
  });
});

test('output gives an object at the end', async () => {
  const output = { type: 'object', required: ['price'], properties: { price: { type: 'number' } } };
  const { effect } = agentOf();
  const node = { type: 'agent' as const, output, config: { model: 'echo/script', tools } };
  const script = [call('price', { cost: 10 }), 'not JSON', { object: { price: 12.5 } }];
  const attempt = attemptOf(node, { input: { item: 'cup' }, script }, { plan });
  // The first answer is mended within its step, so the conversation has one turn less than the model had calls.
  expect((await effect(attempt)).result).toMatchObject({ object: { price: 12.5 }, steps: 2 });
  expect(attempt.journal).toHaveLength(3);
});

describe('memory', () => {
  function conversations(): ThreadStore & { kept: Map<string, { turn: string; messages: Json[] }[]> } {
    const kept = new Map<string, { turn: string; messages: Json[] }[]>();
    return {
      kept,
      read: async (project, thread, except) =>
        (kept.get(`${project}/${thread}`) ?? [])
          .filter((each) => each.turn !== except)
          .flatMap((each) => each.messages),
      append: async (project, thread, turn, messages) => {
        const turns = (kept.get(`${project}/${thread}`) ?? []).filter((each) => each.turn !== turn);
        kept.set(`${project}/${thread}`, [...turns, { turn, messages }]);
      },
    };
  }

  test('of a run and of a named thread', async () => {
    const threads = conversations();
    const { run, asked } = agentOf(undefined, threads);
    await run(['Nice to meet you'], { memory: 'run' }, { idempotencyKey: 'r1:a' }, { input: 'I am Ann' })
      .done;
    await run(['You are Ann'], { memory: 'run' }, { idempotencyKey: 'r1:b' }, { input: 'Who am I?' }).done;
    expect(asked[1]!.messages.slice(0, 3).map((message) => message.content)).toEqual([
      'I am Ann',
      'Nice to meet you',
      'Who am I?',
    ]);
    await run(['x'], { memory: 'thread' }, { idempotencyKey: 'r2:a' }, { thread: 'ann' }).done;
    expect([...threads.kept.keys()]).toEqual(['demo/run:run_00000000000000000000000000', 'demo/thread:ann']);
  });

  test('an attempt that is made again does not remember itself', async () => {
    const threads = conversations();
    const { run } = agentOf(undefined, threads);
    const first = run(['Hello'], { memory: 'run' });
    await first.done;
    const again = agentOf(undefined, threads);
    await again.run(['Hello'], { memory: 'run' }).done;
    expect(again.asked[0]!.messages).toHaveLength(1);
    expect([...threads.kept.values()][0]).toHaveLength(1);
  });

  test('needs a store, and a thread needs a name', async () => {
    await expect(agentOf().run(['x'], { memory: 'run' }).done).rejects.toMatchObject({
      code: 'not_implemented',
    });
    await expect(
      agentOf(undefined, conversations()).run(['x'], { memory: 'thread' }).done,
    ).rejects.toMatchObject({ code: 'input_invalid' });
  });
});

describe('a workflow among the tools', () => {
  const withReport = { tools: { report: digest(3) } };
  const script = [call('report', { cost: 10 }), call('report', { cost: 'much' }), 'Done'];
  const spent = { usage: { inputTokens: 100, outputTokens: 10 }, cost: 0.5 };
  const calls = (end: Partial<CallEnd>) => {
    const made: Call[] = [];
    return {
      made,
      call: async (asked: Call): Promise<CallEnd> => {
        made.push(asked);
        return { ...spent, ...end };
      },
    };
  };

  test('is called in the run; what it spent is counted in the result, and not a second time', async () => {
    const { made, call: engine } = calls({ result: { total: 3 } });
    const { attempt, done } = agentOf().run(script, withReport, { call: engine });
    const { result, cost, usage } = await done;
    expect(made).toEqual([
      {
        step: 1,
        name: 'report',
        kind: 'workflow',
        ref: 'report@1.0.0',
        workflow: digest(3),
        inputs: { cost: 10 },
      },
    ]);
    const [, first, , second] = attempt.journal;
    expect(first).toEqual({ kind: 'tool', name: 'report', result: { total: 3 }, within: spent });
    // What does not match its inputs starts nothing.
    expect(second!.result).toMatchObject({ error: { code: 'input_invalid' } });
    const models = attempt.journal.reduce((sum, step) => sum + (step.cost ?? 0), 0);
    expect(cost).toBeCloseTo(models, 9);
    expect(result).toMatchObject({ text: 'Done', cost: expect.closeTo(models + 0.5, 9) });
    expect((result as { usage: { inputTokens: number } }).usage.inputTokens).toBe(usage!.inputTokens + 100);
  });

  test('counts toward the budget of the agent', async () => {
    const { call: engine } = calls({ result: {} });
    const { done } = agentOf().run(script, { ...withReport, maxCost: 0.4 }, { call: engine });
    await expect(done).rejects.toMatchObject({ code: 'budget_exceeded', terminal: true });
  });

  test.each(['tool_failed', 'provider_failed', 'budget_exceeded', 'deadline_exceeded'])(
    'that fails with %s is an answer to the model',
    async (code) => {
      const { call: engine } = calls({ error: { code, message: 'It did not go' } });
      const { attempt, done } = agentOf().run(script, withReport, { call: engine });
      await done;
      expect(attempt.journal[1]!.result).toEqual({ error: { code, message: 'It did not go' } });
    },
  );

  test.each(['secret_missing', 'cassette_miss', 'max_crashes'])(
    'that fails with %s ends the agent: no model can mend it',
    async (code) => {
      const { call: engine } = calls({ error: { code, message: 'It can not go' } });
      const { done } = agentOf().run(script, withReport, { call: engine });
      await expect(done).rejects.toMatchObject({ code, message: 'report@1.0.0: It can not go' });
    },
  );
});

test('two names that a model cannot tell apart get different ones', async () => {
  const { run, asked } = agentOf();
  await run(['x'], { tools: { 'std/stock': digest(2), std_stock: digest(1) } }).done;
  expect(asked[0]!.tools!.map((tool) => tool.name)).toEqual(['std_stock', 'std_stock_2']);
});

// The type of the effect is the engine's: this keeps the two in step.
const _effect: Effect = agentOf().effect;
const _attempt: (attempt: RecordedAttempt) => unknown = _effect;

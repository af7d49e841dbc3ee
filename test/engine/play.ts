import type { AnyRunEvent } from '../../src/contracts/events.ts';
import { newId } from '../../src/contracts/ids.ts';
import type { JsonObject } from '../../src/contracts/json.ts';
import type { Plan } from '../../src/contracts/plan.ts';
import { createEngine, type EngineOptions } from '../../src/engine/engine.ts';
import type { Attempt, AttemptResult, Effects, RunStore } from '../../src/engine/ports.ts';
import { createMemoryRuns } from '../../src/stores/memory.ts';

/** What an effect of a test does, given its attempt. */
export type TestEffect = (attempt: Attempt) => Promise<AttemptResult> | AttemptResult;

export const echo: TestEffect = (attempt) => ({ result: attempt.args });

export const effectsOf = (effect: TestEffect): Effects => {
  const run = async (attempt: Attempt): Promise<AttemptResult> => effect(attempt);
  return { tool: run, llm: run, agent: run, code: run };
};

let plans = 0;
const digests = new WeakMap<Plan, string>();
export function digestOf(plan: Plan): string {
  let digest = digests.get(plan);
  if (!digest) {
    plans += 1;
    digest = `sha256:plan-${plans}`;
    digests.set(plan, digest);
  }
  return digest;
}

export function request(plan: Plan, inputs: JsonObject = {}, id = newId('run')) {
  return {
    project: 'demo',
    id,
    plan,
    planDigest: digestOf(plan),
    contentHash: `${digestOf(plan)} ${JSON.stringify(inputs)}`,
    inputs,
    createdBy: 'tester',
  };
}

export function engineOf(store: RunStore, effect: TestEffect = echo, options: Partial<EngineOptions> = {}) {
  return createEngine({
    store,
    effects: effectsOf(effect),
    checkSchema: () => undefined,
    workerId: 'w1',
    ...options,
  });
}

export interface Played {
  state: string;
  outputs: JsonObject | undefined;
  error: { code: string; message: string } | undefined;
  failedPath: string | undefined;
  handledFailures: string[] | undefined;
  events: AnyRunEvent[];
  /** `type path#attempt` of each event. */
  story: string[];
}

export const storyOf = (events: AnyRunEvent[]): string[] =>
  events.map((event) =>
    [event.type, event.path && `${event.path}${event.attempt ? `#${event.attempt}` : ''}`]
      .filter(Boolean)
      .join(' '),
  );

/** Runs a plan to its end in this process. */
export async function play(
  plan: Plan,
  {
    inputs = {},
    effect = echo,
    store = createMemoryRuns(),
    options = {},
  }: {
    inputs?: JsonObject;
    effect?: TestEffect;
    store?: RunStore;
    options?: Partial<EngineOptions>;
  } = {},
): Promise<Played> {
  const engine = engineOf(store, effect, options);
  const made = request(plan, inputs);
  await engine.create({ ...made, drive: true });
  await engine.drive('demo', made.id);
  return playedOf(store, made.id);
}

export async function playedOf(store: RunStore, runId: string): Promise<Played> {
  const events = await store.events('demo', runId);
  const last = events.at(-1);
  return {
    state: (await store.get('demo', runId))!.state,
    outputs: last?.type === 'run.succeeded' ? last.data.outputs : undefined,
    error: last?.type === 'run.failed' ? last.data.error : undefined,
    failedPath: last?.type === 'run.failed' ? last.data.path : undefined,
    handledFailures: last?.type === 'run.succeeded' ? last.data.handledFailures : undefined,
    events,
    story: storyOf(events),
  };
}

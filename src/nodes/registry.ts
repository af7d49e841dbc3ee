import type { Effect, Effects, ThreadStore } from '../engine/ports.ts';
import type { Models } from '../models/port.ts';
import type { ToolEffects } from './tool.ts';

/** What the effects of nodes need from the world; each is made when the first node that needs it starts. */
export interface EffectsWorld {
  tools(): ToolEffects | Promise<ToolEffects>;
  models(): Models | Promise<Models>;
  threads?: ThreadStore;
}

/** The effect of every node type that has one: one line a type. Nothing of them is loaded before it is called. */
export function createEffects(world: EffectsWorld): Effects {
  const tool = once(async () => (await import('./tool.ts')).createToolEffect(await world.tools()));
  return {
    tool,
    code: once(async () => (await import('./code.ts')).createCodeEffect(await world.tools())),
    llm: once(async () => (await import('./llm.ts')).createLlmEffect({ models: await world.models() })),
    agent: once(async () =>
      (await import('./agent.ts')).createAgentEffect({
        models: await world.models(),
        tool,
        threads: world.threads,
      }),
    ),
  };
}

/** An effect that is made at its first attempt; a failure to make it is the attempt's, and the next tries again. */
function once(make: () => Promise<Effect>): Effect {
  let made: Promise<Effect> | undefined;
  return async (attempt) => {
    made ??= make();
    let effect: Effect;
    try {
      effect = await made;
    } catch (error) {
      made = undefined;
      throw error;
    }
    return effect(attempt);
  };
}

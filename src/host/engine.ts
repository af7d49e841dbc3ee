import { createEngine, type Engine } from '../engine/engine.ts';
import type { RunStore, ThreadStore } from '../engine/ports.ts';
import { checkSchema } from '../language/schema/index.ts';
import type { Models } from '../models/port.ts';
import { createEffects } from '../nodes/registry.ts';
import type { ToolEffects } from '../nodes/tool.ts';
import { isWorkerAlive, newWorkerId } from './worker-id.ts';

/** What an engine has of its host. */
export interface EngineWorld {
  store: RunStore;
  threads: ThreadStore;
  tools(): Promise<ToolEffects>;
  models(): Promise<Models>;
  onError(error: unknown): void;
}

/** The engine of a host, as another worker of the same store. Loaded when there is something to run. */
export const openEngine = ({ store, threads, tools, models, onError }: EngineWorld): Engine =>
  createEngine({
    store,
    effects: createEffects({ tools, models, threads }),
    checkSchema,
    workerId: newWorkerId(),
    isWorkerAlive,
    onError,
  });

import type { Json } from '../contracts/json.ts';
import type { ThreadStore } from '../engine/ports.ts';
import { lastMessages } from './thread-rules.ts';

/** Conversations of agents, in memory. */
export function createMemoryThreadStore(): ThreadStore {
  const threads = new Map<string, Map<string, Json[]>>();
  const turnsOf = (project: string, thread: string): Map<string, Json[]> => {
    const key = JSON.stringify([project, thread]);
    const turns = threads.get(key) ?? new Map<string, Json[]>();
    threads.set(key, turns);
    return turns;
  };
  return {
    read: async (project, thread, except) =>
      lastMessages(
        [...turnsOf(project, thread)]
          .filter(([turn]) => turn !== except)
          .map(([, messages]) => structuredClone(messages)),
      ),
    append: async (project, thread, turn, messages) => {
      turnsOf(project, thread).set(turn, structuredClone(messages));
    },
  };
}

import type { AnyRunEvent, EventError, Usage } from '../contracts/events.ts';
import type { Json, JsonObject } from '../contracts/json.ts';
import type { NodeOutcome, Scope } from '../language/expressions/index.ts';

/** What became of the run of a case. */
export interface Observed {
  id: string;
  /** `refused`: it could not be made, as with inputs that do not match. */
  state: 'succeeded' | 'failed' | 'cancelled' | 'waiting' | 'refused';
  inputs: JsonObject;
  outputs: JsonObject;
  error?: EventError & { path?: string };
  usage: Usage;
  /** US dollars. */
  cost: number;
  durationMs: number;
  events: AnyRunEvent[];
}

/**
 * What the expressions of a test read: `inputs`, `outputs`, `run`, and the nodes of the workflow's own list, by id or
 * under `nodes`. The results of containers are derived and not in the journal: read them as outputs.
 */
export function scopeOf(observed: Observed): Scope {
  const nodes = outcomesOf(observed.events);
  const variables: Record<string, Json> = {
    inputs: observed.inputs,
    outputs: observed.outputs,
    run: {
      id: observed.id,
      state: observed.state,
      error: observed.error ? { code: observed.error.code, message: observed.error.message } : null,
      cost: observed.cost,
      usage: { inputTokens: observed.usage.inputTokens, outputTokens: observed.usage.outputTokens },
      durationMs: observed.durationMs,
    },
  };
  return {
    get: (name) => (Object.hasOwn(variables, name) ? variables[name] : nodes.get(name)?.result),
    node: (id) => nodes.get(id),
  };
}

function outcomesOf(events: readonly AnyRunEvent[]): Map<string, NodeOutcome> {
  const nodes = new Map<string, NodeOutcome>();
  for (const event of events) {
    const { path } = event;
    if (path === undefined || /[.[]/.test(path)) continue;
    switch (event.type) {
      case 'node.started':
        nodes.set(path, { state: 'running' });
        break;
      case 'node.succeeded':
      case 'node.cached':
        nodes.set(path, {
          state: 'succeeded',
          ...(event.data.result === undefined ? {} : { result: event.data.result }),
        });
        break;
      case 'node.failed':
        nodes.set(path, { state: 'failed', error: event.data.error });
        break;
      case 'node.skipped':
        nodes.set(path, { state: 'skipped' });
        break;
      case 'node.cancelled':
        nodes.set(path, { state: 'cancelled' });
        break;
    }
  }
  return nodes;
}

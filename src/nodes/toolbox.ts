import { IceError } from '../contracts/errors.ts';
import type { Json, JsonObject, JsonSchema } from '../contracts/json.ts';
import type { PlanComponent } from '../contracts/plan.ts';
import type { Attempt, Effect } from '../engine/ports.ts';
import type { ToolRequest } from '../models/port.ts';

/** The tools of an agent, as the model sees them and as they are called. */
export interface Toolbox {
  offers: { name: string; description: string; input: JsonSchema }[];
  /** The result of a call, or `{ error }` for the model to read; throws what the model can't mend. */
  call(request: ToolRequest, index: number, idempotencyKey: string): Promise<Json>;
}

/** More calls in one reply are a loop of the model's. */
const MOST_CALLS = 64;
/** A longer result is cut: it would fill the model's context, and the journal with it. */
const MOST_CHARACTERS = 64 * 1024;

/** Failures that are an answer to the model: it may give other arguments, or do without. All others end the attempt. */
const TOLD: ReadonlySet<string> = new Set([
  'input_invalid',
  'output_invalid',
  'tool_failed',
  'tool_denied',
  'tool_limit',
  'tool_crashed',
  'timeout',
]);

/** Makes the toolbox from `config.tools` (name -> digest) and the components of the plan. */
export function createToolbox(attempt: Attempt, tool: Effect): Toolbox {
  const tools = new Map<string, { digest: string; component: PlanComponent }>();
  for (const [name, digest] of Object.entries(attempt.node.config.tools ?? {})) {
    const component = attempt.plan.components[digest];
    if (!component) throw new IceError('internal', `The plan has no component for the tool ${name}`);
    if (component.manifest.kind !== 'tool') {
      throw new IceError(
        'not_implemented',
        `${component.ref} is a ${component.manifest.kind}, which an agent can't call`,
        {
          hint: 'Give the agent tools, and call workflows and agents from nodes of their own.',
          terminal: true,
        },
      );
    }
    tools.set(nameFor(name, tools), { digest, component });
  }
  const names = [...tools.keys()];
  return {
    offers: [...tools].map(([name, { component }]) => ({
      name,
      description: component.description || describe(component),
      input: component.manifest.input,
    })),
    async call(request, index, idempotencyKey) {
      const entry = tools.get(request.name);
      if (!entry) {
        const there = names.length === 0 ? 'There are no tools.' : `The tools are ${names.join(', ')}.`;
        return told('not_found', `There is no tool ${request.name}. ${there}`);
      }
      if (index >= MOST_CALLS)
        return told('input_invalid', `More than ${MOST_CALLS} calls at once; this one was not made.`);
      if (!isObject(request.input)) return told('input_invalid', 'The arguments are no JSON object.');
      try {
        const { result } = await tool(asToolAttempt(attempt, entry.digest, request.input, idempotencyKey));
        return cut(result);
      } catch (error) {
        if (attempt.signal.aborted || !(error instanceof IceError) || !TOLD.has(error.code)) throw error;
        return told(error.code, error.message);
      }
    },
  };
}

/**
 * The call of a tool as an attempt of a `tool` node. Its templates are empty: what a model writes grants nothing, so
 * a tool whose hosts are those that its node names literally reaches none.
 */
const asToolAttempt = (
  attempt: Attempt,
  component: string,
  args: JsonObject,
  idempotencyKey: string,
): Attempt => ({
  ...attempt,
  idempotencyKey,
  args,
  node: {
    id: attempt.node.id,
    after: [],
    reads: [],
    maxCrashes: attempt.node.maxCrashes,
    type: 'tool',
    args: {},
    config: { component },
  },
  steps: [],
  step: () => Promise.reject(new IceError('internal', 'A tool has no steps of its own')),
});

const told = (code: string, message: string): Json => ({ error: { code, message } });

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function describe(component: PlanComponent): string {
  const { input } = component.manifest;
  const own = typeof input === 'object' ? input['description'] : undefined;
  return typeof own === 'string' ? own : component.ref;
}

/** Models take letters, digits, `_` and `-`, at most 64: `std/csv-parse` becomes `std_csv-parse`. */
function nameFor(name: string, taken: ReadonlyMap<string, unknown>): string {
  const plain = name.replace(/[^A-Za-z0-9_-]/g, '_').slice(0, 60);
  let free = plain;
  for (let i = 2; taken.has(free); i++) free = `${plain}_${i}`;
  return free;
}

function cut(result: Json): Json {
  const text = JSON.stringify(result);
  if (text.length <= MOST_CHARACTERS) return result;
  return {
    cut: `The result has ${text.length} characters; these are the first`,
    text: text.slice(0, MOST_CHARACTERS),
  };
}

import { type ErrorCode, IceError } from '../contracts/errors.ts';
import type { Json, JsonObject, JsonSchema } from '../contracts/json.ts';
import { modelNames, type PlanComponent } from '../contracts/plan.ts';
import type { Attempt, Call, Effect, Step } from '../engine/ports.ts';
import { applyDefaults, checkSchema } from '../language/schema/index.ts';
import type { ToolRequest } from '../models/port.ts';

/** What an agent may call (tools, workflows, other agents), as the model sees it and as it is called. */
export interface Toolbox {
  offers: { name: string; description: string; input: JsonSchema }[];
  /**
   * Makes the call that is the attempt's step number `step`, from 1. The result, or `{ error }` for the model to read; throws what the model
   * can't mend. `within` is what a workflow or an agent spent.
   */
  call(request: ToolRequest, index: number, step: number): Promise<Called>;
}

export type Called = Pick<Step, 'result' | 'within'>;

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

/** Failures of a workflow or an agent that are none of the model's: how things are set up, or a bug. All others are told. */
const NOT_TOLD: ReadonlySet<string> = new Set([
  'secret_missing',
  'provider_missing',
  'untrusted_code',
  'not_implemented',
  'not_found',
  'cassette_miss',
  'script_ended',
  'max_crashes',
  'internal',
]);

/** Makes the toolbox from `config.tools` (name -> digest) and the components of the plan. */
export function createToolbox(attempt: Attempt, tool: Effect): Toolbox {
  const tools = new Map<string, { digest: string; component: PlanComponent }>();
  for (const [name, digest] of modelNames(attempt.node.config.tools ?? {})) {
    const component = attempt.plan.components[digest];
    if (!component) throw new IceError('internal', `The plan has no component for the tool ${name}`);
    tools.set(name, { digest, component });
  }
  const names = [...tools.keys()];
  return {
    offers: [...tools].map(([name, { component }]) => ({
      name,
      description: component.description || describe(component),
      input: component.manifest.input,
    })),
    async call(request, index, step) {
      const entry = tools.get(request.name);
      if (!entry) {
        const there = names.length === 0 ? 'There are no tools.' : `The tools are ${names.join(', ')}.`;
        return told('not_found', `There is no tool ${request.name}. ${there}`);
      }
      if (index >= MOST_CALLS)
        return told('input_invalid', `More than ${MOST_CALLS} calls at once; this one was not made.`);
      if (!isObject(request.input)) return told('input_invalid', 'The arguments are no JSON object.');
      if (entry.component.manifest.kind !== 'tool')
        return callWorkflow(attempt, entry.component, {
          step: step - 1,
          name: request.name,
          workflow: entry.digest,
          inputs: request.input,
        });
      try {
        // The place of the step, not of the attempt: a tool that is called again after a crash sees the same key.
        const key = `${attempt.idempotencyKey}:${step}`;
        const { result } = await tool(asToolAttempt(attempt, entry.digest, request.input, key));
        return { result: cut(result) };
      } catch (error) {
        if (attempt.signal.aborted || !(error instanceof IceError) || !TOLD.has(error.code)) throw error;
        return told(error.code, error.message);
      }
    },
  };
}

/** A workflow, or an agent as one, in the journal of this run. */
async function callWorkflow(
  attempt: Attempt,
  { ref, manifest }: PlanComponent,
  { step, name, workflow, inputs }: Pick<Call, 'step' | 'name' | 'workflow' | 'inputs'>,
): Promise<Called> {
  const given = applyDefaults(manifest.input, inputs);
  const wrong = checkSchema(manifest.input, given);
  if (wrong !== undefined) return told('input_invalid', `The inputs do not match those of ${ref}: ${wrong}`);
  const kind = manifest.kind as Call['kind'];
  const ended = await attempt.call({ step, name, kind, ref, workflow, inputs: given as JsonObject });
  const { result, error, usage, cost } = ended;
  const within = usage.inputTokens + usage.outputTokens + cost > 0 ? { within: { usage, cost } } : {};
  if (error === undefined) return { result: cut(result ?? {}), ...within };
  if (NOT_TOLD.has(error.code))
    throw new IceError(error.code as ErrorCode, `${ref}: ${error.message}`, { hint: error.hint });
  return { ...told(error.code, error.message), ...within };
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
  call: () => Promise.reject(new IceError('internal', 'A tool calls no workflow')),
});

const told = (code: string, message: string): Called => ({ result: { error: { code, message } } });

const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function describe(component: PlanComponent): string {
  const { input } = component.manifest;
  const own = typeof input === 'object' ? input['description'] : undefined;
  return typeof own === 'string' ? own : component.ref;
}

function cut(result: Json): Json {
  const text = JSON.stringify(result);
  if (text.length <= MOST_CHARACTERS) return result;
  return {
    cut: `The result has ${text.length} characters; these are the first`,
    text: text.slice(0, MOST_CHARACTERS),
  };
}

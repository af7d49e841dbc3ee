import { IceError } from '../../contracts/errors.ts';
import type { Json, JsonObject, JsonSchema } from '../../contracts/json.ts';
import type { WorkflowPlanNode } from '../../contracts/plan.ts';
import { render } from '../../language/expressions/index.ts';
import { Frame, type NodeRecord } from '../fold.ts';
import { renderOutput } from '../outputs.ts';
import type { Body } from '../program.ts';
import type { Container } from './container.ts';
import { onlyLane } from './lanes.ts';

/** Another workflow, in the parent's journal, with a scope of its own. The result is its outputs. */
export const workflow: Container = {
  begin(record) {
    const { program } = record.frame.fold;
    const wrong = program.check(bodyOf(record).plan.inputs, inputsOf(record));
    if (wrong) {
      throw new IceError('input_invalid', `The inputs of ${record.path} do not match: ${wrong}`, {
        terminal: true,
      });
    }
    return {};
  },
  lanes: () => ({ names: ['nodes'], total: 1, limit: 1 }),
  open: (record) =>
    new Frame(record.frame.fold, bodyOf(record).list, record.path, {
      owner: record,
      inputs: inputsOf(record),
    }),
  laneResult(record, frame) {
    const outputs = bodyOf(record).outputs.map(([name, template]): [string, Json] => [
      name,
      renderOutput(template, frame),
    ]);
    return Object.fromEntries(outputs);
  },
  conclude: onlyLane,
  result: (record) => record.lanes!.results.get(0) ?? {},
};

function bodyOf(record: NodeRecord): Body {
  const { workflow: digest } = record.spec.node as WorkflowPlanNode;
  const body = record.frame.fold.program.workflows.get(digest);
  if (!body) {
    throw new IceError('not_found', `The plan does not hold the workflow of ${record.path} (${digest})`, {
      hint: 'Start a new run: the plan of this one was made without it.',
      terminal: true,
    });
  }
  return body;
}

/** The child's time limit of its own; undefined = none. */
export const childDeadline = (record: NodeRecord): number | undefined =>
  record.spec.node.type === 'workflow' ? bodyOf(record).plan.deadlineMs : undefined;

/** The child's inputs with its defaults; worked out once, and again after the journal was read. */
function inputsOf(record: NodeRecord): JsonObject {
  record.given ??= withDefaults(
    bodyOf(record).plan.inputs,
    render(record.spec.template('inputs'), record.frame) as JsonObject,
  );
  return record.given as JsonObject;
}

/** Adds the defaults of an object's own properties, as the server does for the inputs of a run. */
export function withDefaults(schema: JsonSchema, value: JsonObject): JsonObject {
  if (typeof schema !== 'object') return value;
  const properties = Object.entries(
    (schema['properties'] ?? {}) as Record<string, { default?: Json } | boolean>,
  );
  const missing = properties.filter(
    ([name, property]) =>
      typeof property === 'object' && property.default !== undefined && !Object.hasOwn(value, name),
  );
  if (missing.length === 0) return value;
  return {
    ...value,
    ...Object.fromEntries(missing.map(([name, property]) => [name, (property as { default: Json }).default])),
  };
}

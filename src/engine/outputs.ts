import type { Json, JsonObject } from '../contracts/json.ts';
import { render, type Template } from '../language/expressions/index.ts';
import type { Frame } from './fold.ts';

/**
 * Renders what a workflow, or an item of a loop, hands out: a text or expression that reads a node without a value
 * (it was skipped, or failed and was continued) is null, and the rest of the value stands.
 */
export function renderOutput(template: Template, frame: Frame): Json {
  switch (template.kind) {
    case 'static':
      return template.value;
    case 'single':
      return readable(template.part.expression.refs, frame) ? render(template, frame) : null;
    case 'text': {
      const all = template.parts.every(
        (part) => typeof part === 'string' || readable(part.expression.refs, frame),
      );
      return all ? render(template, frame) : null;
    }
    case 'array':
      return template.items.map((item) => renderOutput(item, frame));
    case 'object':
      return Object.fromEntries(template.entries.map(([key, item]) => [key, renderOutput(item, frame)]));
  }
}

function readable(refs: readonly { root: string; soft: boolean }[], frame: Frame): boolean {
  for (const ref of refs) {
    if (ref.soft) continue;
    const record = frame.find(ref.root);
    if (record && record.readable() === undefined) return false;
  }
  return true;
}

/** `{ id: result }` of a list; null where a node has no value. */
export function resultsById(frame: Frame): JsonObject {
  const results: JsonObject = {};
  for (const record of frame.records) results[record.spec.node.id] = record.readable() ?? null;
  return results;
}

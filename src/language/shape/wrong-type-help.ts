import { durationMs } from '../../contracts/durations.ts';
import { isMap } from '../expressions/values.ts';
import type { Path } from '../source/path.ts';
import type { Shape } from './zod-shape.ts';

/** The first name in a list of maps that say theirs; undefined when one of them does not. */
function namesIn(items: readonly unknown[]): string | undefined {
  const names = items.map((item) =>
    isMap(item)
      ? ['name', 'id', 'tool', 'ref'].map((key) => item[key]).find((name) => typeof name === 'string')
      : undefined,
  );
  return names.every((name) => name !== undefined)
    ? (names[0] as string | undefined)?.slice(0, 60)
    : undefined;
}

/** What to write instead of a value of the wrong form, where that can be told. */
export function wrongTypeHelp(shape: Shape, value: unknown, path: Path): string | undefined {
  if (value === null)
    return 'Its value is missing; if it stands in the lines below, indent them deeper than the key.';
  if ((shape.kind === 'record' || shape.kind === 'object') && Array.isArray(value)) {
    if (path.at(-1) === 'branches')
      return 'Give each branch a name, with its nodes as a list: `branches: { left: [ … ], right: [ … ] }`.';
    const named = namesIn(value);
    return named === undefined
      ? 'Remove the dashes: a map is written as `key: value`.'
      : `Write each below its name, without a dash: \`${named}: { … }\`.`;
  }
  if (path.at(-1) === 'agent' && isMap(value))
    return 'An agent that has no document of its own is written beside `type: agent`: model, system, tools.';
  if (shape.kind === 'leaf' && shape.type === 'string' && isMap(value)) {
    const named = namesIn([value]);
    if (named !== undefined) return `Write the name alone: ${named}.`;
  }
  if (shape.kind === 'object' && typeof value === 'string') {
    const field = [...shape.fields].find(([, { required }]) => required)?.[0];
    if (field !== undefined) return `Write { ${field}: ${value.slice(0, 80)} }.`;
  }
  if (path.at(-1) === 'cache' && typeof value === 'string' && durationMs(value) !== undefined)
    return `Write { ttl: ${String(value)} }.`;
  if ((shape.kind === 'list' || shape.kind === 'nodes') && isMap(value)) {
    return 'Begin each item with a dash and a blank.';
  }
  return undefined;
}

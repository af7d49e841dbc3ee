import { TerminalError } from '../authoring/index.ts';

/** The value of a field; a dot goes down (`properties.mag`). Undefined when it is not there. */
export function readField(item: unknown, path: string): unknown {
  let value = item;
  for (const name of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

/** A number, or null when it is missing; `where` names it in the error for anything else. */
export function numberOrNull(value: unknown, where: string): number | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw new TerminalError(`${where} is ${(JSON.stringify(value) ?? 'undefined').slice(0, 60)}, not a number`);
}

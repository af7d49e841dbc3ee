import type { SchemaChange } from '../contracts/components.ts';
import type { Json, JsonSchema } from '../contracts/json.ts';
import { diffArrays, diffBounds, diffObjects, type Move, type SchemaDiff } from './diff-schema-parts.ts';
import { alternativesOf, isEqual, type SchemaAlternative, say, sayType } from './schema-alternatives.ts';

/** More findings than this tell nobody anything; the rest is counted in a last line. */
const MOST_CHANGES = 100;
const MOST_DEPTH = 40;

/**
 * How a schema changed, in words. An input is contravariant: taking less breaks callers. An output is covariant:
 * giving more kinds of values, or fewer fields, breaks those who read it. What can't be compared counts as breaking.
 */
export function diffSchemas(
  where: 'input' | 'output',
  before: JsonSchema,
  after: JsonSchema,
): SchemaChange[] {
  const changes: SchemaChange[] = [];
  const under = new Set<string>();
  // Two equal parts can still differ in what they refer to.
  const sameDefinitions = isEqual(definitionsOf(before), definitionsOf(after));
  let depth = 0;
  let left = 0;

  const diff: SchemaDiff = {
    where,
    before,
    after,
    note(path, change, move) {
      const breaking = move === 'both' || move === (where === 'input' ? 'narrower' : 'wider');
      if (changes.length < MOST_CHANGES) changes.push({ where, path, change, breaking });
      else left += 1;
    },
    compare(old, now, path) {
      if (sameDefinitions && isEqual(old, now)) return;
      // A recursive schema comes back to a pair that is being compared already: what differs is found there.
      const pair = `${JSON.stringify(old)} ${JSON.stringify(now)}`;
      if (under.has(pair)) return;
      if (depth >= MOST_DEPTH) return diff.note(path, 'is too deep to compare', 'both');
      under.add(pair);
      depth += 1;
      compareAlternatives(diff, alternativesOf(old, before), alternativesOf(now, after), path);
      depth -= 1;
      under.delete(pair);
    },
  };
  diff.compare(before, after, '');
  if (left > 0) changes.push({ where, path: '', change: `${left} more changes`, breaking: true });
  return changes;
}

const definitionsOf = (schema: JsonSchema): unknown =>
  typeof schema === 'boolean' ? [] : [schema.$defs, schema.definitions];

function compareAlternatives(
  diff: SchemaDiff,
  before: SchemaAlternative[],
  after: SchemaAlternative[],
  path: string,
): void {
  const gone = before.filter((old) => !after.some((now) => isEqual(old, now)));
  const added = after.filter((now) => !before.some((old) => isEqual(old, now)));
  // What stands for the same type on both sides is one thing that changed.
  for (const old of [...gone]) {
    const twins = added.filter((now) => now.type === old.type);
    const rivals = gone.filter((other) => other.type === old.type);
    if (twins.length !== 1 || rivals.length !== 1) continue;
    gone.splice(gone.indexOf(old), 1);
    added.splice(added.indexOf(twins[0]!), 1);
    compareTwins(diff, old, twins[0]!, path);
  }
  if (gone.length === 0 && added.length === 0) return;

  const [oldWords, newWords] = [gone, added].map((list) => list.map(sayType).join(' or '));
  if (gone.length > 0 && added.length > 0) {
    const move = rangeOfNumbers(gone, added);
    diff.note(path, `${oldWords} is now ${newWords}`, move);
  } else if (added.length > 0)
    diff.note(path, diff.where === 'input' ? `also takes ${newWords}` : `may now be ${newWords}`, 'wider');
  else
    diff.note(
      path,
      diff.where === 'input' ? `no longer takes ${oldWords}` : `is never ${oldWords} now`,
      'narrower',
    );
}

/** `integer` is part of `number`, and everything is part of "anything". */
function rangeOfNumbers(gone: SchemaAlternative[], added: SchemaAlternative[]): Move {
  const only = (list: SchemaAlternative[], type: string): boolean =>
    list.length === 1 && list[0]!.type === type;
  if (only(gone, 'integer') && only(added, 'number')) return 'wider';
  if (only(gone, 'number') && only(added, 'integer')) return 'narrower';
  if (only(added, 'any')) return 'wider';
  if (only(gone, 'any')) return 'narrower';
  return 'both';
}

function compareTwins(diff: SchemaDiff, old: SchemaAlternative, now: SchemaAlternative, path: string): void {
  compareValues(diff, old.values, now.values, path);
  diffBounds(diff, old.schema, now.schema, path);
  if (old.type === 'object') diffObjects(diff, old.schema, now.schema, path);
  if (old.type === 'array') diffArrays(diff, old.schema, now.schema, path);
}

function compareValues(
  diff: SchemaDiff,
  old: readonly Json[] | undefined,
  now: readonly Json[] | undefined,
  path: string,
): void {
  const list = (values: readonly Json[]): string => values.map(say).join(', ');
  if (old === undefined || now === undefined) {
    if (now) diff.note(path, `is now only one of ${list(now)}`, 'narrower');
    if (old) diff.note(path, `is no longer only one of ${list(old)}`, 'wider');
    return;
  }
  const gone = old.filter((value) => !now.some((other) => isEqual(value, other)));
  const added = now.filter((value) => !old.some((other) => isEqual(value, other)));
  if (gone.length > 0) diff.note(path, `${list(gone)} is no longer one of its values`, 'narrower');
  if (added.length > 0) diff.note(path, `${list(added)} is a new one of its values`, 'wider');
}

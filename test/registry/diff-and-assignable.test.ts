import { expect, test } from 'vitest';
import type { JsonSchema } from '../../src/contracts/json.ts';
import { assignable } from '../../src/language/types/index.ts';
import { diffSchemas } from '../../src/registry/diff-schemas.ts';

/** mulberry32: small, seeded, good enough to draw cases with. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function draw(next: () => number, depth: number): JsonSchema {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!;
  const leaf = (): JsonSchema =>
    pick<JsonSchema>([
      { type: 'string' },
      { type: 'number' },
      { type: 'integer' },
      { type: 'boolean' },
      { type: 'null' },
      { type: ['string', 'null'] },
      { enum: ['a', 'b'] },
      { enum: ['a', 'b', 'c'] },
      { const: 1 },
      {},
    ]);
  if (depth === 0 || next() < 0.3) return leaf();
  if (next() < 0.3) return { type: 'array', items: draw(next, depth - 1) };
  if (next() < 0.2) return { anyOf: [draw(next, depth - 1), leaf()] };
  const properties: Record<string, JsonSchema> = {};
  for (const name of ['a', 'b', 'c']) if (next() < 0.6) properties[name] = draw(next, depth - 1);
  const required = Object.keys(properties).filter(() => next() < 0.5);
  return { type: 'object', properties, required, ...(next() < 0.5 ? { additionalProperties: false } : {}) };
}

test('what the type flow calls a misfit, the diff calls breaking', () => {
  let misfits = 0;
  for (let seed = 1; seed <= 4_000; seed++) {
    const next = random(seed);
    const [before, after] = [draw(next, 3), draw(next, 3)];
    const breaking = (where: 'input' | 'output') =>
      diffSchemas(where, before, after).some((change) => change.breaking);
    // A caller's value of the old input no longer fits the new one; a reader of the old output gets something else.
    const input = assignable(before, after);
    const output = assignable(after, before);
    if (!input.ok)
      expect({ seed, before, after, breaking: breaking('input') }).toMatchObject({ breaking: true });
    // A new field of a result is no break, although zod closes its objects: every addition would be one.
    if (!output.ok && output.kind !== 'extra')
      expect({ seed, before, after, breaking: breaking('output') }).toMatchObject({ breaking: true });
    if (!input.ok || !output.ok) misfits += 1;
    expect(diffSchemas('input', before, before)).toEqual([]);
  }
  expect(misfits).toBeGreaterThan(1_000);
});

import { expect, test } from 'vitest';
import type { JsonSchema } from '../../../src/contracts/json.ts';
import { inferExpression, parseExpression } from '../../../src/language/expressions/index.ts';

const list = (name: string): JsonSchema => ({
  type: 'object',
  required: [name],
  properties: { [name]: { type: 'object', required: ['x'], properties: { x: { type: 'number' } } } },
});
const check: JsonSchema = {
  type: 'object',
  required: ['branch'],
  properties: { branch: { enum: ['then', 'else'] }, then: list('a'), else: list('b') },
};
const warnings = (text: string): string[] => {
  const parsed = parseExpression(text);
  if (!parsed.ok) throw new Error(text);
  const env = {
    variable: (name: string) => (name === 'check' ? check : undefined),
    names: () => ['check'],
    node: () => undefined,
    nodeNames: () => [],
  };
  return inferExpression(parsed.expression, env).findings.map((finding) => finding.code);
};

test.each([
  ["check.branch == 'then' ? check.then.a.x : check.else.b.x", []],
  ["check.branch != 'then' ? check.else.b.x : check.then.a.x", []],
  ["'else' == check.branch ? check.else.b.x : check.then.a.x", []],
  ["check.branch == 'then' ? check.else.b.x : 0", ['ICE1403']],
  ['check.then.a.x', ['ICE1403']],
])('%s', (text, codes) => {
  expect(warnings(text)).toEqual(codes);
});

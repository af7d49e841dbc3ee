import { describe, expect, test } from 'vitest';
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

const answer: JsonSchema = {
  oneOf: [
    {
      type: 'object',
      required: ['kind', 'score'],
      properties: { kind: { const: 'ok' }, score: { type: 'number' } },
    },
    {
      type: 'object',
      required: ['kind', 'reasons'],
      properties: { kind: { enum: ['bad', 'worse'] }, reasons: { type: 'array', items: { type: 'string' } } },
    },
    { type: 'object', required: ['open'], properties: { open: { type: 'boolean' } } },
  ],
};

describe('a union, once one of its fields was compared', () => {
  const codes = (text: string): string[] => {
    const parsed = parseExpression(text);
    if (!parsed.ok) throw new Error(text);
    const variables: Record<string, JsonSchema> = {
      answer: { ...answer, oneOf: (answer as { oneOf: JsonSchema[] }).oneOf.slice(0, 2) },
      any: answer,
      deep: { type: 'object', required: ['answer'], properties: { answer } },
    };
    const env = {
      variable: (name: string) => variables[name],
      names: () => Object.keys(variables),
      node: () => undefined,
      nodeNames: () => [],
    };
    return inferExpression(parsed.expression, env).findings.map((finding) => finding.code);
  };

  test.each([
    ["answer.kind == 'ok' ? string(answer.score) : answer.reasons.join()", []],
    ["answer.kind != 'ok' ? answer.reasons.join() : string(answer.score)", []],
    ["answer.kind == 'worse' && size(answer.reasons) > 0", []],
    ["deep.answer.?kind.orValue('') == '' ? 0 : 1", []],
    ["any.?kind == 'ok' ? any.score : 0", []],
    ["deep.answer.?kind == 'bad' ? size(deep.answer.reasons) : 0", []],
    // What is left does not have it.
    ["answer.kind == 'ok' ? size(answer.reasons) : 0", ['ICE1401']],
    ["answer.kind == 'bad' ? answer.score : 0", ['ICE1401']],
    // That it is not bad leaves those that are ok or worse.
    ["answer.kind != 'bad' ? answer.score : 0", ['ICE1403']],
    ["any.?kind != 'ok' ? any.reasons : []", ['ICE1403']],
    ['answer.score', ['ICE1403']],
  ])('%s', (text, wanted) => {
    expect(codes(text)).toEqual(wanted);
  });
});

import * as z from 'zod';
import { type BlueprintNode, nodeSchema } from '../blueprint.ts';
import { expressionSchema, nodeBase, templateSchema } from './base.ts';

/** The lists are checked one by one by the language, so that one wrong node does not hide the findings of the others. */
const nodeList = z.lazy((): z.ZodType<BlueprintNode[]> => z.array(nodeSchema));

/** Runs one of two lists. The result is `{ branch, then?, else? }`, each `{ id: result }`. */
export const conditionNodeSchema = z.strictObject({
  ...nodeBase,
  type: z.literal('condition'),
  expression: z.union([expressionSchema, z.boolean()]),
  then: nodeList.default([]),
  else: nodeList.default([]),
});

/** Runs its body for each item, in order of start. The result is the array of `result`, or of `{ id: result }`. */
export const loopNodeSchema = z.strictObject({
  ...nodeBase,
  type: z.literal('loop'),
  items: z.union([expressionSchema, z.array(templateSchema)]),
  as: z.string().default('item').describe('The name of the item in the body'),
  body: nodeList,
  concurrency: z.number().int().min(1).max(1000).optional().describe('Items at once; 10'),
  result: templateSchema.optional(),
  onItemError: z
    .enum(['fail', 'continue'])
    .optional()
    .describe('continue: an item that fails is null, and nodes.ID.failed lists it; fail'),
});

/** Runs named lists side by side. The result is `{ name: { id: result } }`. */
export const parallelNodeSchema = z.strictObject({
  ...nodeBase,
  type: z.literal('parallel'),
  branches: z.record(z.string(), nodeList),
  concurrency: z.number().int().min(1).max(1000).optional().describe('Branches at once; all'),
  wait: z
    .union([z.enum(['all', 'any']), z.number().int().min(1)])
    .optional()
    .describe('How many branches must succeed; the rest is cancelled'),
});

/** Runs another workflow, pinned when the run is created. The result is its outputs. */
export const workflowNodeSchema = z.strictObject({
  ...nodeBase,
  type: z.literal('workflow'),
  workflow: z.string().describe('A workflow: name or name@range'),
  inputs: z.record(z.string(), templateSchema).default({}),
});

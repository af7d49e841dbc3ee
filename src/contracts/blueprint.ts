import * as z from 'zod';
import { durationSchema } from './durations.ts';
import { componentNameSchema } from './id-schemas.ts';
import type { Json } from './json.ts';
import { agentNodeSchema } from './nodes/agent.ts';
import { templateSchema } from './nodes/base.ts';
import { codeNodeSchema } from './nodes/code.ts';
import {
  conditionNodeSchema,
  loopNodeSchema,
  parallelNodeSchema,
  workflowNodeSchema,
} from './nodes/containers.ts';
import { llmNodeSchema } from './nodes/llm.ts';
import { setNodeSchema } from './nodes/set.ts';
import { toolNodeSchema } from './nodes/tool.ts';

type Leaf =
  | z.infer<typeof toolNodeSchema>
  | z.infer<typeof setNodeSchema>
  | z.infer<typeof llmNodeSchema>
  | z.infer<typeof agentNodeSchema>
  | z.infer<typeof codeNodeSchema>;
/** The fields that every node has. */
export type NodeBase = Omit<z.infer<typeof setNodeSchema>, 'type' | 'values' | 'output'>;

// Written out, because TypeScript can't infer a schema that holds itself.
export interface ConditionNode extends NodeBase {
  type: 'condition';
  expression: string | boolean;
  then: BlueprintNode[];
  else: BlueprintNode[];
}
export interface LoopNode extends NodeBase {
  type: 'loop';
  items: string | Json[];
  as: string;
  body: BlueprintNode[];
  concurrency?: number;
  result?: Json;
  onItemError?: 'fail' | 'continue';
}
export interface ParallelNode extends NodeBase {
  type: 'parallel';
  branches: Record<string, BlueprintNode[]>;
  concurrency?: number;
  wait?: 'all' | 'any' | number;
}
export interface WorkflowNode extends NodeBase {
  type: 'workflow';
  workflow: string;
  inputs: Record<string, Json>;
}

/** One step of a blueprint, as written; nested lists hold more of them. */
export type BlueprintNode = Leaf | ConditionNode | LoopNode | ParallelNode | WorkflowNode;

/** type -> schema: one line a node type. The order is the order of the docs. */
export const NODE_SCHEMAS = {
  tool: toolNodeSchema,
  set: setNodeSchema,
  llm: llmNodeSchema,
  agent: agentNodeSchema,
  code: codeNodeSchema,
  condition: conditionNodeSchema,
  loop: loopNodeSchema,
  parallel: parallelNodeSchema,
  workflow: workflowNodeSchema,
} as const;
export type NodeType = keyof typeof NODE_SCHEMAS;
export const NODE_TYPES = Object.keys(NODE_SCHEMAS) as NodeType[];

export const nodeSchema: z.ZodType<BlueprintNode> = z.lazy(
  (): z.ZodType =>
    z.discriminatedUnion('type', [
      toolNodeSchema,
      setNodeSchema,
      llmNodeSchema,
      agentNodeSchema,
      codeNodeSchema,
      conditionNodeSchema,
      loopNodeSchema,
      parallelNodeSchema,
      workflowNodeSchema,
    ]),
) as z.ZodType<BlueprintNode>;

/** An input: a JSON Schema, required unless it has a `default` or says `optional: true`; `writeOnly: true` hides it. */
export const inputSchema = z.record(z.string(), z.unknown());

export const blueprintSchema = z.strictObject({
  $schema: z.string().optional(),
  blueprint: z.literal(2),
  name: componentNameSchema,
  version: z.string().default('0.0.0').describe('A semver version'),
  description: z.string().optional(),
  inputs: z.record(z.string(), inputSchema).default({}),
  deadline: durationSchema.optional().describe('The longest time of a whole run'),
  maxCost: z.number().positive().optional().describe('US dollars; the run stops before it spends more'),
  concurrency: z.number().int().min(1).max(1000).optional().describe('Nodes at once in the whole run; 100'),
  nodes: z.array(nodeSchema),
  outputs: z.record(z.string(), templateSchema).default({}),
});
export type Blueprint = z.infer<typeof blueprintSchema>;

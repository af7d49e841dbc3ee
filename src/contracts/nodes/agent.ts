import * as z from 'zod';
import { componentNameSchema } from '../id-schemas.ts';
import type { Json, JsonObject, JsonSchema } from '../json.ts';
import { schemaSchema } from '../json-schemas.ts';
import { nodeBase, templateSchema } from './base.ts';

/** `run`: the agents of one run share a conversation; `thread`: a named one, kept over runs in the project. */
export const memorySchema = z.union([
  z.literal('run'),
  z.strictObject({ thread: templateSchema.describe('The name of a conversation that runs share') }),
]);

/** What an agent is made of, in a node and in a file of its own. */
const agentFields = {
  fallback: z.array(z.string()).optional().describe('Models to try in turn when the first is not available'),
  system: z.string().optional().describe('What the agent is for'),
  tools: z
    .array(z.string())
    .max(64)
    .optional()
    .describe('What it may call: tools (name or name@range), workflow/name, agent/name'),
  memory: memorySchema.optional(),
  temperature: z.number().min(0).max(2).optional(),
  maxTokens: z.number().int().positive().optional().describe('The longest reply of one model call'),
  maxSteps: z.number().int().min(1).max(200).optional().describe('Model calls at most; 10'),
  maxCost: z.number().positive().optional().describe('US dollars; the agent stops before it spends more'),
  script: z.array(templateSchema).optional().describe('For echo/script: replies and tool calls, in order'),
  output: schemaSchema.optional().describe('The JSON Schema of `object`, which is then present'),
};

/**
 * A model that calls tools until it has an answer. Either `agent` names an agent component, or the node says `model`,
 * `system` and `tools` itself. The result is `{ text, object?, usage, cost, model, steps }`.
 */
export const agentNodeSchema = z.strictObject({
  ...nodeBase,
  type: z.literal('agent'),
  agent: z
    .string()
    .optional()
    .describe('An agent: name or name@range; its own fields may be overridden here'),
  model: z.string().optional().describe('provider/name, as echo/script or openai/gpt-5'),
  input: templateSchema.describe('What the agent is asked; a value that is no text is given as JSON'),
  ...agentFields,
});

/** `agents/<name>.yaml`: an agent component. */
export const agentDocumentSchema = z.strictObject({
  $schema: z.string().optional(),
  agent: z.literal(1),
  name: componentNameSchema,
  version: z.string().default('0.0.0').describe('A semver version'),
  description: z.string().optional(),
  model: z.string().describe('provider/name, as echo/script or openai/gpt-5'),
  input: schemaSchema.default({ type: 'string' }).describe('The JSON Schema of what it is asked; a text'),
  ...agentFields,
});
export type AgentNode = z.infer<typeof agentNodeSchema>;
export type AgentDocument = z.infer<typeof agentDocumentSchema>;

/** `input` of an agent's manifest: it is called like a tool, with `{ input }`. */
export const agentInputSchema = (document: Pick<AgentDocument, 'input'>): JsonSchema => ({
  type: 'object',
  properties: { input: document.input },
  required: ['input'],
  additionalProperties: false,
});

/** The result of an agent (and, without `steps`, of an `llm` node) as a JSON Schema. */
export const agentOutputSchema = (output: JsonSchema | undefined): JsonSchema => ({
  type: 'object',
  properties: {
    text: { type: 'string' },
    ...(output === undefined ? {} : { object: output }),
    usage: {
      type: 'object',
      properties: { inputTokens: { type: 'integer' }, outputTokens: { type: 'integer' } },
      required: ['inputTokens', 'outputTokens'],
    },
    cost: { type: 'number' },
    model: { type: 'string' },
    steps: { type: 'integer' },
  },
  required: ['text', ...(output === undefined ? [] : ['object']), 'usage', 'cost', 'model', 'steps'],
});

/** The document whose canonical JSON is the agent's entry: all but what is no part of its identity. */
export function canonicalAgent(document: AgentDocument): Json {
  const { $schema: _schema, version: _version, description: _description, ...identity } = document;
  return JSON.parse(JSON.stringify(identity)) as JsonObject;
}

import * as z from 'zod';
import { durationSchema } from './durations.ts';
import { jsonSchema, schemaSchema } from './json-schemas.ts';

/** A model that grades. It is given the prompt and what is scored, and answers with a number from 0 to 1. */
export const judgeSchema = z.strictObject({
  model: z.string().min(1).describe('provider/name'),
  prompt: z.string().min(1).describe('What is good; may hold {{ expressions }}'),
  script: z.array(jsonSchema).optional().describe('The replies of echo/script, to try a test without a key'),
});

/**
 * One way to score a case, from 0 to 1. Exactly one of `exact`, `contains`, `schema` and `judge` says how.
 */
export const scorerSchema = z.strictObject({
  name: z.string().min(1).max(100).optional().describe('For reports; the way of scoring unless said'),
  of: z.string().optional().describe('What is scored: "{{ outputs.answer }}"; all outputs unless said'),
  exact: jsonSchema.optional().describe('The value that it has to be'),
  contains: z
    .union([z.string(), z.array(z.string())])
    .optional()
    .describe('Texts that it has to hold'),
  ignoreCase: z.boolean().optional().describe('Of `contains`: capitals count like small letters'),
  schema: schemaSchema.optional().describe('A JSON Schema that it has to match'),
  judge: judgeSchema.optional().describe('A model grades it'),
  threshold: z.number().min(0).max(1).optional().describe('The least score; 1, of a judge 0.7'),
});
export type Scorer = z.infer<typeof scorerSchema>;

export const expectedErrorSchema = z.strictObject({
  code: z.string().describe('As tool_failed'),
  message: z.string().optional().describe('A part of the message'),
  path: z.string().optional().describe('The node that failed'),
});

/** One run and what it has to be like. A case that expects nothing has to succeed. */
export const testCaseSchema = z.strictObject({
  name: z.string().min(1).max(200),
  inputs: z.record(z.string(), jsonSchema).default({}),
  files: z
    .record(z.string(), z.string())
    .default({})
    .describe('Inputs that are read from files, by their names: { csv: ../data/week.csv }'),
  output: z.record(z.string(), jsonSchema).optional().describe('Outputs that have to be there'),
  match: z
    .enum(['partial', 'exact'])
    .optional()
    .describe('partial: objects may hold more than `output` says; exact: nothing else'),
  error: z
    .union([z.string(), expectedErrorSchema])
    .optional()
    .describe('The code of the error that the run has to fail with'),
  assert: z.array(z.string()).default([]).describe('Expressions that have to be true: "{{ outputs.n > 3 }}"'),
  scorers: z.array(scorerSchema).default([]),
  threshold: z
    .number()
    .min(0)
    .max(1)
    .optional()
    .describe('The least mean of the scorers that have no threshold of their own'),
});
export type TestCase = z.infer<typeof testCaseSchema>;

/** `*.test.yaml`: cases of one component. */
export const testFileSchema = z.strictObject({
  $schema: z.string().optional(),
  test: z.string().min(1).max(200).describe('What the tests are called'),
  run: z.string().describe('A tool, a workflow or an agent: [kind/]name[@version]'),
  description: z.string().optional(),
  cassette: z
    .string()
    .optional()
    .describe(
      'Recorded calls of models and the network; NAME.cassette.yaml beside NAME.test.yaml unless said',
    ),
  timeout: durationSchema.optional().describe('The longest time of a case; 60s'),
  scorers: z
    .array(scorerSchema)
    .default([])
    .describe('Scorers of every case; a threshold is for the mean over the cases'),
  cases: z.array(testCaseSchema).min(1).max(10_000),
});
export type TestFile = z.infer<typeof testFileSchema>;

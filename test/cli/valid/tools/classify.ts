import { defineTool } from 'iceos';
import { z } from 'zod';
export default defineTool({
  name: 'classify',
  version: '1.0.0',
  description: 'a discriminated union',
  input: z.object({
    text: z.string().nullable().optional(),
    tags: z.array(z.string()).default([]),
    opts: z
      .object({ deep: z.boolean().optional(), level: z.union([z.literal(1), z.literal(2)]).optional() })
      .optional(),
  }),
  output: z.object({
    verdict: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('ok'), score: z.number() }),
      z.object({ kind: z.literal('bad'), reasons: z.array(z.string()) }),
    ]),
    scores: z.record(z.string(), z.number()),
    matrix: z.array(z.array(z.number())),
    pair: z.tuple([z.string(), z.number()]),
    meta: z.unknown(),
    maybe: z.string().nullish(),
  }),
  run: () => ({
    verdict: { kind: 'ok' as const, score: 1 },
    scores: { a: 1 },
    matrix: [[1, 2], [3]],
    pair: ['a', 1] as [string, number],
    meta: { x: 1 },
  }),
});

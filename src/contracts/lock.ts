import * as z from 'zod';
import { digestSchema, projectNameSchema } from './id-schemas.ts';

/**
 * `ice.lock.yaml`, which `ice pull` writes: what each reference to a component that is not in the project means, also
 * those inside of what was pulled. With `--locked` references mean exactly this. What was pulled lies in vendor/ice.
 */
export const lockSchema = z.strictObject({
  lock: z.literal(1),
  /** Where it was pulled from. */
  target: z.strictObject({ name: z.string(), url: z.string().nullable(), project: projectNameSchema }),
  /** References that were pulled by name, whether or not a document has them. */
  wanted: z.array(z.string().max(200)).max(1_000).default([]),
  /** `tool/price@^1` -> what it means. */
  refs: z.record(z.string(), z.strictObject({ version: z.string().max(100), digest: digestSchema })),
});
export type LockFile = z.infer<typeof lockSchema>;

import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';

/**
 * One hostile case. `run` is the body of `run(input, ctx)`, `module` a whole bundle. In code `{{port}}` is a server of
 * the runner that counts who reaches it, `{{env}}` the name of a variable of the parent's environment.
 */
export const caseSchema = z.strictObject({
  case: z.string(),
  run: z.string().optional(),
  module: z.string().optional(),
  /** Only read what the module says of itself. */
  extract: z.boolean().default(false),
  /** Bundle a generated source of so many bytes, through the bundler. */
  bundleBytes: z.number().optional(),
  input: z.unknown().optional(),
  net: z.array(z.string()).default([]),
  secrets: z.record(z.string(), z.string()).default({}),
  limits: z
    .strictObject({
      timeoutMs: z.number().optional(),
      memoryMb: z.number().optional(),
      outputBytes: z.number().optional(),
      fetches: z.number().optional(),
    })
    .default({}),
  /** A local target: loopback and private addresses may be reached that are declared literally. */
  local: z.boolean().default(false),
  /** name -> addresses, for the resolver of the case. */
  names: z.record(z.string(), z.array(z.string())).default({}),
  /** What the runner's server answers. */
  answer: z
    .strictObject({
      status: z.number().default(200),
      headers: z.record(z.string(), z.string()).default({}),
      body: z.string().default('ok'),
    })
    .prefault({}),
  runtimes: z.array(z.enum(['sandbox', 'node'])).default(['sandbox']),
  /** The code of the error that it must end in; several where engines differ. */
  expect: z.union([z.string(), z.array(z.string())]).optional(),
  /** The result that it must give instead. */
  result: z.unknown().optional(),
  /** Text that must be in the error's message. */
  says: z.string().optional(),
  /** Text that must be nowhere: not in the result, the error, the logs. */
  not: z.string().optional(),
  /** How often the runner's server may be reached; 0. */
  hits: z.number().default(0),
});
export type Case = z.infer<typeof caseSchema>;

/** The cases of a file: one, or a list of them. */
export function readCases(file: string): Case[] {
  const document: unknown = parse(readFileSync(file, 'utf8'), { maxAliasCount: 0 });
  return (Array.isArray(document) ? document : [document]).map((it, i) => {
    const read = caseSchema.safeParse(it);
    if (!read.success) throw new Error(`${file}, case ${i + 1}: ${z.prettifyError(read.error)}`);
    return read.data;
  });
}

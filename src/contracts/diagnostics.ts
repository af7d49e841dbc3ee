import * as z from 'zod';

export const severitySchema = z.enum(['error', 'warning', 'info']);

export const positionSchema = z.object({
  /** From 1. */
  line: z.number().int().positive(),
  /** From 1, in UTF-16 units. */
  column: z.number().int().positive(),
  /** From 0, in UTF-16 units of the whole file. */
  offset: z.number().int().nonnegative(),
});

export const rangeSchema = z.object({ start: positionSchema, end: positionSchema });

/** A change of the source that mends a finding; `safe` ones are applied by `--fix`. */
export const fixSchema = z.object({
  title: z.string(),
  safe: z.boolean(),
  edits: z.array(z.object({ start: z.number().int(), end: z.number().int(), text: z.string() })),
});

/** One finding of validation. */
export const diagnosticSchema = z.object({
  code: z.string().regex(/^ICE\d{4}$/),
  severity: severitySchema,
  message: z.string(),
  /** Path of the file, relative to the project where it has one. */
  file: z.string(),
  range: rangeSchema.optional(),
  /** Where in the document: `nodes[2].args.text`. */
  path: z.string().optional(),
  help: z.string().optional(),
  /** Other places that explain it: where the other definition stands. */
  related: z
    .array(z.object({ file: z.string(), range: rangeSchema.optional(), message: z.string() }))
    .optional(),
  fix: fixSchema.optional(),
});

export type Severity = z.infer<typeof severitySchema>;
export type Position = z.infer<typeof positionSchema>;
export type SourceRange = z.infer<typeof rangeSchema>;
export type Fix = z.infer<typeof fixSchema>;
export type Diagnostic = z.infer<typeof diagnosticSchema>;

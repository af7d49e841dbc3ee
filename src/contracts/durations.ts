import * as z from 'zod';

const UNIT_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const PATTERN = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** A length of time: `500ms`, `30s`, `5m`, `2h`, `1d`, or a whole number of milliseconds. */
export const durationSchema = z
  .union([z.string().regex(PATTERN), z.number().int().positive()])
  .describe('A length of time: 500ms, 30s, 5m, 2h, 1d, or milliseconds');
export type Duration = z.infer<typeof durationSchema>;

/** Milliseconds of a duration; undefined when it is not one. */
export function durationMs(value: Duration): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) && value > 0 ? Math.round(value) : undefined;
  const match = PATTERN.exec(value);
  return match ? Math.round(Number(match[1]) * UNIT_MS[match[2]!]!) : undefined;
}

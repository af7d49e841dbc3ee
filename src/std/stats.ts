import { z } from 'zod';
import { defineTool, TerminalError } from '../authoring/index.ts';
import { numberOrNull, readField } from './fields.ts';

const summary = z.object({
  count: z.int().describe('Values that are numbers'),
  missing: z.int().describe('Values that are null or not there'),
  sum: z.number(),
  min: z.number().nullable(),
  max: z.number().nullable(),
  mean: z.number().nullable(),
  median: z.number().nullable(),
  stddev: z.number().nullable().describe('Null for fewer than two values (sample) or none (population)'),
  quantiles: z.array(z.object({ q: z.number(), value: z.number().nullable() })),
});
type Summary = z.output<typeof summary>;

export default defineTool({
  name: 'std/stats',
  version: '1.0.0',
  description: 'Describes numbers: count, spread, quantiles, histogram, by group',
  input: z.object({
    values: z
      .array(z.unknown())
      .describe('Numbers, or objects of which `field` is read; null is counted as missing'),
    field: z.string().optional().describe('The field with the number; a dot goes down: properties.mag'),
    by: z.string().optional().describe('Group the objects by this field'),
    quantiles: z.array(z.number().min(0).max(1)).max(100).default([0.25, 0.5, 0.75]),
    bins: z.int().min(1).max(1000).optional().describe('Bins of the histogram; absent: no histogram'),
    deviation: z.enum(['sample', 'population']).default('sample'),
    maxGroups: z.int().min(1).max(10_000).default(1000),
  }),
  output: summary.extend({
    histogram: z
      .array(z.object({ from: z.number(), to: z.number(), count: z.int() }))
      .describe('Bins of equal width; each holds its lower edge, the last also its upper'),
    groups: z.array(summary.extend({ key: z.string() })).describe('Largest first, then by key'),
  }),
  run(input) {
    const { field, by, values } = input;
    if (by !== undefined && field === undefined)
      throw new TerminalError('by groups objects, so field must say where their number is');
    const all: (number | null)[] = [];
    const groups = new Map<string, (number | null)[]>();
    for (const [i, item] of values.entries()) {
      const value =
        field === undefined
          ? numberOrNull(item, `values[${i}]`)
          : numberOrNull(readField(item, field), `${field} of values[${i}]`);
      all.push(value);
      if (by === undefined) continue;
      const key = keyOf(readField(item, by));
      let group = groups.get(key);
      if (group === undefined) {
        if (groups.size === input.maxGroups)
          throw new TerminalError(`More than ${input.maxGroups} groups of ${by}; raise maxGroups`);
        group = [];
        groups.set(key, group);
      }
      group.push(value);
    }
    const sorted = sort(all);
    return {
      ...summarize(all, input),
      histogram: input.bins === undefined ? [] : histogram(sorted, input.bins),
      groups: [...groups]
        .map(([key, group]) => ({ key, ...summarize(group, input) }))
        .sort((a, b) => b.count - a.count || (a.key < b.key ? -1 : 1)),
    };
  },
  examples: [
    {
      name: 'numbers',
      input: { values: [2, 4, 4, 4, 5, 5, 7, 9], deviation: 'population', bins: 2 },
      output: {
        count: 8,
        missing: 0,
        sum: 40,
        min: 2,
        max: 9,
        mean: 5,
        median: 4.5,
        stddev: 2,
        quantiles: [
          { q: 0.25, value: 4 },
          { q: 0.5, value: 4.5 },
          { q: 0.75, value: 5.5 },
        ],
        histogram: [
          { from: 2, to: 5.5, count: 6 },
          { from: 5.5, to: 9, count: 2 },
        ],
        groups: [],
      },
    },
    {
      name: 'a field, by group',
      input: {
        values: [
          { kind: 'a', n: 1 },
          { kind: 'a', n: 3 },
          { kind: 'b', n: null },
        ],
        field: 'n',
        by: 'kind',
        quantiles: [],
      },
      output: {
        count: 2,
        missing: 1,
        sum: 4,
        min: 1,
        max: 3,
        mean: 2,
        median: 2,
        stddev: Math.SQRT2,
        quantiles: [],
        histogram: [],
        groups: [
          {
            key: 'a',
            count: 2,
            missing: 0,
            sum: 4,
            min: 1,
            max: 3,
            mean: 2,
            median: 2,
            stddev: Math.SQRT2,
            quantiles: [],
          },
          {
            key: 'b',
            count: 0,
            missing: 1,
            sum: 0,
            min: null,
            max: null,
            mean: null,
            median: null,
            stddev: null,
            quantiles: [],
          },
        ],
      },
    },
  ],
});

const keyOf = (value: unknown): string =>
  value === undefined || value === null
    ? ''
    : typeof value === 'string'
      ? value
      : (JSON.stringify(value) ?? '');

const sort = (values: readonly (number | null)[]): number[] =>
  values.filter((value) => value !== null).sort((a, b) => a - b);

function summarize(
  values: readonly (number | null)[],
  options: { quantiles: number[]; deviation: 'sample' | 'population' },
): Summary {
  const sorted = sort(values);
  const count = sorted.length;
  const total = sum(sorted);
  const mean = count === 0 ? null : total / count;
  // Two passes: the difference of large sums would lose what a small spread on a large mean is.
  const squares = mean === null ? 0 : sum(sorted.map((value) => (value - mean) ** 2));
  const freedom = options.deviation === 'sample' ? count - 1 : count;
  return {
    count,
    missing: values.length - count,
    sum: total,
    min: sorted[0] ?? null,
    max: sorted.at(-1) ?? null,
    mean,
    median: quantile(sorted, 0.5),
    stddev: freedom > 0 ? Math.sqrt(squares / freedom) : null,
    quantiles: options.quantiles.map((q) => ({ q, value: quantile(sorted, q) })),
  };
}

/** Neumaier's sum: exact where a plain sum of many values drifts. */
function sum(values: readonly number[]): number {
  let total = 0;
  let lost = 0;
  for (const value of values) {
    const next = total + value;
    lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  return total + lost;
}

/** By linear interpolation between the two nearest values (type 7 of Hyndman and Fan, as NumPy and R do). */
function quantile(sorted: readonly number[], q: number): number | null {
  if (sorted.length === 0) return null;
  const at = (sorted.length - 1) * q;
  const below = Math.floor(at);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (at - below);
}

function histogram(sorted: readonly number[], bins: number): { from: number; to: number; count: number }[] {
  const [min] = sorted;
  const max = sorted.at(-1);
  if (min === undefined || max === undefined) return [];
  if (min === max) return [{ from: min, to: max, count: sorted.length }];
  const width = (max - min) / bins;
  const out = Array.from({ length: bins }, (_, i) => ({
    from: min + width * i,
    to: i === bins - 1 ? max : min + width * (i + 1),
    count: 0,
  }));
  for (const value of sorted) out[Math.min(Math.floor((value - min) / width), bins - 1)]!.count += 1;
  return out;
}

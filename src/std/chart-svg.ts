import { z } from 'zod';
import { defineTool, TerminalError } from '../authoring/index.ts';
import { type Chart, drawChart } from './chart/draw.ts';
import { numberOrNull, readField } from './fields.ts';

// Told apart also by readers who don't see all colours (the palette of Okabe and Ito).
const COLORS = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#d55e00', '#56b4e9', '#f0e442', '#000000'];
const MOST_BARS = 500;
const MOST_POINTS = 10_000;

export default defineTool({
  name: 'std/chart-svg',
  version: '1.0.0',
  description: 'Draws a bar chart, a line chart or a histogram as SVG',
  input: z.object({
    type: z.enum(['bar', 'line', 'histogram']),
    title: z.string().min(1).max(300).describe('Also the name of the image for those who do not see it'),
    description: z
      .string()
      .max(2000)
      .default('')
      .describe('What the chart says, in a sentence; made from the data when empty'),
    data: z.array(z.unknown()).describe('Objects; for a histogram also plain numbers'),
    x: z.string().optional().describe('The field along x (bar, line); a dot goes down: properties.mag'),
    y: z
      .union([z.string(), z.array(z.string()).min(1).max(8)])
      .optional()
      .describe('The field with the number, or several for several series'),
    xType: z
      .enum(['auto', 'category', 'number', 'time'])
      .default('auto')
      .describe('How to read x of a line chart'),
    bins: z.int().min(1).max(MOST_BARS).default(20).describe('Bins of the histogram'),
    xLabel: z.string().max(200).default(''),
    yLabel: z.string().max(200).default(''),
    width: z.int().min(200).max(4000).default(720),
    height: z.int().min(120).max(4000).default(400),
    colors: z
      .array(z.string().regex(/^#[0-9a-fA-F]{6}$/))
      .min(1)
      .max(8)
      .default(COLORS),
  }),
  output: z.object({
    svg: z.string().meta({ contentMediaType: 'image/svg+xml' }).describe('One SVG document'),
    points: z.int().describe('Bars or points drawn'),
  }),
  run(input) {
    const fields = input.y === undefined ? [] : Array.isArray(input.y) ? input.y : [input.y];
    const base = {
      title: input.title,
      description: input.description,
      width: input.width,
      height: input.height,
      xLabel: input.xLabel,
      yLabel: input.yLabel,
      colors: input.colors,
    };
    if (input.type === 'histogram') {
      if (fields.length > 1) throw new TerminalError('A histogram has one field y');
      const numbers = input.data
        .map((item, i) =>
          numberOrNull(
            fields[0] === undefined ? item : readField(item, fields[0]),
            `${fields[0] ?? 'the value'} of data[${i}]`,
          ),
        )
        .filter((value) => value !== null);
      const { edges, counts } = binsOf(numbers, input.bins);
      const chart: Chart = {
        ...base,
        series: [{ name: 'count', values: counts }],
        x: { kind: 'edges', edges },
        marks: 'bar',
      };
      return { svg: drawChart(chart), points: counts.length };
    }
    if (input.x === undefined || fields.length === 0)
      throw new TerminalError(`A ${input.type} chart needs x and y: the fields to draw`);
    const xField = input.x;
    const most = input.type === 'bar' ? MOST_BARS : MOST_POINTS;
    if (input.data.length > most)
      throw new TerminalError(
        `${input.data.length} items are more than a ${input.type} chart shows (${most}); group or bin them first`,
      );
    const xs = input.data.map((item) => readField(item, xField));
    const chart: Chart = {
      ...base,
      series: fields.map((name) => ({
        name,
        values: input.data.map((item, i) => numberOrNull(readField(item, name), `${name} of data[${i}]`)),
      })),
      x: axisOf(xs, input.type === 'bar' ? 'category' : input.xType, xField),
      marks: input.type,
    };
    return { svg: drawChart(sortByX(chart)), points: input.data.length };
  },
  examples: [
    {
      name: 'bars',
      input: {
        type: 'bar',
        title: 'Sales',
        data: [
          { m: 'Jan', n: 3 },
          { m: 'Feb', n: 5 },
        ],
        x: 'm',
        y: 'n',
      },
    },
    {
      name: 'a line over time',
      input: {
        type: 'line',
        title: 'Load',
        data: [
          { t: '2026-01-01', v: 1 },
          { t: '2026-01-02', v: 2 },
        ],
        x: 't',
        y: 'v',
      },
    },
    {
      name: 'a histogram',
      input: { type: 'histogram', title: 'Magnitudes', data: [1, 2, 2, 3, 3, 3], bins: 3 },
    },
  ],
});

const DATE = /^\d{4}-\d{2}(-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?)?$/;

function axisOf(xs: unknown[], type: 'auto' | 'category' | 'number' | 'time', field: string): Chart['x'] {
  const isNumber = xs.every((x) => typeof x === 'number' && Number.isFinite(x));
  const isTime = xs.every((x) => typeof x === 'string' && DATE.test(x) && !Number.isNaN(Date.parse(x)));
  const kind = type !== 'auto' ? type : isNumber ? 'number' : isTime ? 'time' : 'category';
  if (kind === 'number') {
    if (!isNumber)
      throw new TerminalError(`${field} is not a number everywhere; xType: category takes any text`);
    return { kind, values: xs as number[] };
  }
  if (kind === 'time') {
    // A number is a time in milliseconds.
    const values = xs.map((x) => (typeof x === 'number' ? x : Date.parse(String(x))));
    if (values.some((value) => !Number.isFinite(value) || Math.abs(value) > 8.64e15))
      throw new TerminalError(`${field} is not a time everywhere; use ISO dates or milliseconds`);
    return { kind, values };
  }
  return {
    kind: 'category',
    names: xs.map((x) =>
      x === undefined || x === null ? '' : typeof x === 'object' ? JSON.stringify(x) : String(x),
    ),
  };
}

/** A line goes from left to right, whatever the order of the data. */
function sortByX(chart: Chart): Chart {
  if (chart.x.kind !== 'number' && chart.x.kind !== 'time') return chart;
  const { values } = chart.x;
  const order = values.map((_, i) => i).sort((a, b) => values[a]! - values[b]!);
  return {
    ...chart,
    x: { ...chart.x, values: order.map((i) => values[i]!) },
    series: chart.series.map((one) => ({ ...one, values: order.map((i) => one.values[i] ?? null) })),
  };
}

function binsOf(numbers: number[], bins: number): { edges: number[]; counts: number[] } {
  if (numbers.length === 0) return { edges: [0, 1], counts: [0] };
  let min = Infinity;
  let max = -Infinity;
  for (const value of numbers) {
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  if (min === max) return { edges: [min - 0.5, max + 0.5], counts: [numbers.length] };
  const width = (max - min) / bins;
  const counts = new Array<number>(bins).fill(0);
  for (const value of numbers) counts[Math.min(Math.floor((value - min) / width), bins - 1)]! += 1;
  return { edges: Array.from({ length: bins + 1 }, (_, i) => (i === bins ? max : min + width * i)), counts };
}

import { at, cut, escapeText, label, type Ticks, ticksOf } from './scale.ts';

/** A chart, read from the tool's input: categories or numbers along x, one or more rows of numbers. */
export interface Chart {
  title: string;
  description: string;
  width: number;
  height: number;
  xLabel: string;
  yLabel: string;
  colors: readonly string[];
  series: { name: string; values: (number | null)[] }[];
  x:
    | { kind: 'category'; names: string[] }
    | { kind: 'number'; values: number[] }
    | { kind: 'time'; values: number[] }
    /** Bars between edges: a histogram. */
    | { kind: 'edges'; edges: number[] };
  marks: 'bar' | 'line';
}

/** Beyond this the span of the axis would be infinite. */
const LARGEST = 2e307;
const FONT = 'font-family="system-ui, sans-serif" font-size="12" fill="currentColor"';

/** The chart as one SVG document: no script, no style sheet, nothing from elsewhere; its title is its name. */
export function drawChart(chart: Chart): string {
  const { width, height, series } = chart;
  const many = series.length > 1;
  const values = series.flatMap((one) => one.values).filter((value) => value !== null);
  let low = Infinity;
  let high = -Infinity;
  for (const value of values) {
    low = Math.max(Math.min(low, value), -LARGEST);
    high = Math.min(Math.max(high, value), LARGEST);
  }
  if (values.length === 0) [low, high] = [0, 1];
  // A bar is read by its length, so its axis begins at zero; a line is read by its slope.
  if (chart.marks === 'bar') [low, high] = [Math.min(low, 0), Math.max(high, 0)];
  const y = ticksOf(low, high === low ? low + 1 : high, Math.max(2, Math.floor(height / 60)));
  const yWidth = Math.max(...y.values.map((value) => label(value).length)) * 7;
  const box = {
    left: 16 + yWidth + (chart.yLabel === '' ? 0 : 20),
    right: width - 16,
    top: 40 + (many ? 22 : 0),
    bottom: height - 30 - (chart.xLabel === '' ? 0 : 20),
  };
  const yAt = (value: number): number =>
    box.bottom -
    ((Math.max(-LARGEST, Math.min(value, LARGEST)) - y.from) / (y.to - y.from)) * (box.bottom - box.top);

  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeText(chart.title)}">`,
    `<title>${escapeText(chart.title)}</title>`,
    `<desc>${escapeText(chart.description === '' ? describe(chart, low, high) : chart.description)}</desc>`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<g color="#333" ${FONT}>`,
    `<text x="${at(width / 2)}" y="24" text-anchor="middle" font-size="16" font-weight="600">${escapeText(cut(chart.title, Math.floor(width / 9)))}</text>`,
    ...(many ? legend(chart, box) : []),
    ...yAxis(y, yAt, box),
    ...labels(chart, box),
  ];
  parts.push(...(chart.marks === 'bar' ? bars(chart, box, yAt) : lines(chart, box, yAt)));
  parts.push('</g>', '</svg>');
  return `${parts.join('\n')}\n`;
}

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

function describe(chart: Chart, low: number, high: number): string {
  const count = Math.max(...chart.series.map((one) => one.values.length), 0);
  const kind = chart.x.kind === 'edges' ? 'Histogram' : chart.marks === 'bar' ? 'Bar chart' : 'Line chart';
  const names = chart.series.length > 1 ? ` of ${chart.series.map((one) => one.name).join(', ')}` : '';
  return count === 0
    ? `${kind} without values`
    : `${kind}${names}: ${count} ${chart.marks === 'bar' ? 'bars' : 'points'}, from ${label(low)} to ${label(high)}`;
}

function legend(chart: Chart, box: Box): string[] {
  let x = box.left;
  const parts: string[] = [];
  for (const [i, { name }] of chart.series.entries()) {
    const shown = cut(name, 24);
    const width = shown.length * 7 + 30;
    if (x + width > box.right && x > box.left) break;
    parts.push(
      `<rect x="${at(x)}" y="${box.top - 20}" width="10" height="10" fill="${colorOf(chart, i)}"/>`,
      `<text x="${at(x + 15)}" y="${box.top - 11}">${escapeText(shown)}</text>`,
    );
    x += width;
  }
  return parts;
}

const colorOf = (chart: Chart, index: number): string => chart.colors[index % chart.colors.length]!;

function yAxis(y: Ticks, yAt: (value: number) => number, box: Box): string[] {
  return y.values.flatMap((value) => {
    const top = at(yAt(value));
    const line = value === 0 ? '#888' : '#ddd';
    return [
      `<line x1="${at(box.left)}" y1="${top}" x2="${at(box.right)}" y2="${top}" stroke="${line}"/>`,
      `<text x="${at(box.left - 6)}" y="${top}" text-anchor="end" dominant-baseline="middle">${label(value)}</text>`,
    ];
  });
}

function labels(chart: Chart, box: Box): string[] {
  const parts: string[] = [];
  const middle = (box.top + box.bottom) / 2;
  if (chart.xLabel !== '')
    parts.push(
      `<text x="${at((box.left + box.right) / 2)}" y="${chart.height - 10}" text-anchor="middle">${escapeText(chart.xLabel)}</text>`,
    );
  if (chart.yLabel !== '')
    parts.push(
      `<text x="14" y="${at(middle)}" text-anchor="middle" transform="rotate(-90 14 ${at(middle)})">${escapeText(chart.yLabel)}</text>`,
    );
  return parts;
}

/** A label below the axis; near the edges it leans inwards, so that it is not cut off. */
function under(x: number, box: Box, text: string): string {
  const half = text.length * 3.5;
  const anchor = x - half < 4 ? 'start' : x + half > box.right + 12 ? 'end' : 'middle';
  const edge = anchor === 'start' ? 4 : anchor === 'end' ? box.right + 12 : x;
  return `<text x="${at(edge)}" y="${at(box.bottom + 18)}" text-anchor="${anchor}">${escapeText(text)}</text>`;
}

function bars(chart: Chart, box: Box, yAt: (value: number) => number): string[] {
  const { x, series } = chart;
  const parts: string[] = [];
  const count =
    x.kind === 'edges' ? x.edges.length - 1 : x.kind === 'category' ? x.names.length : x.values.length;
  const slot = (box.right - box.left) / Math.max(1, count);
  const gap = x.kind === 'edges' ? Math.min(1, slot * 0.1) : slot * 0.2;
  const each = (slot - gap) / Math.max(1, series.length);
  const longest = Math.max(3, Math.floor(slot / 7));
  // Names that would overlap are shown once in a while.
  const every = Math.max(1, Math.ceil(24 / slot));
  for (let i = 0; i < count; i++) {
    const left = box.left + slot * i + gap / 2;
    const name = nameAt(chart, i);
    for (const [s, one] of series.entries()) {
      const value = one.values[i];
      if (value === undefined || value === null) continue;
      const [top, bottom] = [yAt(Math.max(value, 0)), yAt(Math.min(value, 0))];
      parts.push(
        `<rect x="${at(left + each * s)}" y="${at(top)}" width="${at(each)}" height="${at(bottom - top)}" fill="${colorOf(chart, s)}"><title>${escapeText(`${name}${series.length > 1 ? `, ${one.name}` : ''}: ${label(value)}`)}</title></rect>`,
      );
    }
    if (x.kind === 'category' && i % every === 0)
      parts.push(under(left + (slot - gap) / 2, box, cut(name, Math.max(longest * every, 3))));
  }
  if (x.kind === 'edges') {
    const [from, to] = [x.edges[0] ?? 0, x.edges.at(-1) ?? 1];
    for (const value of ticksOf(from, to, 6).values)
      if (value >= from && value <= to)
        parts.push(
          under(box.left + ((value - from) / (to - from || 1)) * (box.right - box.left), box, label(value)),
        );
  }
  return parts;
}

function nameAt({ x }: Chart, i: number): string {
  switch (x.kind) {
    case 'category':
      return x.names[i] ?? '';
    case 'number':
      return label(x.values[i] ?? 0);
    case 'time':
      return timeLabel(x.values[i] ?? 0, true);
    case 'edges':
      return `${label(x.edges[i]!)} to ${label(x.edges[i + 1]!)}`;
  }
}

const timeLabel = (ms: number, whole: boolean): string => {
  const iso = new Date(ms).toISOString();
  return whole ? iso.slice(0, 16).replace('T', ' ').replace(' 00:00', '') : iso.slice(0, 10);
};

function lines(chart: Chart, box: Box, yAt: (value: number) => number): string[] {
  const { x, series } = chart;
  const parts: string[] = [];
  const inner = box.right - box.left;
  let xAt: (index: number) => number;
  if (x.kind === 'number' || x.kind === 'time') {
    const { values } = x;
    let min = Infinity;
    let max = -Infinity;
    for (const value of values) {
      min = Math.min(min, value);
      max = Math.max(max, value);
    }
    xAt = (i) => box.left + (max === min ? inner / 2 : ((values[i]! - min) / (max - min)) * inner);
    const most = Math.max(2, Math.floor(inner / 90));
    const shown =
      x.kind === 'number'
        ? ticksOf(min, max, most).values
        : Array.from({ length: most }, (_, i) => min + ((max - min) * i) / (most - 1));
    const sameDay = max - min < 2 * 86_400_000;
    if (values.length > 0)
      for (const value of shown)
        if (value >= min && value <= max)
          parts.push(
            under(
              box.left + (max === min ? inner / 2 : ((value - min) / (max - min)) * inner),
              box,
              x.kind === 'number' ? label(value) : timeLabel(value, sameDay),
            ),
          );
  } else {
    const names = x.kind === 'category' ? x.names : [];
    xAt = (i) => box.left + (names.length < 2 ? inner / 2 : (i / (names.length - 1)) * inner);
    const every = Math.max(1, Math.ceil((names.length * 60) / inner));
    for (let i = 0; i < names.length; i += every) parts.push(under(xAt(i), box, cut(names[i]!, 10)));
  }
  for (const [s, one] of series.entries()) {
    // A gap where a value is missing: a line through it would claim what nobody measured.
    let path = '';
    let down = false;
    for (const [i, value] of one.values.entries()) {
      if (value === null) {
        down = false;
        continue;
      }
      path += `${down ? 'L' : 'M'}${at(xAt(i))} ${at(yAt(value))}`;
      down = true;
    }
    const color = colorOf(chart, s);
    parts.push(
      `<path d="${path}" fill="none" stroke="${color}" stroke-width="2" stroke-linejoin="round"><title>${escapeText(one.name)}</title></path>`,
    );
    if (one.values.length <= 60)
      for (const [i, value] of one.values.entries())
        if (value !== null)
          parts.push(
            `<circle cx="${at(xAt(i))}" cy="${at(yAt(value))}" r="3" fill="${color}"><title>${escapeText(`${nameAt(chart, i)}: ${label(value)}`)}</title></circle>`,
          );
  }
  return parts;
}

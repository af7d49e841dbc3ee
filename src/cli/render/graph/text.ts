import type { NodeState } from '../../../contracts/events.ts';
import { formatCost, formatDuration, plural } from '../figures.ts';
import { oneLine, pad, textWidth, truncate } from '../text-width.ts';
import type { Theme } from '../theme.ts';
import { Canvas } from './canvas.ts';
import {
  type Channel,
  droppedLines,
  layout,
  type Metrics,
  type PlacedList,
  type PlacedNode,
} from './layout.ts';
import {
  captionOf,
  countNodes,
  type GraphFigures,
  type GraphModel,
  type GraphNode,
  layersOf,
  reduced,
  topological,
} from './model.ts';
import { tracksOf } from './tracks.ts';

export interface TextOptions {
  theme: Theme;
  columns: number;
  /** Whether the theme draws more than ASCII. */
  unicode: boolean;
  /** Also lines that others imply. */
  allEdges?: boolean;
  /** The list instead of boxes. */
  list?: boolean;
}

/** More nodes than this are a list: boxes of so many are only long. */
const MOST_BOXES = 80;
const MOST_CAPTION = 30;

/** A graph for the terminal: boxes and lines where they fit, else a list in order in which each names what it waits for. */
export function graphText(model: GraphModel, options: TextOptions): string[] {
  const heading = headingOf(model, options.theme);
  if (model.nodes.length === 0) return [heading, options.theme.dim('no nodes')];
  if (!options.list && countNodes(model.nodes) <= MOST_BOXES) {
    const drawn = boxes(model, options);
    if (drawn) return [heading, '', ...drawn];
  }
  return [heading, '', ...listLines(model, options)];
}

function headingOf({ name, version, nodes, run }: GraphModel, theme: Theme): string {
  const parts = [theme.strong(oneLine(name))];
  if (version && version !== '0.0.0') parts.push(theme.dim(oneLine(version)));
  parts.push(theme.dim(plural(countNodes(nodes), 'node')));
  if (run) {
    const { id, state, ms, cost } = run;
    const paint = state === 'succeeded' ? theme.good : state === 'failed' ? theme.bad : theme.warn;
    parts.push(theme.dim(id), paint(state));
    if (ms !== undefined) parts.push(theme.dim(formatDuration(ms)));
    if (cost) parts.push(theme.dim(formatCost(cost)));
  }
  return parts.join('  ');
}

const idOf = (node: GraphNode, theme: Theme): string =>
  node.figures ? `${markOf(node.figures.state, theme)} ${node.id}` : node.id;

function markOf(state: NodeState, { mark }: Theme): string {
  switch (state) {
    case 'succeeded':
      return mark.ok;
    case 'failed':
      return mark.fail;
    case 'running':
      return mark.fold;
    case 'retrying':
      return mark.retry;
    case 'waiting':
      return mark.waiting;
    case 'skipped':
      return mark.skip;
    case 'cancelled':
      return mark.cancel;
    case 'pending':
      return mark.pending;
  }
}

function paintOf(figures: GraphFigures | undefined, theme: Theme): (text: string) => string {
  switch (figures?.state) {
    case undefined:
      return (text) => text;
    case 'succeeded':
      return theme.good;
    case 'failed':
      return theme.bad;
    case 'running':
      return theme.accent;
    case 'retrying':
    case 'waiting':
    case 'cancelled':
      return theme.warn;
    default:
      return theme.dim;
  }
}

/** `1.2 s  $0.01  40 rounds, 2 failed`. */
export function figuresText(figures: GraphFigures | undefined): string {
  if (!figures) return '';
  const { ms, cost, rounds, state } = figures;
  const parts: string[] = [];
  if (ms !== undefined && ms >= 1) parts.push(formatDuration(ms));
  if (cost !== undefined && cost > 0) parts.push(formatCost(cost));
  if (rounds && (rounds.total > 1 || rounds.failed > 0))
    parts.push(`${plural(rounds.total, 'round')}${rounds.failed > 0 ? `, ${rounds.failed} failed` : ''}`);
  if (parts.length === 0 && state !== 'succeeded') parts.push(state);
  return parts.join('  ');
}

const caption = (node: GraphNode, theme: Theme): string =>
  truncate(oneLine(captionOf(node)), MOST_CAPTION, theme.mark.ellipsis);

function boxes(model: GraphModel, options: TextOptions): string[] | undefined {
  const { theme, columns, unicode } = options;
  const contents = (node: GraphNode): string[] =>
    [idOf(node, theme), caption(node, theme), figuresText(node.figures)].filter(Boolean);
  const headingText = (node: GraphNode): string =>
    [idOf(node, theme), caption(node, theme), figuresText(node.figures)].filter(Boolean).join('  ');
  const metrics: Metrics = {
    leaf: (node) => {
      const lines = contents(node);
      return { width: Math.max(9, ...lines.map((line) => textWidth(line) + 4)), height: lines.length + 2 };
    },
    heading: (node) => ({ width: textWidth(headingText(node)) + 6, height: 1 }),
    title: (list) => ({ width: textWidth(list.name) + 6, height: 1 }),
    padding: { x: 2, y: 1 },
    gap: { x: 3, line: 1 },
    channel: (lines) => tracksOf(lines).rows + 1,
  };
  const placed = layout(reduced(model.nodes, options.allEdges), metrics);
  if (placed.width > columns || droppedLines(placed) > 0) return undefined;
  const canvas = new Canvas(unicode, theme.dim);
  paintList(placed);
  return canvas.lines();

  function paintList(list: PlacedList): void {
    for (const node of list.nodes) paintNode(node);
    for (const { net, x, y, height } of list.passing) {
      if (height === 0) continue;
      leave(x, y, list);
      canvas.down(net, x, y, y + height - 1, { top: true, bottom: true });
    }
    for (const channel of list.channels) paintChannel(channel, list);
  }

  function paintNode({ node, x, y, width, height, lists }: PlacedNode): void {
    const paint = paintOf(node.figures, theme);
    if (lists.length === 0) {
      canvas.frame(x, y, width, height, node.figures ? paint : theme.dim, false);
      contents(node).forEach((line, i) => {
        canvas.text(x + 2, y + 1 + i, line, i === 0 ? (node.figures ? paint : theme.strong) : theme.dim);
      });
      return;
    }
    canvas.frame(x, y, width, height, node.figures ? paint : theme.dim, true);
    const id = idOf(node, theme);
    const rest = [caption(node, theme), figuresText(node.figures)].filter(Boolean).join('  ');
    canvas.text(x + 2, y, ` ${id} `, node.figures ? paint : theme.strong);
    canvas.text(x + 4 + textWidth(id), y, ` ${rest} `, theme.dim);
    for (const list of lists) {
      if (list.title !== undefined) {
        canvas.frame(list.x, list.y, list.width, list.height, theme.dim, true);
        canvas.text(list.x + 2, list.y, ` ${oneLine(list.title)} `, theme.accent);
      }
      paintList(list);
    }
  }

  /** A line that begins right under a box comes out of its frame. */
  function leave(x: number, y: number, list: PlacedList): void {
    const under = (node: PlacedNode): boolean =>
      node.x + Math.floor(node.width / 2) === x && node.y + node.height === y;
    if (list.nodes.some(under)) canvas.text(x, y - 1, unicode ? '┬' : '+', theme.dim);
  }

  function paintChannel({ y, height, lines }: Channel, list: PlacedList): void {
    const { nets } = tracksOf(lines);
    for (const { net, from, to, row } of nets) {
      const turn = row < 0 ? y + height - 1 : y + row;
      leave(from, y, list);
      if (row >= 0) {
        canvas.down(net, from, y, turn, { top: true, bottom: false });
        const xs = [from, ...to.map((end) => end.x)];
        canvas.side(net, turn, Math.min(...xs), Math.max(...xs));
      }
      for (const { x, arrives } of to) {
        const last = y + height - 1;
        canvas.down(net, x, row < 0 ? y : turn, last, { top: row < 0, bottom: true });
        if (arrives) canvas.text(x, last, unicode ? '▼' : 'v', theme.dim);
      }
    }
  }
}

const MOST_NAMED = 4;

/** Each node on a line, in an order in which all that it waits for stands above it. */
function listLines(model: GraphModel, { theme, columns, allEdges }: TextOptions): string[] {
  const lines: { left: string; right: string; below: string }[] = [];
  const walk = (nodes: readonly GraphNode[], prefix: string, top: boolean): void => {
    const sorted = inOrder(nodes);
    const width = Math.min(28, Math.max(0, ...sorted.map((node) => textWidth(idOf(node, theme)))));
    sorted.forEach((node, i) => {
      const last = i === sorted.length - 1;
      const indent = top ? '' : prefix + (last ? theme.branch.last : theme.branch.tee);
      const inner = top ? '' : prefix + (last ? theme.branch.space : theme.branch.pipe);
      const paint = node.figures ? paintOf(node.figures, theme) : theme.strong;
      const words = [caption(node, theme), figuresText(node.figures)].filter(Boolean).join('  ');
      const named = node.after.slice(0, MOST_NAMED).join(', ');
      const more = node.after.length > MOST_NAMED ? ` +${node.after.length - MOST_NAMED}` : '';
      lines.push({
        left: `${theme.dim(indent)}${pad(paint(idOf(node, theme)), width)}  ${theme.dim(words)}`,
        right: node.after.length === 0 ? '' : `${theme.mark.next} after ${named}${more}`,
        below: theme.dim(`${inner}${node.lists.length > 0 && !top ? theme.branch.pipe : ''}  `),
      });
      const lists = node.lists.filter((list) => list.nodes.length > 0);
      const titled = lists.length > 1 || node.type === 'condition' || node.type === 'parallel';
      lists.forEach((list, k) => {
        if (!titled) walk(list.nodes, inner, false);
        else {
          const end = k === lists.length - 1;
          lines.push({
            left: `${theme.dim(inner + (end ? theme.branch.last : theme.branch.tee))}${theme.accent(oneLine(list.name))}`,
            right: '',
            below: '',
          });
          walk(list.nodes, inner + (end ? theme.branch.space : theme.branch.pipe), false);
        }
      });
    });
  };
  walk(reduced(model.nodes, allEdges), '', true);
  const column = Math.min(
    lines.reduce((widest, { left }) => Math.max(widest, textWidth(left)), 0),
    Math.max(40, Math.floor(columns * 0.6)),
  );
  return lines.flatMap(({ left, right, below }) => {
    if (right === '') return [truncate(left, columns, theme.mark.ellipsis).trimEnd()];
    const line = `${pad(left, column)}  ${theme.dim(right)}`;
    if (textWidth(line) <= columns) return [line];
    // No room beside it: what it waits for stands below.
    return [left, `${below}${theme.dim(right)}`].map((each) =>
      truncate(each, columns, theme.mark.ellipsis).trimEnd(),
    );
  });
}

/** By layer, then as in the document. */
function inOrder(nodes: readonly GraphNode[]): GraphNode[] {
  const index = new Map(nodes.map((node, i) => [node.id, i]));
  const after = nodes.map((node) => node.after.flatMap((id) => index.get(id) ?? []));
  const layer = layersOf(after);
  const place = new Map(topological(after).map((i, at) => [i, at]));
  return nodes
    .map((node, i) => ({ node, i }))
    .sort((a, b) => layer[a.i]! - layer[b.i]! || place.get(a.i)! - place.get(b.i)! || a.i - b.i)
    .map(({ node }) => node);
}

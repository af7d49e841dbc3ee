import { centre, type Item, largest } from './item.ts';
import { type GraphList, type GraphNode, layersOf } from './model.ts';
import { order } from './order.ts';
import { spread } from './spread.ts';

/** Lengths are whole numbers, in the units of whoever draws: characters or pixels. */
export interface Metrics {
  /** Size of a node without nested nodes. */
  leaf(node: GraphNode): { width: number; height: number };
  /** Least width of a container: that of its heading. */
  heading(node: GraphNode): { width: number; height: number };
  /** Least width of a list with a title, and the height of the title; of a list without one, 0. */
  title(list: GraphList): { width: number; height: number };
  /** Between the border of a container and what is in it. */
  padding: { x: number; y: number };
  /** Between two boxes side by side, and around a line that passes between boxes. */
  gap: { x: number; line: number };
  /** Height of the space between two layers, given the lines that cross it. */
  channel(lines: readonly Line[]): number;
}

/** A line through the space between two layers. All lines of one `net` come from the same node. */
export interface Line {
  net: number;
  from: number;
  to: number;
  /** How far left and right of `to` it may arrive: the box below has that much room. */
  reach: number;
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface PlacedNode extends Box {
  node: GraphNode;
  lists: PlacedList[];
}

export interface PlacedList extends Box {
  /** Absent for the only list of a node. */
  title?: string;
  nodes: PlacedNode[];
  channels: Channel[];
  /** Lines that are not drawn: a picture of so many long ones says nothing, and takes long. */
  dropped: number;
  /** Pieces of lines that pass a layer between its boxes. */
  passing: { net: number; x: number; y: number; height: number }[];
}

/** The space between two layers, with its lines; `x` is absolute. */
export interface Channel {
  y: number;
  height: number;
  lines: (Line & { arrives: boolean })[];
}

/** Lays out a list of nodes and all that is nested in them; the result stands at 0, 0. */
export function layout(nodes: readonly GraphNode[], metrics: Metrics): PlacedList {
  const placed = place({ name: '', nodes: [...nodes] }, metrics);
  settle(placed, 0, 0);
  return placed;
}

function place(list: GraphList, metrics: Metrics): PlacedList {
  const { nodes } = list;
  const index = new Map(nodes.map((node, i) => [node.id, i]));
  const after = nodes.map((node) => node.after.flatMap((id) => index.get(id) ?? []));
  const { layers, dropped } = arrange(nodes, after, layersOf(after, true), metrics);
  order(layers);
  spread(layers, metrics);

  const channels: Channel[] = [];
  const passing: PlacedList['passing'] = [];
  const placed: PlacedNode[] = [];
  let y = 0;
  layers.forEach((layer, i) => {
    const height = largest(layer.map((item) => item.height));
    for (const item of layer) {
      if (item.placed) {
        Object.assign(item.placed, { x: item.x, y });
        placed.push(item.placed);
        // A short box in a tall layer: its line goes on down to the channel.
        if (item.down.length > 0 && item.height < height)
          passing.push({ net: item.net, x: centre(item), y: y + item.height, height: height - item.height });
      } else passing.push({ net: item.net, x: centre(item), y, height });
    }
    y += height;
    if (i === layers.length - 1) return;
    const lines = layer.flatMap((item) =>
      item.down.map((to) => ({
        net: item.net,
        from: centre(item),
        to: centre(to),
        arrives: to.placed !== undefined,
        reach: to.placed ? Math.max(0, Math.floor((to.width - 3) / 2)) : 0,
      })),
    );
    const space = metrics.channel(lines);
    channels.push({ y, height: space, lines });
    y += space;
  });
  const width = largest(layers.flat().map((item) => item.x + item.width));
  return { x: 0, y: 0, width, height: y, nodes: placed, channels, passing, dropped };
}

function box(node: GraphNode, metrics: Metrics): PlacedNode {
  const lists = node.lists.filter((list) => list.nodes.length > 0);
  if (lists.length === 0) return { node, lists: [], x: 0, y: 0, ...metrics.leaf(node) };
  const { padding } = metrics;
  const heading = metrics.heading(node);
  const titled = lists.length > 1 || node.type === 'condition' || node.type === 'parallel';
  let x = padding.x;
  let height = 0;
  const placed = lists.map((list) => {
    const inner = place(list, metrics);
    const title = titled ? metrics.title(list) : { width: 0, height: 0 };
    const frame = titled ? padding : { x: 0, y: 0 };
    const width = Math.max(title.width, inner.width + 2 * frame.x);
    const one: PlacedList = {
      ...inner,
      ...(titled ? { title: list.name } : {}),
      x,
      y: heading.height,
      width,
      height: inner.height + title.height + frame.y,
    };
    // Until all is settled, what is in a list stands relative to it.
    move(one, Math.floor((width - inner.width) / 2), title.height);
    x += width + metrics.gap.x;
    height = Math.max(height, one.height);
    return one;
  });
  for (const one of placed) if (titled) one.height = height;
  return {
    node,
    lists: placed,
    x: 0,
    y: 0,
    width: Math.max(heading.width, x - metrics.gap.x + padding.x),
    height: heading.height + height + padding.y,
  };
}

function move(list: PlacedList, x: number, y: number): void {
  for (const node of list.nodes) {
    node.x += x;
    node.y += y;
  }
  for (const channel of list.channels) {
    channel.y += y;
    for (const line of channel.lines) {
      line.from += x;
      line.to += x;
    }
  }
  for (const piece of list.passing) {
    piece.x += x;
    piece.y += y;
  }
}

/** How many lines are not drawn, with those inside of nodes. */
export const droppedLines = (list: PlacedList): number =>
  list.nodes.reduce(
    (sum, node) => sum + node.lists.reduce((inner, each) => inner + droppedLines(each), 0),
    list.dropped,
  );

/** Makes all places absolute. */
function settle(list: PlacedList, x: number, y: number): void {
  list.x += x;
  list.y += y;
  move(list, list.x, list.y);
  for (const node of list.nodes) {
    const inner = node.lists.reduce((right, each) => Math.max(right, each.x + each.width), 0);
    const left =
      node.lists.length === 0 ? 0 : Math.max(0, Math.floor((node.width - inner - node.lists[0]!.x) / 2));
    for (const each of node.lists) settle(each, node.x + left, node.y);
  }
}

/** Nodes by layer; a line over several layers gets a point in each, shared by all lines of the same node. */
function arrange(
  nodes: readonly GraphNode[],
  after: readonly (readonly number[])[],
  layer: readonly number[],
  metrics: Metrics,
): { layers: Item[][]; dropped: number } {
  const layers: Item[][] = Array.from({ length: largest(layer.map((each) => each + 1)) }, () => []);
  const items = nodes.map((node, net): Item => {
    const placed = box(node, metrics);
    return { placed, net, width: placed.width, height: placed.height, x: 0, up: [], down: [] };
  });
  items.forEach((item, i) => {
    layers[layer[i]!]!.push(item);
  });
  const points = new Map<string, Item>();
  const join = (from: Item, to: Item): void => {
    if (from.down.includes(to)) return;
    from.down.push(to);
    to.up.push(from);
  };
  const lines = after
    .flatMap((list, to) => list.map((from) => ({ from, to, length: layer[to]! - layer[from]! })))
    .filter(({ length }) => length > 0)
    .sort((a, b) => a.length - b.length);
  let dropped = 0;
  for (const line of lines) {
    if (points.size + line.length > MOST_POINTS) {
      dropped++;
      continue;
    }
    let from = items[line.from]!;
    for (let at = layer[line.from]! + 1; at < layer[line.to]!; at++) {
      const key = `${line.from} ${at}`;
      let point = points.get(key);
      if (point === undefined) {
        point = { net: line.from, width: 2 * metrics.gap.line + 1, height: 0, x: 0, up: [], down: [] };
        points.set(key, point);
        layers[at]!.push(point);
      }
      join(from, point);
      from = point;
    }
    join(from, items[line.to]!);
  }
  return { layers, dropped };
}

/** Places of a list where long lines pass a layer. */
const MOST_POINTS = 15_000;

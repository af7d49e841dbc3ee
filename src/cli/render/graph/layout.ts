import { type GraphList, type GraphNode, layersOf } from './model.ts';

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

interface Item {
  /** Absent for the point where a long line passes a layer. */
  placed?: PlacedNode;
  net: number;
  width: number;
  height: number;
  /** Left edge. */
  x: number;
  up: Item[];
  down: Item[];
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

/** Not by spreading: the arguments of a call are limited, the nodes of a list are not. */
const largest = (values: readonly number[]): number =>
  values.reduce((most, value) => Math.max(most, value), 0);

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
const SWEEPS = 8;

/** Orders each layer by the middle of its neighbours, down and up, so that few lines cross. */
function order(layers: Item[][]): void {
  const size = layers.reduce((sum, layer) => sum + layer.length, 0);
  const sweeps = size > 5_000 ? 2 : SWEEPS;
  let best = layers.map((layer) => [...layer]);
  let fewest = crossings(layers);
  for (let sweep = 0; sweep < sweeps && fewest > 0; sweep++) {
    const down = sweep % 2 === 0;
    for (let i = 1; i < layers.length; i++) {
      const at = down ? i : layers.length - 1 - i;
      const fixed = layers[down ? at - 1 : at + 1]!;
      const place = new Map(fixed.map((item, k) => [item, k]));
      const wish = new Map(
        layers[at]!.map((item, k) => {
          const near = (down ? item.up : item.down).map((each) => place.get(each)!).sort((a, b) => a - b);
          return [item, near.length === 0 ? (k * fixed.length) / layers[at]!.length : median(near)];
        }),
      );
      layers[at]!.sort((a, b) => wish.get(a)! - wish.get(b)!);
    }
    const now = crossings(layers);
    if (now >= fewest) continue;
    fewest = now;
    best = layers.map((layer) => [...layer]);
  }
  best.forEach((layer, i) => {
    layers[i] = layer;
  });
}

const median = (sorted: number[]): number => {
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

/** How many pairs of lines cross, counted by merging. */
function crossings(layers: Item[][]): number {
  let total = 0;
  for (let i = 1; i < layers.length; i++) {
    const place = new Map(layers[i]!.map((item, k) => [item, k]));
    const ends = layers[i - 1]!.flatMap((item) =>
      item.down.map((to) => place.get(to)!).sort((a, b) => a - b),
    );
    total += inversions(ends);
  }
  return total;
}

function inversions(values: number[]): number {
  if (values.length < 2) return 0;
  const size = largest(values) + 1;
  const tree = new Uint32Array(size + 1);
  let count = 0;
  values.forEach((value, seen) => {
    let notAbove = 0;
    for (let at = value + 1; at > 0; at -= at & -at) notAbove += tree[at]!;
    count += seen - notAbove;
    for (let at = value + 1; at <= size; at += at & -at) tree[at]!++;
  });
  return count;
}

const centre = (item: Item): number => item.x + Math.floor(item.width / 2);

const ROUNDS = 6;

/** Gives each item its x: as near as it gets to the middle of its neighbours, without changing the order. */
function spread(layers: Item[][], metrics: Metrics): void {
  for (const layer of layers) {
    let x = 0;
    for (const item of layer) {
      item.x = x;
      x += item.width + gapAfter(item, metrics);
    }
  }
  const rounds = layers.length > 500 ? 2 : ROUNDS;
  for (let round = 0; round < rounds; round++) {
    const down = round % 2 === 0;
    for (let i = 0; i < layers.length; i++) {
      const layer = layers[down ? i : layers.length - 1 - i]!;
      pull(layer, metrics, (item) =>
        round === rounds - 1 ? [...item.up, ...item.down] : down ? item.up : item.down,
      );
    }
  }
  straighten(layers, metrics);
  const least = layers.flat().reduce((left, item) => Math.min(left, item.x), Number.POSITIVE_INFINITY);
  if (Number.isFinite(least)) for (const item of layers.flat()) item.x -= least;
}

/** Small steps in lines that could go straight down are taken out where there is room to. */
function straighten(layers: Item[][], metrics: Metrics): void {
  const nudge = (layer: Item[], near: (item: Item) => Item[]): void => {
    layer.forEach((item, k) => {
      const [other, ...more] = near(item);
      if (other === undefined || more.length > 0) return;
      const x = centre(other) - Math.floor(item.width / 2);
      if (x === item.x || (item.placed && Math.abs(x - item.x) > item.width / 2)) return;
      const left = layer[k - 1];
      const right = layer[k + 1];
      if (left && x < left.x + left.width + gapAfter(left, metrics)) return;
      if (right && x + item.width + gapAfter(item, metrics) > right.x) return;
      item.x = x;
    });
  };
  for (let pass = 0; pass < 2; pass++) {
    for (const layer of layers) nudge(layer, (item) => item.up);
    for (const layer of [...layers].reverse()) nudge(layer, (item) => item.down);
  }
}

const gapAfter = (item: Item, { gap }: Metrics): number => (item.placed ? gap.x : gap.line);

/** Of a long line the pieces pull at each other, so that it goes straight. */
function mean(others: readonly Item[], line: boolean): number {
  let sum = 0;
  let weights = 0;
  for (const other of others) {
    const weight = line && !other.placed ? 8 : 1;
    sum += weight * centre(other);
    weights += weight;
  }
  return sum / weights;
}

/** Least squares under the order of the layer: neighbours that would overlap move as one block. */
function pull(layer: Item[], metrics: Metrics, near: (item: Item) => Item[]): void {
  interface Block {
    items: number;
    weight: number;
    /** Weighted sum of where its items wish its first one to be. */
    sum: number;
  }
  const blocks: Block[] = [];
  let offset = 0;
  const offsets: number[] = [];
  for (const item of layer) {
    const others = near(item);
    const middle = others.length === 0 ? centre(item) : mean(others, item.placed === undefined);
    // Long lines should be straight; a node without neighbours goes where there is room.
    const weight = others.length === 0 ? 0.1 : item.placed ? 1 : 4;
    offsets.push(offset);
    blocks.push({ items: 1, weight, sum: weight * (middle - Math.floor(item.width / 2) - offset) });
    offset += item.width + gapAfter(item, metrics);
    while (blocks.length > 1) {
      const last = blocks.at(-1)!;
      const before = blocks.at(-2)!;
      if (before.sum / before.weight <= last.sum / last.weight) break;
      before.items += last.items;
      before.weight += last.weight;
      before.sum += last.sum;
      blocks.pop();
    }
  }
  let i = 0;
  for (const block of blocks) {
    const x = Math.round(block.sum / block.weight);
    for (let k = 0; k < block.items; k++, i++) layer[i]!.x = x + offsets[i]!;
  }
}

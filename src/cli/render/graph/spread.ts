import { centre, type Item } from './item.ts';
import type { Metrics } from './layout.ts';

const ROUNDS = 6;

/** Gives each item its x: as near as it gets to the middle of its neighbours, without changing the order. */
export function spread(layers: Item[][], metrics: Metrics): void {
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

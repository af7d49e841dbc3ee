import { type Item, largest } from './item.ts';

const SWEEPS = 8;

/** Orders each layer by the middle of its neighbours, down and up, so that few lines cross. */
export function order(layers: Item[][]): void {
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

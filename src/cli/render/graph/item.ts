import type { PlacedNode } from './layout.ts';

/** What stands in a layer while it is laid out: a box, or the point where a long line passes. */
export interface Item {
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

export const centre = (item: Item): number => item.x + Math.floor(item.width / 2);

/** Not by spreading: the arguments of a call are limited, the nodes of a list are not. */
export const largest = (values: readonly number[]): number =>
  values.reduce((most, value) => Math.max(most, value), 0);

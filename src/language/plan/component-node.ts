import { NODE_ID } from '../../contracts/ids.ts';
import { RESERVED_IDS } from '../expressions/builtins.ts';

/** The id of the node that runs a component by itself: `std/csv-parse` -> `csv_parse`. */
export function nodeIdOf(name: string): string {
  const id = name
    .slice(name.lastIndexOf('/') + 1)
    .replace(/[^A-Za-z0-9_]/g, '_')
    .slice(0, 60);
  return NODE_ID.test(id) && !RESERVED_IDS.has(id) ? id : `${id}_`;
}

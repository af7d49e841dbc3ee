import { existsSync, readFileSync } from 'node:fs';
import { IceError } from '../contracts/errors.ts';

/** The text of the file that ICE_MODEL_PRICES names. */
export function readPrices(file: string): string {
  if (!existsSync(file))
    throw new IceError('usage', `ICE_MODEL_PRICES names ${file}, which is not there`, {
      hint: 'Correct the path, or leave it out',
    });
  return readFileSync(file, 'utf8');
}

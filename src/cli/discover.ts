import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Plugin } from '@oclif/core/config';
import { IceError } from '../contracts/errors.ts';
import type { Manifest } from './catalogue.ts';

/**
 * Finds the commands by the pattern of their files and loads each, to say what is in them. The build writes the answer
 * to `dist/oclif.manifest.json`; `bin/dev.js` and the generators ask it of the sources.
 */
export async function discover(root: string): Promise<Manifest> {
  const pjson = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  pjson.oclif = { ...pjson.oclif, commands: { strategy: 'pattern', target: './src/cli/commands' } };
  const plugin = new Plugin({ root, pjson, isRoot: true, ignoreManifest: true, errorOnManifestCreate: true });
  await plugin.load();
  const manifest = plugin.manifest as unknown as Manifest;
  for (const [id, card] of Object.entries(manifest.commands)) {
    if (!card.relativePath) throw new IceError('internal', `the command ${id} was not found as a file`);
    for (const key of Object.keys(card)) {
      if (!KEPT.has(key)) delete (card as unknown as Record<string, unknown>)[key];
    }
  }
  return manifest;
}

/** What of a command goes to the manifest; the library would add every static field. */
const KEPT = new Set([
  'id',
  'summary',
  'description',
  'examples',
  'args',
  'flags',
  'readOnly',
  'exitCodes',
  'hidden',
  'relativePath',
  'isESM',
]);

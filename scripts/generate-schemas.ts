/**
 * docs/reference/schemas: the JSON Schemas of the documents that people write. `--check` changes nothing and fails if
 * one is stale.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PUBLISHED, publishedSchema } from '../src/language/schema/published.ts';

const folder = join(import.meta.dirname, '../docs/reference/schemas');
const check = process.argv.includes('--check');
mkdirSync(folder, { recursive: true });
for (const name of PUBLISHED) {
  const file = join(folder, `${name}.json`);
  const text = `${JSON.stringify(publishedSchema(name), undefined, 2)}\n`;
  let before = '';
  try {
    before = readFileSync(file, 'utf8');
  } catch {
    // It has not been generated yet.
  }
  if (before === text) continue;
  if (!check) writeFileSync(file, text);
  else {
    console.error(`docs/reference/schemas/${name}.json is stale. Run npm run generate.`);
    process.exitCode = 1;
  }
}

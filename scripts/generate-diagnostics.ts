/**
 * docs/reference/diagnostics: a page for each diagnostic code. `--check` changes nothing and fails if one is stale,
 * missing or left over.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { diagnosticPages } from '../src/language/diagnostics/pages.ts';

const folder = join(import.meta.dirname, '../docs/reference/diagnostics');
const check = process.argv.includes('--check');
const pages = diagnosticPages();

mkdirSync(folder, { recursive: true });
const there = readdirSync(folder);
const stale: string[] = there.filter((name) => !pages.has(name));
for (const [name, text] of pages) {
  if (there.includes(name) && readFileSync(join(folder, name), 'utf8') === text) continue;
  stale.push(name);
  if (!check) writeFileSync(join(folder, name), text);
}
if (check && stale.length > 0) {
  console.error(
    `Stale in docs/reference/diagnostics: ${stale.slice(0, 10).join(', ')}. Run npm run generate.`,
  );
  process.exit(1);
}
if (!check) for (const name of there) if (!pages.has(name)) rmSync(join(folder, name));

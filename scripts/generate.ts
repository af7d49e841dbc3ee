/** `npm run generate`: rewrites every generated file. `--check` changes nothing and fails if one is stale. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

const here = import.meta.dirname;
let stale = false;
for (const script of readdirSync(here)
  .filter((name) => /^generate-.+\.ts$/.test(name))
  .sort()) {
  const done = spawnSync(process.execPath, [join(here, script), ...process.argv.slice(2)], {
    stdio: 'inherit',
  });
  stale ||= done.status !== 0;
}
process.exit(stale ? 1 : 0);

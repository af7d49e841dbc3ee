/**
 * Bundles what stands in every VM of the sandbox (src/sandbox/quickjs/guest) as text into guest.generated.ts, so that
 * a child needs neither a bundler nor a type stripper. `node scripts/build-guest.ts [--check]`.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
export const file = join(root, 'src/sandbox/quickjs/guest.generated.ts');

export async function guestModule(): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['src/sandbox/quickjs/guest/main.ts'],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2023',
    charset: 'utf8',
    legalComments: 'none',
    minifyWhitespace: true,
    minifySyntax: true,
    logLevel: 'silent',
  });
  return `// Made by scripts/build-guest.ts from src/sandbox/quickjs/guest; do not edit.
export const GUEST = ${JSON.stringify(outputFiles[0]!.text.trim())};
`;
}

if (import.meta.main) {
  const made = await guestModule();
  if (process.argv.includes('--check')) {
    if ((await readFile(file, 'utf8').catch(() => '')) !== made) {
      console.error('src/sandbox/quickjs/guest.generated.ts is stale: node scripts/build-guest.ts');
      process.exitCode = 1;
    }
  } else await writeFile(file, made);
}

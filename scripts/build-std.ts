/**
 * What a build needs besides the bundles of scripts/build.ts: the programs of the children that run tools, each one
 * file without imports (a child may read nothing else), and the first-party tools prebuilt, so that no user waits for
 * a bundler. `node scripts/build-std.ts`, after the rest of dist/ is there.
 */
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { QuickJS } from 'quickjs-wasi';
import { buildStd } from '../src/host/std-build.ts';
import type { PrebuiltTool } from '../src/host/std-catalog.ts';
import { DEFAULT_LIMITS } from '../src/sandbox/protocol.ts';
import { createSandboxRuntime } from '../src/sandbox/quickjs/index.ts';
import { baseSnapshot } from '../src/sandbox/quickjs/vm.ts';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

await mkdir(join(dist, 'sandbox'), { recursive: true });
await build({
  absWorkingDir: root,
  entryPoints: {
    'node-child': 'src/sandbox/node/child.ts',
    'quickjs-child': 'src/sandbox/quickjs/child.ts',
  },
  outdir: 'dist/sandbox',
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node22.18',
  legalComments: 'none',
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: 'warning',
});
const wasmFile = join(root, 'node_modules/quickjs-wasi/quickjs.wasm');
await copyFile(wasmFile, join(dist, 'sandbox/quickjs.wasm'));
// The VM before any tool is in it, so that no child has to make it.
const wasm = new WebAssembly.Module(await readFile(wasmFile));
const base = await baseSnapshot({ wasm, memoryBytes: DEFAULT_LIMITS.memoryMb.sandbox * 1024 * 1024 });
await writeFile(join(dist, 'sandbox/base.snapshot'), QuickJS.serializeSnapshot(base));

// They are read in the runtime in which they will run.
const runtime = createSandboxRuntime({ maxChildren: 1 });
try {
  const entries = await buildStd({ extract: (bundle) => runtime.extract(bundle) });
  const folder = join(dist, 'std');
  await mkdir(folder, { recursive: true });
  const tools: PrebuiltTool[] = [];
  for (const { version, load } of entries) {
    const file = `${version.manifest.entry.slice('sha256:'.length)}.js`;
    await writeFile(join(folder, file), await load());
    tools.push({ version, file });
  }
  await writeFile(join(folder, 'catalog.json'), `${JSON.stringify({ tools }, null, 1)}\n`);
} finally {
  await runtime.close();
}

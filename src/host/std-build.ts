import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ComponentVersion, Manifest } from '../contracts/components.ts';
import { IceError } from '../contracts/errors.ts';
import { BuildCache } from '../project/build-cache.ts';
import { manifestBytes } from '../project/build-components.ts';
import { buildTool, keptModule } from '../project/build-tool.ts';
import { Bundles } from '../project/bundles.ts';
import { iceVersion, toolchain } from '../project/toolchain.ts';
import type { ExtractedTool } from '../sandbox/port.ts';
import type { StdEntry } from '../server/services.ts';
import type { Runtimes } from './runtimes.ts';

/** The same on every target, so it says nothing of when a checkout was built. */
const SHIPPED_AT = '2026-11-24T00:00:00.000Z';

/** Bundles the first-party tools from their sources, as a user's tools are, or takes them from the build cache. */
export async function buildStd(runtimes: Pick<Runtimes, 'extract'>): Promise<StdEntry[]> {
  const folder = fileURLToPath(new URL('../std/', import.meta.url));
  const root = fileURLToPath(new URL('../../', import.meta.url));
  const cache = new BuildCache<ExtractedTool>(root, `std ${toolchain()} iceos ${iceVersion()}`);
  // A file that defines no tool holds what several tools share.
  const files = readdirSync(folder).filter(
    (file) =>
      file.endsWith('.ts') && readFileSync(join(folder, file), 'utf8').includes('export default defineTool('),
  );
  const bundles = new Bundles(
    root,
    files.map((file) => join(folder, file)),
  );
  const built = await Promise.all(
    files.map(async (file) => {
      const source = { kind: 'tool' as const, file: `src/std/${file}`, path: join(folder, file) };
      const { built: tool, diagnostics } =
        keptModule(source, cache) ??
        (await buildTool(root, source, cache, runtimes.extract, (path) => bundles.of(path)));
      return { file, tool, diagnostics };
    }),
  );
  const entries: StdEntry[] = [];
  for (const { file, tool, diagnostics } of built) {
    if (!tool) throw new IceError('internal', `src/std/${file} does not build: ${diagnostics[0]?.message}`);
    const { name, version, description, input, output, permissions, runtime, examples } = tool.said;
    const manifest: Manifest = {
      kind: 'tool',
      name,
      input,
      output,
      permissions,
      runtime,
      entry: tool.digest,
    };
    const shown: ComponentVersion = {
      kind: 'tool',
      name,
      version,
      digest: `sha256:${hash('sha256', manifestBytes(manifest), 'hex')}`,
      manifest,
      info: { description, examples },
      tags: ['latest'],
      createdAt: SHIPPED_AT,
      createdBy: 'ice',
      archivedAt: null,
      origin: 'std',
    };
    const code = new TextEncoder().encode(tool.code);
    entries.push({ version: shown, load: async () => code });
  }
  return entries.sort((a, b) => (a.version.name < b.version.name ? -1 : 1));
}

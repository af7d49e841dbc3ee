import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Json } from '../../src/contracts/json.ts';
import { schemaErrors } from '../../src/language/schema/index.ts';
import { type BuiltBundle, bundle } from '../../src/project/bundle.ts';
import { createNodeRuntime } from '../../src/sandbox/node/index.ts';
import type { ExtractedTool, ToolRuntime } from '../../src/sandbox/port.ts';
import { createSandboxRuntime } from '../../src/sandbox/quickjs/index.ts';
import { callOf } from '../sandbox/call-by-hand.ts';

const root = join(import.meta.dirname, '../..');
const files = readdirSync(join(root, 'src/std')).filter(
  (file) =>
    file.endsWith('.ts') &&
    readFileSync(join(root, 'src/std', file), 'utf8').includes('export default defineTool('),
);
const runtimes: Record<string, ToolRuntime> = {};
const built = new Map<string, { bundle: BuiltBundle; tool: ExtractedTool }>();

beforeAll(async () => {
  runtimes['sandbox'] = createSandboxRuntime({ maxChildren: 2 });
  runtimes['node'] = createNodeRuntime({ maxChildren: 2 });
  for (const file of files) {
    const made = await bundle({ root, file: `src/std/${file}` });
    built.set(file, { bundle: made, tool: await runtimes['sandbox']!.extract(made) });
  }
});
afterAll(async () => {
  for (const runtime of Object.values(runtimes)) await runtime.close();
});

/** Figures that differ in the last bit between engines are the same. */
const close = (value: Json): unknown =>
  typeof value === 'number' && !Number.isInteger(value)
    ? Number(value.toPrecision(12))
    : Array.isArray(value)
      ? value.map(close)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(Object.entries(value).map(([key, field]) => [key, close(field)]))
        : value;

describe.each(files)('%s', (file) => {
  test('is finished: named after its file, described, every field told, with a page', () => {
    const { tool } = built.get(file)!;
    const name = file.replace('.ts', '');
    expect(tool.name).toBe(`std/${name}`);
    expect(tool.version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(tool.description.length).toBeGreaterThan(10);
    expect(tool.unrepresentable).toEqual([]);
    expect(tool.runtime).toBe('sandbox');
    if (name !== 'http') expect(tool.examples.length).toBeGreaterThan(0);
    const page = join(root, 'docs/std', `${name}.md`);
    expect(existsSync(page), page).toBe(true);
    const text = readFileSync(page, 'utf8');
    for (const field of Object.keys((tool.input as { properties: object }).properties))
      expect(text, `${name}.md says nothing of ${field}`).toContain(`\`${field}\``);
    for (const field of Object.keys((tool.output as { properties: object }).properties))
      expect(text, `${name}.md says nothing of ${field}`).toContain(`\`${field}\``);
  });

  test.each(['sandbox', 'node'])('its examples hold in the runtime %s', async (name) => {
    const { bundle: made, tool } = built.get(file)!;
    for (const { input, output } of tool.examples) {
      expect(schemaErrors(tool.input, input)).toEqual([]);
      const result = await runtimes[name]!.call(callOf(made, input));
      expect(schemaErrors(tool.output, result)).toEqual([]);
      if (output !== undefined) expect(close(result)).toEqual(close(output));
    }
  });
});

test('the same sources in another folder give the same bundle', async () => {
  const { cpSync, symlinkSync } = await import('node:fs');
  const other = mkdtempSync(join(tmpdir(), 'ice-std-'));
  cpSync(join(root, 'src/std'), join(other, 'src/std'), { recursive: true });
  cpSync(join(root, 'src/authoring'), join(other, 'src/authoring'), { recursive: true });
  cpSync(join(root, 'src/contracts'), join(other, 'src/contracts'), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(other, 'node_modules'));
  const made = await bundle({ root: other, file: 'src/std/csv-parse.ts' });
  expect(made.digest).toBe(built.get('csv-parse.ts')!.bundle.digest);
  rmSync(other, { recursive: true });
});

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryFolder } from './temporary-folder.ts';

let folder: ReturnType<typeof temporaryFolder>;
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder.remove());

test('a run in this process loads nothing of what listens, bundles, compiles schemas, or talks to models', () => {
  const out = execFileSync(process.execPath, [join(import.meta.dirname, 'loaded-modules.ts'), folder.path], {
    encoding: 'utf8',
  });
  const { state, loaded, inside } = JSON.parse(out) as {
    state: string;
    loaded: string[];
    inside: string[];
  };
  expect(state).toBe('succeeded');
  expect(loaded.some((url) => url.includes('/hono/'))).toBe(true);
  const heavy = loaded.filter((url) =>
    /node_modules\/(@hono\/node-server|undici|ajv|ajv-formats|ai|@ai-sdk|esbuild|rate-limiter-flexible|handlebars)\/|src\/(models|sandbox|nodes\/(tool|llm|agent|code)|secrets\/vault|project\/bundle|std\/)/.test(
      url,
    ),
  );
  expect(heavy).toEqual([]);
  expect(inside.filter((name) => name.includes('undici'))).toEqual([]);
  expect(loaded.filter((url) => /^node:https?$/.test(url))).toEqual([]);
});

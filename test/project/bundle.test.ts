import { cpSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { IceError } from '../../src/contracts/errors.ts';
import { bundle, bundleTogether, MOST_BUNDLE_BYTES } from '../../src/project/bundle.ts';
import { importAll } from '../../src/project/bundle-zod.ts';
import { Bundles } from '../../src/project/bundles.ts';
import { createNodeRuntime } from '../../src/sandbox/node/index.ts';
import { createSandboxRuntime } from '../../src/sandbox/quickjs/index.ts';

import { callOf } from '../sandbox/call-by-hand.ts';

function project(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'ice-bundle-'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const TOOL = `import { z } from 'zod';
import { defineTool } from 'iceos';
import { double } from './math.ts';
import legacy from 'legacy';
export default defineTool({ name: 'a', version: '1.0.0', input: z.object({ n: z.number() }), output: z.number(), run: ({ n }) => legacy(double(n)) });
`;
const FILES = {
  'tools/a.ts': TOOL,
  'tools/math.ts': '// A comment.\nexport const double = (n: number): number => n * 2;\r\n',
  'node_modules/legacy/package.json': '{"name":"legacy","version":"1.0.0","main":"index.js"}',
  'node_modules/legacy/index.js': 'module.exports = (n) => n + 1;',
};

const failure = async (promise: Promise<unknown>): Promise<IceError> => {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(IceError);
  return error as IceError;
};

test('the same sources in two folders give one digest, and no path is in it', async () => {
  const one = project(FILES);
  const two = join(mkdtempSync(join(tmpdir(), 'ice-bundle-other-place-')), 'deep', 'er');
  cpSync(one, two, { recursive: true });
  // What lies above a project is none of its own.
  writeFileSync(join(two, '..', 'tsconfig.json'), '{"compilerOptions":{"target":"es5","jsx":"react"}}');
  const [a, b] = await Promise.all([one, two].map((root) => bundle({ root, file: 'tools/a.ts' })));
  expect(a!.code).toBe(b!.code);
  expect(a!.digest).toBe(b!.digest);
  expect(a!.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  expect(a!.sourcesDigest).toBe(b!.sourcesDigest);
  expect(a!.code).not.toContain(one);
  expect(a!.code).not.toMatch(/^\/\/ (?!@__)/m);
  expect(a!.code).not.toContain('\r');
});

test('inputs are named, own sources apart from dependencies', async () => {
  const root = project(FILES);
  const built = await bundle({ root, file: join(root, 'tools/a.ts') });
  expect(built.inputs.filter((input) => input.own).map((input) => input.path)).toEqual([
    'tools/a.ts',
    'tools/math.ts',
  ]);
  expect(built.inputs.find((input) => input.path === 'node_modules/legacy/index.js')).toMatchObject({
    own: false,
  });
  writeFileSync(join(root, 'node_modules/legacy/index.js'), 'module.exports = (n) => n + 2;');
  const changed = await bundle({ root, file: 'tools/a.ts' });
  expect(changed.digest).not.toBe(built.digest);
  expect(changed.sourcesDigest).toBe(built.sourcesDigest);
});

test('zod stays small, however it is imported', async () => {
  const built = await bundle({ root: project(FILES), file: 'tools/a.ts' });
  expect(built.code.length).toBeLessThan(200_000);
});

test('an import is only rewritten among the leading imports', () => {
  expect(importAll('// x\nimport { a } from \'b\';\nimport { z } from "zod";\nz.string();')).toBe(
    "// x\nimport { a } from 'b';\nimport * as z from 'zod';\nz.string();",
  );
  for (const text of [
    "const t = `\nimport { z } from 'zod';\n`;",
    "import { z, ZodError } from 'zod';",
    "import { z as y } from 'zod';",
    "// import { z } from 'zod';\n",
  ])
    expect(importAll(text)).toBe(text);
});

test('a syntax error and a missing module are told with file, line and column', async () => {
  const syntax = await failure(
    bundle({ root: project({ 'a.ts': 'const a = 1;\nconst b = ;\n' }), file: 'a.ts' }),
  );
  expect(syntax).toMatchObject({ code: 'project_invalid', message: 'a.ts:2:11: Unexpected ";"' });
  const missing = await failure(
    bundle({
      root: project({ 'a.ts': "import x from './none.ts';\nimport y from '@scope/pkg/deep';\nx; y;" }),
      file: 'a.ts',
    }),
  );
  expect(missing.message).toBe('a.ts:1:15: The module ./none.ts is not found');
  expect(missing.details!['diagnostics']).toMatchObject([
    {
      severity: 'error',
      range: { start: { line: 1, column: 15 } },
      help: expect.stringContaining('Check the path'),
    },
    { range: { start: { line: 2 } }, help: 'npm install @scope/pkg' },
  ]);
  expect(await failure(bundle({ root: project({}), file: 'none.ts' }))).toMatchObject({
    code: 'project_invalid',
  });
});

test('modules of Node are named with their place', async () => {
  const root = project({
    'a.ts': "import { readFileSync } from 'fs';\nimport 'node:http';\nexport default readFileSync;",
  });
  const built = await bundle({ root, file: 'a.ts' });
  expect(built.nodeImports).toMatchObject([
    {
      code: 'ICE4003',
      file: 'a.ts',
      range: { start: { line: 1, column: 30 } },
      message: 'fs is a module of Node, which the sandbox does not have',
    },
    { file: 'a.ts', range: { start: { line: 2, column: 8 } } },
  ]);
});

test('modules of Node that a package needs are told at the import of the package, once', async () => {
  const root = project({
    'tools/a.ts': "import './help.ts';\nimport big from 'big';\nexport default big;",
    'tools/help.ts': "import { one } from 'big/one';\nexport const two = one;",
    'node_modules/big/package.json': '{"name":"big","type":"module"}',
    'node_modules/big/index.js':
      "import 'node:fs'; import 'http2'; import './one.js'; import 'node:os'; export default 1;",
    'node_modules/big/one.js': "import 'crypto'; export const one = 1;",
    'node_modules/big/one/package.json': '{"main":"../one.js"}',
  });
  const { nodeImports } = await bundle({ root, file: 'tools/a.ts' });
  expect(nodeImports.map(({ file, range, message }) => [file, range?.start.line, message])).toEqual([
    [
      'tools/a.ts',
      2,
      'big needs modules of Node (node:fs, http2, node:os and 1 more), which the sandbox does not have',
    ],
    ['tools/help.ts', 1, 'big/one needs a module of Node (crypto), which the sandbox does not have'],
  ]);
});

test('what a package says it does without in a browser, it does without in the sandbox', async () => {
  const root = project({
    'a.ts': "import shape from 'shape';\nexport default shape;",
    'node_modules/shape/package.json': JSON.stringify({
      name: 'shape',
      main: 'index.js',
      browser: { crypto: false, './util.js': false, './node.js': './web.js' },
    }),
    'node_modules/shape/index.js':
      "var c = require('crypto'); require('./util.js'); module.exports = [typeof c.createHash, require('./node.js')];",
    'node_modules/shape/util.js': "module.exports = require('util').inspect;",
    'node_modules/shape/node.js': "module.exports = require('os');",
    'node_modules/shape/web.js': "module.exports = 'web';",
  });
  const built = await bundle({ root, file: 'a.ts' });
  expect(built.nodeImports).toEqual([]);
  expect(built.code).not.toContain('Dynamic require');
  expect(built.inputs.map(({ path }) => path)).toEqual([
    'a.ts',
    'node_modules/shape/index.js',
    'node_modules/shape/web.js',
  ]);
});

test('a package that requires modules of Node has them where the tool may', async () => {
  const root = project({
    'a.ts': `import { z } from 'zod';
import { defineTool } from 'iceos';
import Counter from 'counter';
export default defineTool({ name: 'a', version: '1.0.0', runtime: 'node', input: z.object({}), output: z.string(), run: () => new Counter().said() });
`,
    'node_modules/counter/package.json': '{"name":"counter","main":"index.js"}',
    'node_modules/counter/index.js': `const Emitter = require('events');
const path = require('node:path');
module.exports = class extends Emitter { said() { this.on('x', () => {}); return path.posix.join('a', String(this.listenerCount('x'))); } };`,
  });
  const { code, digest } = await bundle({ root, file: 'a.ts', runtime: 'node' });
  const runtime = createNodeRuntime();
  try {
    expect(await runtime.extract({ code, digest })).toMatchObject({ name: 'a', runtime: 'node' });
    expect(await runtime.call(callOf({ code, digest }))).toBe('a/1');
  } finally {
    await runtime.close();
  }
});

test('a package with the name of a module of Node is bundled', async () => {
  const root = project({
    'a.ts': "import { on } from 'events';\nexport default on;",
    'node_modules/events/package.json': '{"name":"events","main":"index.js","type":"module"}',
    'node_modules/events/index.js': 'export const on = 1;',
  });
  const built = await bundle({ root, file: 'a.ts' });
  expect(built.nodeImports).toEqual([]);
});

test('a part of iceos that is not for tools is refused', async () => {
  expect(
    await failure(bundle({ root: project({ 'a.ts': "import 'iceos/client';" }), file: 'a.ts' })),
  ).toMatchObject({ message: expect.stringContaining('nothing but "iceos" itself') });
});

test('a bundle that is too large is refused with its largest part', async () => {
  const root = project({
    'a.ts': "import text from './big.txt';\nexport default text;",
    'big.txt': 'x'.repeat(MOST_BUNDLE_BYTES),
  });
  expect(await failure(bundle({ root, file: 'a.ts' }))).toMatchObject({
    code: 'too_large',
    hint: expect.stringContaining('big.txt'),
  });
});

test('a tool of the real AI SDK is small, the same in two folders, and runs in the sandbox', async () => {
  const source = `import { jsonSchema, tool } from 'ai';
import { defineTool } from 'iceos';
import { z } from 'zod';
const weather = tool({
  description: 'The weather of a city',
  inputSchema: z.object({ city: z.string(), days: z.number().default(2) }),
  outputSchema: jsonSchema({ type: 'object', properties: { degrees: { type: 'number' } }, required: ['degrees'] }),
  execute: async ({ city, days }, { toolCallId }) => ({ degrees: city.length * days, id: typeof toolCallId }),
});
export default defineTool(weather, { name: 'weather', version: '1.0.0' });
`;
  const roots = [1, 2].map(() => {
    const root = project({ 'tools/weather.ts': source });
    mkdirSync(join(root, 'node_modules'));
    for (const name of ['ai', '@ai-sdk', 'zod'])
      symlinkSync(join(import.meta.dirname, '../../node_modules', name), join(root, 'node_modules', name));
    return root;
  });
  const [built, other] = await Promise.all(roots.map((root) => bundle({ root, file: 'tools/weather.ts' })));
  expect(built!.digest).toBe(other!.digest);
  expect(built!.code.length).toBeLessThan(300_000);
  expect(built!.inputs.filter((input) => input.own).map((input) => input.path)).toEqual(['tools/weather.ts']);
  const runtime = createSandboxRuntime();
  try {
    expect(await runtime.extract(built!)).toMatchObject({
      name: 'weather',
      description: 'The weather of a city',
      input: { properties: { city: { type: 'string' } } },
      output: { required: ['degrees'] },
    });
    const result = await runtime.call({
      bundle: built!.digest,
      load: async () => built!.code,
      input: { city: 'Oslo' },
      permissions: { net: [], secrets: [], limits: {} },
      seed: 'a',
      now: 0,
      idempotencyKey: 'k',
      signal: new AbortController().signal,
      secrets: {},
      onLog: () => {},
      onProgress: () => {},
    });
    expect(result).toEqual({ degrees: 8, id: 'string' });
  } finally {
    await runtime.close();
  }
});

describe('together', () => {
  const tool = (name: string, more = '') => `import { z } from 'zod';
import { defineTool } from 'iceos';
import { double } from './math.ts';
import legacy from 'legacy';
${more}
export default defineTool({ name: '${name}', version: '1.0.0', input: z.object({ n: z.number() }), output: z.number(), run: ({ n }) => legacy(double(n)) });
`;
  const files = {
    ...FILES,
    'tools/b.ts': tool('b', "import { once } from './once.ts';\nexport const more = once;"),
    'tools/c.ts': tool('c', "import fields from './fields.txt';\nexport const more = fields;"),
    'tools/once.ts': 'export const once = 1;\n',
    'tools/fields.txt': 'a,b',
  };

  test('modules have the bundles that they have by themselves, byte for byte', async () => {
    const root = project(files);
    const paths = ['a', 'b', 'c'].map((name) => join(root, `tools/${name}.ts`));
    const together = await bundleTogether(root, paths);
    expect([...together.keys()].sort()).toEqual(paths);
    for (const file of paths) expect(together.get(file)).toEqual(await bundle({ root, file }));
  });

  test('those about which there is something to say are left out, and said by themselves', async () => {
    const root = project({
      ...files,
      'tools/node.ts': tool(
        'node',
        "import { readFileSync } from 'node:fs';\nexport const more = readFileSync;",
      ),
      'tools/warned.ts': tool('warned', 'export const more = { a: 1, a: 2 };'),
    });
    const path = (name: string) => join(root, `tools/${name}.ts`);
    const names = ['a', 'node', 'b', 'warned'];
    expect([...(await bundleTogether(root, names.map(path))).keys()].sort()).toEqual(['a', 'b'].map(path));

    writeFileSync(path('broken'), "import { nothing } from './nowhere.ts';\nexport default nothing;\n");
    const bundles = new Bundles(root, [...names, 'broken', 'c'].map(path));
    for (const name of [...names, 'c'])
      expect(await bundles.of(path(name)), name).toEqual(await bundle({ root, file: path(name) }));
    const { details } = await failure(bundles.of(path('broken')));
    expect(details).toMatchObject({ diagnostics: [{ code: 'ICE4002', file: 'tools/broken.ts' }] });
  });

  test('a module that is not there is told by itself, and keeps no other from its bundle', async () => {
    const root = project({ ...files, 'tools/alone.ts': 'export default 1;\n' });
    const path = (name: string) => join(root, `tools/${name}.ts`);
    const bundles = new Bundles(root, [path('gone'), path('alone')]);
    const gone = bundles.of(path('gone'));
    expect((await failure(gone)).code).toBe('project_invalid');
    expect((await bundles.of(path('alone'))).inputs.map((input) => input.path)).toEqual(['tools/alone.ts']);
  });

  test('more modules than one group are all there, whatever the order in which they are asked for', async () => {
    const names = Array.from({ length: 50 }, (_, i) => `t${i}`);
    const many = Object.fromEntries(names.map((name) => [`tools/${name}.ts`, `export default '${name}';\n`]));
    const root = project(many);
    const bundles = new Bundles(
      root,
      names.map((name) => join(root, `tools/${name}.ts`)),
    );
    for (const name of names.reverse())
      expect((await bundles.of(join(root, `tools/${name}.ts`))).code).toContain(`"${name}"`);
  });
});

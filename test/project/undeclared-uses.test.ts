import { afterAll, describe, expect, test } from 'vitest';
import type { Permissions } from '../../src/contracts/components.ts';
import { buildComponents } from '../../src/project/build-components.ts';
import { loadProject } from '../../src/project/load-project.ts';
import { undeclaredUses } from '../../src/project/undeclared-uses.ts';
import { createNodeRuntime } from '../../src/sandbox/node/index.ts';
import { tempFolder } from '../support/temp-folder.ts';

const runtime = createNodeRuntime();
afterAll(() => runtime.close());

const found = (text: string, permissions: Partial<Permissions> = {}) =>
  undeclaredUses({
    file: 'tools/t.ts',
    text,
    code: text,
    permissions: { net: [], secrets: [], limits: {}, ...permissions },
    others: [],
  });
const said = (text: string, permissions: Partial<Permissions> = {}): string[] =>
  found(text, permissions).map(
    ({ severity, code, message, range }) =>
      `${severity} ${code} ${range?.start.line}: ${message.replace(/,.*/, '')}`,
  );
const tool = (run: string, before = ''): string => `${before}export default defineTool({\n${run}\n});\n`;

describe('hosts', () => {
  test.each([
    [
      'a literal',
      "async run(input, ctx) { await ctx.fetch('https://api.example.com/x'); }",
      'api.example.com',
    ],
    ['a port', 'async run(i, c) { await c.fetch("http://127.0.0.1:8080/x"); }', '127.0.0.1:8080'],
    [
      'a template',
      'async run({ id }, ctx) { await ctx.fetch(`https://a.example/${id}?q=${`x${id}`}`); }',
      'a.example',
    ],
    ['a URL', "run: async (i, ctx) => ctx.fetch(new URL('/x', 'https://b.example'))", 'b.example'],
    ['taken apart', "run: async (i, { fetch: get }) => get('https://c.example')", 'c.example'],
    ['by itself', "run: async () => fetch('https://d.example/')", 'd.example'],
    [
      'by a line',
      "run(i, ctx) { const { fetch, log } = ctx; return fetch('https://e.example/'); }",
      'e.example',
    ],
  ])('%s', (_, run, host) => {
    expect(said(tool(run))).toEqual([`error ICE1517 2: It fetches from ${host}`]);
    expect(said(tool(run), { net: [host] })).toEqual([]);
  });

  test('a constant of the file, whole or at the beginning of a template', () => {
    const text = tool(
      'async run(i, ctx) { await ctx.fetch(`${API}/x`); await ctx.fetch(OTHER); }',
      "const API = 'https://api.example.com';\nconst OTHER = 'https://other.example/';\n",
    );
    expect(said(text)).toEqual([
      'error ICE1517 4: It fetches from api.example.com',
      'error ICE1517 4: It fetches from other.example',
    ]);
  });

  test('the line to add keeps what is there', () => {
    const [one] = found(tool("run(i, ctx) { return ctx.fetch('https://b.example') }"), {
      net: ['a.example'],
      secrets: ['KEY'],
    });
    expect(one?.help).toContain("permissions: { net: ['a.example', 'b.example'], secrets: ['KEY'] },");
  });

  test('each finding has the line for all of them', () => {
    const text = tool(
      "run(i, ctx) { ctx.fetch('https://a.example', ctx.secrets.A); ctx.fetch('http://b.example:81') }",
    );
    const line = "permissions: { net: ['a.example', 'b.example:81'], secrets: ['A'] },";
    expect(found(text).map(({ help }) => help?.endsWith(line))).toEqual([true, true, true]);
  });

  test('entries with wildcards and ports mean what they mean in a run', () => {
    const fetches = (url: string): string => tool(`run(i, ctx) { return ctx.fetch('${url}') }`);
    expect(said(fetches('https://x.example.com/'), { net: ['*.example.com'] })).toEqual([]);
    expect(said(fetches('https://example.com/'), { net: ['*.example.com'] })).toHaveLength(1);
    expect(said(fetches('https://example.com:8443/'), { net: ['example.com'] })).toHaveLength(1);
    expect(said(fetches('https://example.com:8443/'), { net: ['example.com:*'] })).toEqual([]);
    expect(said(fetches('https://EXAMPLE.com/'), { net: ['Example.com'] })).toEqual([]);
    expect(said(fetches('https://evil-example.com/'), { net: ['*.example.com'] })).toHaveLength(1);
  });

  test('doubt is a warning: another receiver, hosts that the node names, an address that goes elsewhere first', () => {
    expect(said(tool("run(i, ctx) { return http.fetch('https://a.example') }"))).toEqual([
      'warning ICE1517 2: It seems to fetch from a.example',
    ]);
    expect(said(tool("run(i, ctx) { return ctx.fetch('https://a.example') }"), { net: ['*'] })).toEqual([
      'warning ICE1517 2: It fetches from a.example',
    ]);
    expect(
      said(
        tool(
          "run(i, ctx) { return get(ctx, 'x', go('https://a.example')); }",
          'const get = (ctx, u) => ctx.fetch(u);\n',
        ),
      ),
    ).toEqual(['warning ICE1517 3: It seems to fetch from a.example']);
  });

  test.each([
    ['a comment', "// ctx.fetch('https://a.example')\n/* ctx.fetch('https://b.example') */ run() {}"],
    ['a text', 'description: "ctx.fetch(\'https://a.example\')", run() {}'],
    ['a regular expression', "run(i, ctx) { return /ctx.fetch('https:\\/\\/a.example')/.test(i.x) }"],
    ['a host that is an argument', 'run({ host }, ctx) { return ctx.fetch(`https://${host}/x`) }'],
    ['a host that only begins', 'run({ zone }, ctx) { return ctx.fetch(`https://api.${zone}.example/x`) }'],
    [
      'an address that nothing fetches',
      "docs: 'https://a.example', run({ url }, ctx) { return ctx.fetch(url) }",
    ],
    ['a default', "input: z.url().default('https://a.example'), run({ url }, ctx) { return ctx.fetch(url) }"],
    ['a fetch of its own', "run() { const fetch = (x) => x; return fetch('https://a.example') }"],
    ['what is no script', "run( { `${ ctx.fetch('https"],
  ])('no finding: %s', (_, run) => expect(said(tool(run))).toEqual([]));
});

describe('secrets', () => {
  test.each([
    ['a member', 'run(i, ctx) { return ctx.secrets.API_KEY }'],
    ['in brackets', "run(i, context) { return context.secrets['API_KEY'] }"],
    ['with a question', 'run(i, ctx) { return ctx?.secrets?.API_KEY }'],
    ['in a template', 'run(i, ctx) { return `Bearer ${ctx.secrets.API_KEY}` }'],
    ['taken apart', 'run(i, { secrets }) { return secrets.API_KEY }'],
    ['by name', 'run(i, ctx) { const { API_KEY: key } = ctx.secrets; return key }'],
    ['typed', 'async run(i: Input, ctx: ToolContext): Promise<string> { return ctx.secrets.API_KEY! }'],
  ])('%s', (_, run) => {
    expect(said(tool(run))).toEqual(['error ICE1518 2: It reads the secret API_KEY']);
    expect(said(tool(run), { secrets: ['API_KEY'] })).toEqual([]);
  });

  test('a name that no secret can have, and another object with secrets', () => {
    expect(said(tool('run(i, ctx) { return ctx.secrets.apiKey }'))).toEqual([
      'warning ICE1518 2: No secret can be called apiKey',
    ]);
    expect(said(tool('run(i, ctx) { return i.vault.secrets.API_KEY }'))).toEqual([
      'warning ICE1518 2: It reads the secret API_KEY',
    ]);
    expect(said(tool('run(i, ctx) { return Object.keys(ctx.secrets) }'))).toEqual([]);
  });
});

test('a build says it, also of a helper that the tool imports, and not of what was left out of the bundle', async () => {
  const root = tempFolder({
    'ice.yaml': 'name: shop\n',
    'tools/_api.ts': `
      export const used = (ctx: any) => ctx.fetch('https://used.example/');
      export const unused = (ctx: any) => ctx.fetch('https://unused.example/');`,
    'tools/rates.ts': `
      import { defineTool } from 'iceos';
      import { z } from 'zod';
      import { used } from './_api.ts';
      export default defineTool({
        name: 'rates', version: '1.0.0', description: 'x',
        input: z.object({}), output: z.object({}),
        async run(_, ctx) { await used(ctx); return {}; },
      });`,
  });
  const build = async () =>
    buildComponents((await loadProject(root)).project!, {
      extract: (bundle) => runtime.extract(bundle),
      document: (bundle) => runtime.document(bundle),
    });
  // Again from the cache: the same finding.
  for (const built of [await build(), await build()]) {
    expect(built.components.map(({ name }) => name)).toEqual(['rates']);
    expect(built.diagnostics).toMatchObject([
      {
        code: 'ICE1517',
        severity: 'error',
        file: 'tools/rates.ts',
        related: [{ file: 'tools/_api.ts', range: { start: { line: 2 } } }],
      },
    ]);
  }
});

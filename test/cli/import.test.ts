import { appendFileSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openServer } from '../project/import/shop-server.ts';
import { ice, temporary, writeFiles } from '../support/ice.ts';

const { dir, remove } = temporary();
const server = await openServer(({ url, headers }) =>
  url === '/shop.yaml'
    ? { headers: { 'content-type': 'application/yaml' }, body: SHOP }
    : url.includes('api_key=s3cret')
      ? { body: JSON.stringify({ id: 7, state: 'open', more: headers['x-trace'] ?? null }) }
      : { status: 401, body: '{}' },
);
afterAll(async () => {
  await server.close();
  remove();
});
const documents = join(import.meta.dirname, '../project/import');
const SHOP = readFileSync(join(documents, 'documents/shop.yaml'), 'utf8');
const cwd = join(dir, 'demo');
writeFiles(cwd, {
  'ice.yaml': 'name: demo\n',
  'shop.yaml': SHOP,
  'bad.yaml': 'openapi: 3.0.0\npaths:\n  /a:\n    get:\n      parameters: [{ $ref: "#/nope" }]\n',
});

test('OpenAPI, from document to a run against a mock: dry run, import, validate, push, run', async () => {
  const args = ['import', 'openapi', 'shop.yaml', '--server', server.url];
  const dry = await ice([...args, '--dry-run', '--json'], { cwd });
  expect(dry.json).toMatchObject({
    ok: true,
    dryRun: true,
    folder: 'tools/shop',
    files: { create: 7 },
    operations: 7,
    secrets: ['SHOP_API_KEY', 'SHOP_PASSWORD', 'SHOP_USER'],
  });
  expect(existsSync(join(cwd, 'tools'))).toBe(false);

  const made = await ice(args, { cwd });
  expect(made.exit, made.stderr).toBe(0);
  expect(made.stdout).toContain('✓ Written: 7 files (7 new)');
  expect(made.stdout).toContain('POST /soap: its body is multipart/related');
  expect(made.stderr).toContain('SHOP_API_KEY=');

  const pushed = await ice(['push', '--yes', '--json'], { cwd });
  expect(pushed.exit, pushed.stdout + pushed.stderr).toBe(0);
  expect(pushed.json).toMatchObject({ applied: true, plan: { changes: 6 } });
  const get = ['run', 'shop-get-order', '-i', 'orderId=1', '-i', 'x-trace=t', '--json'];
  const run = await ice(get, { cwd, env: { SHOP_API_KEY: 's3cret' } });
  expect(run.exit, run.stdout + run.stderr).toBe(0);
  expect(run.json.outputs).toEqual({ result: { id: 7, state: 'open', more: 't' } });
  expect(run.stdout).not.toContain('s3cret');
});

test('again: nothing changes; what a person changed is kept, unless --force', async () => {
  const args = ['import', 'openapi', 'shop.yaml', '--server', server.url, '--json'];
  expect((await ice(args, { cwd })).json).toMatchObject({ files: { unchanged: 7, create: 0 } });
  appendFileSync(join(cwd, 'tools/shop/get-order.ts'), '// mine\n');
  const refused = await ice(args, { cwd });
  expect(refused).toMatchObject({
    exit: 12,
    json: { error: { code: 'conflict', details: { files: ['tools/shop/get-order.ts'] } } },
  });
  expect(refused.json.error.hint).toContain('--force');
  expect((await ice([...args, '--force'], { cwd })).json).toMatchObject({
    files: { changed: 1, unchanged: 6 },
  });
  expect(readFileSync(join(cwd, 'tools/shop/get-order.ts'), 'utf8')).not.toContain('// mine');
});

test('a document from an address; outside of a project only with --out', async () => {
  const other = join(dir, 'other');
  writeFiles(other, { 'a.txt': '' });
  const from = `${server.url}/shop.yaml`;
  const refused = await ice(['import', 'openapi', from, '--json'], { cwd: other });
  expect(refused).toMatchObject({ exit: 3, json: { error: { code: 'project_invalid' } } });
  const made = await ice(['import', 'openapi', from, '--out', 'x', '--tag', 'orders', '--json'], {
    cwd: other,
  });
  expect(made.json).toMatchObject({ ok: true, folder: 'x', files: { create: 5 } });
  expect(readdirSync(join(other, 'x')).sort()).toEqual([
    '_api.ts',
    '_import.json',
    'create-order.ts',
    'delete-orders-by-order-id.ts',
    'get-order.ts',
    'update-order.ts',
  ]);
});

test('a wrong document: findings at their lines, exit 3, nothing written', async () => {
  const done = await ice(['import', 'openapi', 'bad.yaml'], { cwd });
  expect(done.exit).toBe(3);
  expect(done.stderr).toMatch(/error\[ICE1606\][\s\S]*error\[ICE1605\][\s\S]*bad\.yaml:5:/);
  expect(done.stderr).toContain('Nothing was written');
  expect(done.stdout).toBe('');
  const { json } = await ice(['import', 'openapi', 'bad.yaml', '--json'], { cwd });
  expect(json.error.details.diagnostics).toMatchObject([
    { code: 'ICE1606' },
    { code: 'ICE1605', range: { start: { line: 5 } } },
  ]);
  expect(readdirSync(join(cwd, 'tools'))).toEqual(['shop']);
});

test.each([
  [['import', 'openapi'], 2, 'usage'],
  [['import', 'openapi', 'nope.yaml'], 11, 'not_found'],
  [['import', 'openapi', 'ftp://x/y'], 2, 'usage'],
  [['import', 'openapi', 'https://u:p@x.example/y'], 2, 'usage'],
  [['import', 'openapi', '.'], 2, 'usage'],
  [['import', 'openapi', 'shop.yaml', '--name', 'A b'], 2, 'usage'],
  [['import', 'openapi', 'shop.yaml', '--as-version', 'x'], 2, 'usage'],
  [['import', 'openapi', 'shop.yaml', '--auth', 'x'], 2, 'usage'],
  [['import', 'openapi', 'shop.yaml', '--tag', 'none'], 11, 'not_found'],
  [['import', 'openapi', 'shop.yaml', '--server', 'nope'], 3, 'validation_failed'],
  [['import', 'mcp', ''], 2, 'usage'],
  [['import', 'mcp', 'no-such-program-here'], 11, 'not_found'],
  [['import', 'mcp', 'http://127.0.0.1:1/mcp', '--auth', 'bearer=NOT_SET'], 3, 'secret_missing'],
  [['import', 'mcp', 'node x.mjs', '--auth', 'bearer=A'], 2, 'usage'],
  [['import', 'blueprint', 'ice.yaml'], 3, 'validation_failed'],
])('%j ends with %i', async (args, exit, code) => {
  const done = await ice([...args, '--json'], { cwd });
  expect(done.exit, done.stdout + done.stderr).toBe(exit);
  expect(done.json).toMatchObject({ ok: false, error: { code } });
  expect(done.stdout + done.stderr).not.toContain('u:p@');
});

test('an MCP server that is a command: its tools, and the bridge to it', async () => {
  const command = `"${process.execPath}" "${join(documents, 'servers/tools-server.ts')}"`;
  const made = await ice(['import', 'mcp', command, '--port', '7999', '--json'], { cwd });
  expect(made.exit, made.stdout + made.stderr).toBe(0);
  expect(made.json).toMatchObject({
    ok: true,
    folder: 'tools/weather',
    server: { name: 'Weather MCP Server', url: 'http://127.0.0.1:7999/mcp' },
    bridge: { file: 'tools/weather/_bridge.mjs', port: 7999 },
    tools: [{ name: 'weather-get-forecast', from: 'get_forecast' }, { name: 'weather-say-hello' }],
  });
  const text = await ice(['import', 'mcp', command, '--port', '7999'], { cwd });
  expect(text.stdout).toContain('runs the command, which is not sandboxed');
  expect(text.stderr).toContain('node tools/weather/_bridge.mjs');
  const found = await ice(['validate', '--json'], { cwd });
  expect(found.exit, found.stdout).toBe(0);
});

test('a blueprint of the predecessor: written, told, checked', async () => {
  const old = join(documents, 'documents/old-flow.json');
  const dry = await ice(['import', 'blueprint', old, '--dry-run'], { cwd });
  expect(dry.stdout).toMatch(/^# Imported from [\s\S]*\nblueprint: 2\nname: all-types\n/);
  expect(dry.stderr).toContain('not kept, py: code in python');
  const made = await ice(['import', 'blueprint', old, '--json'], { cwd });
  expect(made.json).toMatchObject({
    ok: true,
    name: 'all-types',
    file: 'workflows/all-types.yaml',
    renamed: { 'load-rows': 'load_rows' },
  });
  expect(made.json.lost.length).toBeGreaterThan(5);
  // What is missing are its components, and nothing else.
  const { json } = await ice(['validate', 'workflows/all-types.yaml', '--json'], { cwd });
  const errors = (json.diagnostics as { code: string; severity: string }[]).filter(
    (each) => each.severity === 'error',
  );
  expect([...new Set(errors.map((each) => each.code))].sort()).toEqual(['ICE1201', 'ICE1202']);
  const refused = await ice(['import', 'blueprint', old, '--out', 'shop.yaml', '--json'], { cwd });
  expect(refused).toMatchObject({ exit: 12, json: { error: { code: 'conflict' } } });
});

import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ice, temporary, toolProject, writeFiles } from '../support/ice.ts';

let home: ReturnType<typeof temporary>;
let cwd: string;
beforeAll(async () => {
  home = temporary();
  cwd = await toolProject(home.dir);
  await ice(['push', '--yes'], { cwd });
});
afterAll(() => home.remove());
const api = (args: string[], more: { stdin?: string } = {}) => ice(['api', ...args], { cwd, ...more });

describe('ice api', () => {
  test('the answer as it is on stdout, or in one document', async () => {
    const plain = await api(['GET', '/v1/whoami']);
    expect(plain.json).toMatchObject({ role: 'admin', operator: true });
    const json = await api(['get', 'components?kind=tool', '--json']);
    expect(json.json).toMatchObject({ ok: true, status: 200, headers: { etag: expect.any(String) } });
    expect((json.json['body'].items as unknown[]).length).toBeGreaterThan(0);
  });

  test('a body as JSON, from a file, and from stdin; conditions as headers', async () => {
    const body = JSON.stringify({ version: '1.0.0' });
    writeFileSync(join(cwd, 'body.json'), body);
    const put = ['PUT', 'components/tool/price/tags/stable'];
    const blind = await api([...put, '-i', body, '--json']);
    expect([blind.exit, blind.json['error'].code]).toEqual([12, 'precondition_required']);
    expect((await api([...put, '-i', '@body.json', '-H', 'If-None-Match: *'])).json).toMatchObject({
      version: '1.0.0',
    });
    const stdin = await api([...put, '-i', '-', '-H', 'If-Match: "1.0.0"', '--json'], { stdin: body });
    expect(stdin.json).toMatchObject({ status: 200, headers: { etag: '"1.0.0"' } });
    const gone = await api([
      'DELETE',
      'components/tool/price/tags/stable',
      '-H',
      'If-Match: "1.0.0"',
      '--json',
    ]);
    expect(gone.json).toMatchObject({ status: 204, body: null });
  });

  test('bytes are saved, never printed', async () => {
    const shown = (await ice(['components', 'show', 'price', '--json'], { cwd })).json['component'];
    const path = `artifacts/${shown.manifest.entry}`;
    expect((await api(['GET', path, '--json'])).json).toMatchObject({ error: { code: 'usage' } });
    expect((await api(['GET', path, '--out', 'bundle.mjs', '--json'])).exit).toBe(0);
    expect(readFileSync(join(cwd, 'bundle.mjs'), 'utf8')).toContain('price');
  });

  test.each([
    [['GET', '//elsewhere.example/x'], 2],
    [['GET', '/\\elsewhere.example/x'], 2],
    [['FETCH', '/v1/whoami'], 2],
    [['GET', '/v1/whoami', '-i', '{}'], 2],
    [['POST', 'runs', '-i', '{'], 2],
    [['POST', 'runs', '-i', '@nowhere.json'], 2],
    [['GET', '/v1/whoami', '-H', 'Authorization: Bearer x'], 2],
    [['GET', '/v1/whoami', '-H', 'no header'], 2],
    [['GET', 'nothing'], 11],
    [['POST', 'runs', '-i', '{"ref": "nothing"}'], 11],
  ])('%j ends with %d', async (args, exit) => {
    const done = await api([...args, '--json']);
    expect(done.exit).toBe(exit);
    expect(done.json).toMatchObject({ ok: false, error: { hint: expect.any(String) } });
  });

  test('the token goes to the target and nowhere else', async () => {
    let seen = 0;
    const other = createServer((_, response) => {
      seen += 1;
      response.end('{}');
    }).listen(0, '127.0.0.1');
    await new Promise((done) => other.once('listening', done));
    const { port } = other.address() as AddressInfo;
    for (const path of [`//127.0.0.1:${port}/x`, `http://127.0.0.1:${port}/x`, `/..//127.0.0.1:${port}/x`])
      expect((await api(['GET', path])).exit).not.toBe(0);
    other.close();
    expect(seen).toBe(0);
  });
});

test('runs logs -f shows what another process logs, as it comes, until the run ends', async () => {
  writeFiles(cwd, {
    'tools/slow.ts': `import { defineTool } from 'iceos';
import { z } from 'zod';
export default defineTool({
  name: 'slow',
  version: '1.0.0',
  description: 'Says what it does, and takes its time',
  input: z.object({ n: z.number() }),
  output: z.object({ n: z.number() }),
  run: async ({ n }, ctx) => {
    ctx.log.info('item ' + n);
    await new Promise((done) => setTimeout(done, 300));
    return { n };
  },
});
`,
    'workflows/slowly.yaml': `blueprint: 2
name: slowly
version: 1.0.0
nodes:
  - { id: a, type: tool, tool: slow, args: { n: 1 } }
  - { id: b, type: tool, tool: slow, args: { n: '{{ a.n + 1 }}' } }
  - { id: c, type: tool, tool: slow, args: { n: '{{ b.n + 1 }}' } }
outputs: { n: '{{ c.n }}' }
`,
  });
  const running = ice(['run', 'slowly', '--json'], { cwd });
  let followed = await ice(['runs', 'logs', 'last', '-f', '--json'], { cwd });
  for (let i = 0; i < 20 && followed.exit !== 0; i++)
    followed = await ice(['runs', 'logs', 'last', '-f', '--json'], { cwd });
  expect((await running).json).toMatchObject({ ok: true, outputs: { n: 3 } });
  expect((followed.json['items'] as { message: string }[]).map((one) => one.message)).toEqual([
    'item 1',
    'item 2',
    'item 3',
  ]);
  const text = await ice(['runs', 'logs', 'last', '--node', 'b'], { cwd });
  expect(text.stdout).toContain('item 2');
  expect(text.stdout).not.toContain('item 1');
});

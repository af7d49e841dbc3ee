import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tempFolder, writeInto } from '../support/temp-folder.ts';

/** What tools may touch, from the first validation to the run, as a script meets it: off a terminal. */

const BIN = join(import.meta.dirname, '../../bin/dev.js');
const server = createServer((_, response) => response.end('ok'));
let address: string;
let folder: string;

const tool = (version: string, permissions: string, run: string): string => `
import { defineTool } from 'iceos';
import { z } from 'zod';
export default defineTool({
  name: 'caller', version: '${version}', description: 'Calls',
  input: z.object({}), output: z.object({ text: z.string() }),
  ${permissions}
  ${run}
});
`;
const fetches = (host: string): string =>
  `async run(_, ctx) { const answer = await ctx.fetch('http://${host}/x'); return { text: await answer.text() }; },`;

async function ice(args: string[], input = '', env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [BIN, ...args, '--json'], {
    cwd: folder,
    env: { ...process.env, ...env },
  });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [out, err, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.on('close', resolve)),
  ]);
  return { code, err, said: JSON.parse(out) };
}

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  folder = tempFolder({ 'ice.yaml': 'name: gate\n' });
});
afterAll(() => server.close());

test('what is used and not declared stops validation and push, with the line to add', async () => {
  writeInto(folder, { 'tools/caller.ts': tool('1.0.0', '', fetches(address)) });
  const { code, said } = await ice(['validate']);
  expect(code).toBe(3);
  expect(said.diagnostics).toMatchObject([
    {
      code: 'ICE1517',
      severity: 'error',
      file: 'tools/caller.ts',
      range: { start: { line: 8 } },
      help: `Without it the call is refused: permissions: { net: ['${address}'] },`,
    },
  ]);
  expect(await ice(['push', '--yes'])).toMatchObject({
    code: 3,
    said: { error: { code: 'validation_failed' } },
  });
});

test('a first version says what it may touch and needs --yes alone; more later needs --allow-permissions', async () => {
  writeInto(folder, {
    'tools/caller.ts': tool('1.0.0', `permissions: { net: ['${address}'] },`, fetches(address)),
  });
  const first = await ice(['push', '--yes']);
  expect(first).toMatchObject({ code: 0, said: { applied: true } });
  expect(first.said.plan.entries[0].permissions).toMatchObject([{ what: 'net', added: [address] }]);

  writeInto(folder, {
    'tools/caller.ts': tool(
      '1.1.0',
      `permissions: { net: ['${address}', 'api.example.com'] },`,
      fetches(address),
    ),
  });
  const refused = await ice(['push', '--yes']);
  expect(refused).toMatchObject({
    code: 8,
    said: {
      applied: false,
      error: {
        code: 'permissions_widened',
        message: expect.stringContaining('newly asks for net: api.example.com'),
      },
    },
  });
  expect((await ice(['components', 'versions', 'caller'])).said.items).toHaveLength(1);
  expect(await ice(['push', '--yes', '--allow-permissions'])).toMatchObject({
    code: 0,
    said: { applied: true },
  });
  expect((await ice(['components', 'show', 'caller'])).said.component).toMatchObject({
    version: '1.1.0',
    manifest: { permissions: { net: [address, 'api.example.com'] } },
  });
});

test('a run works, and says afterwards what it could touch; under a policy it does not', async () => {
  expect(await ice(['run', 'caller'])).toMatchObject({ code: 0, said: { outputs: { text: 'ok' } } });
  const shown = await ice(['runs', 'show', 'last']);
  expect(shown.said.permissions).toMatchObject([
    { component: 'caller@1.1.0', net: [address, 'api.example.com'] },
  ]);

  writeInto(folder, { 'ice.yaml': 'name: gate\npolicy: { permissions: { net: [api.example.com] } }\n' });
  const { code, said } = await ice(['validate']);
  expect(code).toBe(3);
  expect(said.diagnostics).toMatchObject([
    {
      code: 'ICE1514',
      message: `caller asks for more than the policy of ice.yaml allows: net: ${address} (allowed: api.example.com)`,
    },
  ]);
  // What was pushed before there was a policy is held to it all the same, called from a flow of the project.
  writeInto(folder, {
    'tools/caller.ts': '// moved away\nexport const nothing = 1;\n',
    'workflows/calls.yaml': `blueprint: 2
name: calls
version: 1.0.0
description: x
nodes:
  - { id: call, type: tool, tool: caller@1.0.0, args: {} }
outputs: { text: "{{ call.text }}" }
`,
  });
  expect(await ice(['run', 'calls'])).toMatchObject({
    code: 1,
    said: {
      error: {
        code: 'run_failed',
        message: expect.stringContaining('is not among the hosts that may be reached'),
        hint: expect.stringContaining('policy.permissions.net in ice.yaml'),
      },
    },
  });
});

test('a secret that is not set: a warning of validate, a refusal of run before anything runs', async () => {
  folder = tempFolder({
    'ice.yaml': 'name: keys\n',
    'tools/caller.ts': tool(
      '1.0.0',
      "permissions: { secrets: ['GATE_KEY'] },",
      'run: (_, ctx) => ({ text: String(ctx.secrets.GATE_KEY.length) }),',
    ),
    'workflows/ask.yaml': `blueprint: 2
name: ask
version: 1.0.0
description: x
nodes:
  - { id: call, type: tool, tool: caller, args: {} }
  - { id: say, type: llm, model: openai/gpt-5, prompt: "Say {{ call.text }}" }
outputs: { text: "{{ say.text }}" }
`,
  });
  const env = { OPENAI_API_KEY: '' };
  const before = await ice(['validate'], '', env);
  expect(before.code).toBe(0);
  expect(before.said.diagnostics).toMatchObject([
    {
      code: 'ICE1704',
      severity: 'warning',
      file: 'tools/caller.ts',
      range: { start: { line: 7 } },
      help: expect.stringContaining('ice secret set GATE_KEY'),
    },
    {
      code: 'ICE1704',
      file: 'workflows/ask.yaml',
      help: expect.stringContaining('ice secret set OPENAI_API_KEY'),
    },
  ]);
  expect(await ice(['run', 'ask'], '', env)).toMatchObject({
    code: 3,
    said: {
      error: {
        code: 'secret_missing',
        hint: 'ice secret set GATE_KEY && ice secret set OPENAI_API_KEY',
      },
    },
  });
  expect((await ice(['runs', 'list'])).said.items).toEqual([]);
  await ice(['secret', 'set', 'GATE_KEY'], '123456');
  expect((await ice(['validate'], '', { OPENAI_API_KEY: 'x' })).said.diagnostics).toEqual([]);
  expect(await ice(['run', 'caller'], '', env)).toMatchObject({ code: 0, said: { outputs: { text: '6' } } });
});

test('a provider that is not there is named by validate, and refused at start', async () => {
  folder = tempFolder({
    'ice.yaml': 'name: providers\n',
    'workflows/ask.yaml': `blueprint: 2
name: ask
version: 1.0.0
description: x
inputs: { model: { type: string, default: nosuch/thing } }
nodes:
  - { id: pick, type: set, values: { model: nosuch/thing, also: "{{ inputs.model }}" } }
  - { id: say, type: llm, model: echo/default, fallback: [opnai/gpt-5, ours/small], prompt: "Say {{ pick.model }}{{ pick.also }}" }
outputs: { text: "{{ say.text }}" }
`,
  });
  expect((await ice(['validate'])).said.diagnostics).toMatchObject([
    {
      code: 'ICE1705',
      severity: 'warning',
      range: { start: { line: 8, column: 59 } },
      help: expect.stringContaining("Did you mean 'openai'?"),
    },
    { code: 'ICE1705', message: "There is no model provider 'ours' here" },
  ]);
  const env = { ICE_MODEL_ENDPOINTS: 'ours=http://127.0.0.1:9/v1' };
  expect((await ice(['validate'], '', env)).said.diagnostics).toMatchObject([
    { code: 'ICE1705' },
    { code: 'ICE1706', severity: 'info', message: 'ours/small has no price here, so its calls count as $0' },
  ]);
  expect(await ice(['run', 'ask'], '', env)).toMatchObject({
    code: 3,
    said: { error: { code: 'provider_missing' } },
  });
  expect((await ice(['runs', 'list'])).said.items).toEqual([]);
});

test('an input that is writeOnly is in no file and no view', async () => {
  const secret = 'correct-horse-battery';
  folder = tempFolder({
    'ice.yaml': 'name: hidden\n',
    'workflows/enter.yaml': `blueprint: 2
name: enter
version: 1.0.0
description: x
inputs: { key: { type: string, writeOnly: true } }
nodes:
  - { id: use, type: set, values: { size: "{{ size(inputs.key) }}", held: "{{ inputs.key }}" } }
outputs: { size: "{{ use.size }}" }
`,
  });
  const run = await ice(['run', 'enter', '-i', '-'], JSON.stringify({ key: secret }));
  expect(run.said).toMatchObject({ outputs: { size: secret.length } });
  const views = await Promise.all([
    ice(['runs', 'show', 'last']),
    ice(['runs', 'logs', 'last']),
    ice(['runs', 'list']),
  ]);
  const seen = JSON.stringify([run, views]);
  expect(seen).toContain('"key":"***"');
  const kept = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('');
  for (const form of [secret, Buffer.from(secret).toString('base64').slice(0, 26)]) {
    expect(seen).not.toContain(form);
    expect(kept).not.toContain(form);
  }
});

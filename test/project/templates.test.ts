import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { initProject, type NextStep, newComponent } from '../../src/project/scaffold.ts';
import { findTemplate, listTemplates } from '../../src/project/templates.ts';
import { ice } from '../support/ice.ts';
import { tempFolder } from '../support/temp-folder.ts';

const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill();
});

const make = async (template: string): Promise<{ dir: string; nextSteps: NextStep[] }> => {
  const dir = join(tempFolder(), 'demo');
  return initProject({ dir, template, env: { PATH: process.env['PATH'] }, git: false });
};

const json = async (cwd: string, args: readonly string[]) => {
  const { exit, json: body, stderr } = await ice([...args, '--json'], { cwd });
  return { exit, body, stderr };
};

/** `npx ice run x -i "a b"` as the arguments of ice; what is no command of ice is undefined. */
function argumentsOf(command: string): string[] | undefined {
  if (command === 'npm test') return ['test'];
  if (!command.startsWith('npx ice ')) return undefined;
  return [...command.slice('npx ice '.length).matchAll(/'([^']*)'|"([^"]*)"|(\S+?)'([^']*)'|(\S+)/g)].map(
    ([, single, double, head, tail, plain]) =>
      single ?? double ?? (head === undefined ? plain! : head + tail),
  );
}

describe.each(listTemplates().map(({ name }) => name))('the template %s', (name) => {
  test('does what its next steps say, in order, with nothing to warn of', async () => {
    const { dir, nextSteps } = await make(name);
    const validated = await json(dir, ['validate']);
    expect({ exit: validated.exit, diagnostics: validated.body.diagnostics }).toEqual({
      exit: 0,
      diagnostics: [],
    });
    let ran = 0;
    for (const { command } of nextSteps) {
      if (command.startsWith('node ')) {
        const server = spawn(process.execPath, command.split(' ').slice(1), { cwd: dir });
        children.push(server);
        await new Promise((resolve) => server.stdout!.once('data', resolve));
      }
      const args = argumentsOf(command);
      if (!args) continue;
      const { exit, stderr } = await ice(args, { cwd: dir });
      expect({ command, exit, stderr: exit === 0 ? '' : stderr }).toEqual({ command, exit: 0, stderr: '' });
      ran += 1;
    }
    expect(ran).toBeGreaterThan(1);
    // What it says of the commands is true of a push, too: everything is new, then nothing is.
    expect((await json(dir, ['push', '--yes'])).exit).toBe(0);
    expect((await json(dir, ['push', '--dry-run'])).body.plan.changes).toBe(0);
  });
});

describe.each(listTemplates().filter(({ adds }) => adds))(
  'ice new with the template $name',
  ({ name, adds }) => {
    test('adds what validates and passes its tests', async () => {
      const root = tempFolder({ 'ice.yaml': 'name: shop\n' });
      await newComponent({ root, kind: adds!, name: 'my-own', template: name, env: {} });
      const validated = await json(root, ['validate']);
      expect({ exit: validated.exit, diagnostics: validated.body.diagnostics }).toEqual({
        exit: 0,
        diagnostics: [],
      });
      expect((await json(root, ['test'])).exit).toBe(0);
    });
  },
);

test('a tool of tool-http reaches the host that it declares, and no other', async () => {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    seen.push(request.url!);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"hello":"world"}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const root = tempFolder({ 'ice.yaml': 'name: shop\n' });
  await newComponent({ root, kind: 'tool', name: 'fetcher', template: 'tool-http', env: {} });
  const run = () => json(root, ['run', 'fetcher', '-i', `url=http://127.0.0.1:${port}/x`]);
  const refused = await run();
  expect(refused.exit).toBe(1);
  expect(JSON.stringify(refused.body)).toContain('tool_denied');
  expect(seen).toEqual([]);
  const file = join(root, 'tools/fetcher.ts');
  writeFileSync(
    file,
    readFileSync(file, 'utf8').replace("net: ['api.example.com']", `net: ['127.0.0.1:${port}']`),
  );
  const allowed = await run();
  expect(allowed.body.run).toMatchObject({
    state: 'succeeded',
    outputs: { status: 200, body: { hello: 'world' } },
  });
  expect(seen).toEqual(['/x']);
  server.close();
});

test('every template is whole: a summary, next steps, and a schema line in each document', async () => {
  for (const template of listTemplates()) {
    expect(template.summary.length).toBeGreaterThan(10);
    expect(template.next.length).toBeGreaterThan(1);
    const { dir } = await make(template.name);
    expect(readFileSync(join(dir, 'ice.yaml'), 'utf8')).toMatch(/^# yaml-language-server: \$schema=/);
  }
  expect(() => findTemplate('_base')).toThrow('There is no template');
});

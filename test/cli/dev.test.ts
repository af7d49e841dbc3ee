import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BIN, cleanEnv, ice, temporary, toolProject, writeFiles } from '../support/ice.ts';
import { iceInTerminal } from '../support/pty.ts';

let home: ReturnType<typeof temporary>;
let cwd: string;
const children: ChildProcess[] = [];

const FLOW = `blueprint: 2
name: flow
version: 1.0.0
description: x
inputs: { cost: { type: number, default: 10 } }
nodes: [{ id: a, type: tool, tool: price@^1, args: { cost: "{{ inputs.cost }}" } }]
outputs: { price: "{{ a.price }}" }
`;

beforeEach(async () => {
  home = temporary();
  cwd = await toolProject(home.dir);
  writeFiles(cwd, { 'workflows/flow.yaml': FLOW });
});
afterEach(() => {
  for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
  home.remove();
});

test('the footer names keys, and each does what it says', async () => {
  const dev = iceInTerminal(['dev', '--port', '0'], { cwd, home: home.dir });
  await dev.shows(/registered as @dev/);
  await dev.shows('r push again   v findings   l last runs   c clear   q stop');
  dev.type('r');
  await dev.shows('nothing changed');
  dev.type('l');
  await dev.shows('No runs yet.');
  dev.type('v');
  await dev.shows('Nothing was found.');
  writeFiles(cwd, { 'workflows/flow.yaml': FLOW.replace('version: 1.0.0\n', '') });
  await dev.shows(/flow registered as @dev, 1 warning/);
  dev.type('v');
  await dev.shows(/warning\[ICE1505\]/);
  // A workflow that refers to the project's tools is registered, too, and runs from another terminal.
  expect(await ice(['run', 'workflow/flow@dev', '--json'], { cwd })).toMatchObject({
    exit: 0,
    json: { outputs: { price: 12.5 }, target: { through: 'the server of this folder' } },
  });
  dev.type('l');
  await dev.shows(/succeeded +flow +run_/);
  dev.type('c');
  await dev.shows(/^\s*r push again/);
  expect(dev.screen.text).not.toContain('registered as');
  // The footer stays below what is said after it.
  dev.type('r');
  await dev.shows(/nothing changed[\s\S]+r push again/);
  dev.type('q');
  expect(await dev.ended).toBe(0);
  expect(dev.screen.cursorShown).toBe(true);
  expect(dev.screen.text).not.toContain('push again');
  expect(existsSync(join(cwd, '.ice/server.json'))).toBe(false);
});

test('killed with -9 and started again: what it left is no obstacle, for runs and for the next one', async () => {
  const start = async (): Promise<ChildProcess> => {
    const child = spawn(process.execPath, [BIN, 'dev', '--port', '0', '--events'], {
      cwd,
      env: cleanEnv(home.dir) as NodeJS.ProcessEnv,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    children.push(child);
    let text = '';
    for await (const chunk of child.stdout!) {
      text += String(chunk);
      if (text.includes('dev.pushed')) return child;
    }
    throw new Error(`dev ended: ${text}`);
  };
  const through = async () => {
    const { exit, json } = await ice(['run', 'flow', '--json'], { cwd });
    expect(exit).toBe(0);
    return json['target'].through as string;
  };
  const first = await start();
  expect(await through()).toBe('the server of this folder');
  first.kill('SIGKILL');
  await new Promise((resolve) => first.once('exit', resolve));
  expect(JSON.parse(readFileSync(join(cwd, '.ice/server.json'), 'utf8'))).toMatchObject({ pid: first.pid });

  expect(await through()).toBe('this process');
  const second = await start();
  expect(JSON.parse(readFileSync(join(cwd, '.ice/server.json'), 'utf8'))).toMatchObject({ pid: second.pid });
  expect(await through()).toBe('the server of this folder');
  const ended = new Promise((resolve) => second.once('exit', resolve));
  second.kill('SIGTERM');
  expect(await ended).toBe(0);
});

import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { ice, temporary, toolProject, writeFiles } from '../support/ice.ts';
import { iceInTerminal } from '../support/pty.ts';

const { dir, remove } = temporary();
let cwd: string;

/** Naps end while there are some left, and the next one when the test says so: what the screen shows then stays. */
let left = 0;
const asleep: ServerResponse[] = [];
const wake = (naps = Number.POSITIVE_INFINITY): void => {
  left = naps;
  for (; left > 0 && asleep.length > 0; left--) asleep.shift()!.end('up');
};
const bed = createServer((_, response) => {
  asleep.push(response);
  response.once('close', () => {
    if (asleep.includes(response)) asleep.splice(asleep.indexOf(response), 1);
  });
  wake(left);
});
afterAll(() => {
  bed.closeAllConnections();
  bed.close();
  remove();
});
beforeEach(() => {
  for (const response of asleep.splice(0)) response.destroy();
  wake(1);
});

const SLOW = `blueprint: 2
name: slow
version: 1.0.0
nodes:
  - { id: first, type: set, values: { list: "{{ [1,2,3,4,5,6] }}" } }
  - id: naps
    type: loop
    items: "{{ first.list }}"
    as: n
    concurrency: 1
    body:
      - { id: nap, type: tool, tool: nap, args: { n: "{{ n }}" } }
outputs: { slept: "{{ size(naps) }}" }
`;

const PURE = `blueprint: 2
name: pure
version: 1.0.0
nodes: [{ id: a, type: set, values: { x: 1 } }]
outputs: { x: "{{ a.x }}" }
`;

beforeAll(async () => {
  await new Promise<void>((resolve) => bed.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${(bed.address() as AddressInfo).port}`;
  cwd = await toolProject(dir);
  writeFiles(cwd, {
    'workflows/slow.yaml': SLOW,
    'tools/nap.ts': `import { defineTool } from 'iceos';
import { z } from 'zod';
export default defineTool({ name: 'nap', version: '1.0.0', description: 'Sleeps', input: z.object({ n: z.number() }), output: z.object({ n: z.number() }), permissions: { net: ['${address}'] },
  async run({ n }, ctx) { ctx.log.info('sleeping'); await ctx.fetch('http://${address}/'); return { n }; }, examples: [] });
`,
  });
  await ice(['validate'], { cwd });
});

const open = (args: string[], more: { columns?: number; rows?: number } = {}) =>
  iceInTerminal(args, { cwd, home: dir, ...more });

test('the tree moves; its last picture stays, then the outputs; the cursor is back', async () => {
  const terminal = open(['run', 'slow']);
  await terminal.shows(/naps +1\/6/);
  expect(terminal.screen.cursorShown).toBe(false);
  wake(3);
  await terminal.shows(/naps +4\/6/);
  wake();
  expect(await terminal.ended).toBe(0);
  const { text } = terminal.screen;
  expect(text).toMatch(/^slow 1\.0\.0 {2}run_\w+\n├─ ✓ first +set\n└─ ✓ naps +6\/6 +loop/);
  expect(text).toMatch(/✓ succeeded {3}[\d.]+ m?s {3}2\/2 nodes\n {2}slept {2}6$/);
  expect(text.match(/slow 1\.0\.0/g)).toHaveLength(1);
  expect(terminal.screen.cursorShown).toBe(true);
});

test('t and l show timeline and logs of the same run, and the tree again', async () => {
  const terminal = open(['run', 'slow']);
  await terminal.shows(/naps +1\/6/);
  terminal.type('t');
  await terminal.shows(/naps +━+/);
  terminal.type('l');
  await terminal.shows(/info +naps\[0\]\.nap +sleeping/);
  terminal.type('l');
  await terminal.shows(/naps +1\/6/);
  wake();
  expect(await terminal.ended).toBe(0);
});

test('Ctrl-C cancels: exit 7, and the run is cancelled', async () => {
  const terminal = open(['run', 'slow']);
  await terminal.shows(/naps +1\/6/);
  terminal.type('\x03');
  expect(await terminal.ended).toBe(7);
  expect(terminal.screen.text).toMatch(/cancelled/);
  expect(terminal.screen.cursorShown).toBe(true);
  expect((await ice(['runs', 'show', 'last', '--json'], { cwd })).json.run.state).toBe('cancelled');
});

test('d detaches: exit 6, the run waits, and the line that resumes it works', async () => {
  const terminal = open(['run', 'slow']);
  await terminal.shows(/naps +1\/6/);
  terminal.type('d');
  expect(await terminal.ended).toBe(6);
  const [, id] = /ice runs resume (run_\w+)/.exec(terminal.screen.text) ?? [];
  expect(id).toBeDefined();
  expect(terminal.screen.cursorShown).toBe(true);
  expect((await ice(['runs', 'show', id!, '--json'], { cwd })).json.run).toMatchObject({
    state: 'paused',
    driven: false,
  });
  wake();
  const resumed = await ice(['runs', 'resume', id!, '--json'], { cwd });
  expect(resumed).toMatchObject({ exit: 0, json: { outputs: { slept: 6 } } });
});

test('with a server d leaves the run to it, and it goes on; a change is pushed while it runs', async () => {
  const dev = open(['dev', '--port', '0']);
  await dev.shows(/registered as @dev/);
  const terminal = open(['run', 'slow']);
  await terminal.shows(/naps +1\/6/);
  terminal.type('d');
  expect(await terminal.ended).toBe(6);
  const [, id] = /ice runs watch (run_\w+)/.exec(terminal.screen.text) ?? [];
  expect(id).toBeDefined();
  wake();
  expect(await ice(['runs', 'wait', id!, '--json'], { cwd })).toMatchObject({
    exit: 0,
    json: { outputs: { slept: 6 } },
  });
  expect(await ice(['run', 'slow', '--detach'], { cwd })).toMatchObject({
    exit: 0,
    stdout: expect.stringMatching(/^run_/),
  });
  writeFiles(cwd, { 'workflows/pure.yaml': PURE });
  await dev.shows(/pure registered as @dev/);
  expect(await ice(['run', 'workflow/pure@dev', '--json'], { cwd })).toMatchObject({ exit: 0 });
  writeFiles(cwd, { 'workflows/slow.yaml': SLOW.replace('first.list', 'frist.list') });
  await dev.shows(/Did you mean 'first'/);
  writeFiles(cwd, { 'workflows/slow.yaml': SLOW });
  await dev.shows(/valid again/);
  dev.type('\x03');
  expect(await dev.ended).toBe(0);
});

test.each(['SIGTERM', 'SIGHUP'] as const)(
  '%s detaches: exit 6, the terminal is as it was',
  async (signal) => {
    const terminal = open(['run', 'slow']);
    await terminal.shows(/naps +1\/6/);
    terminal.signal(signal);
    expect(await terminal.ended).toBe(6);
    expect(terminal.screen.cursorShown).toBe(true);
    expect((await ice(['runs', 'show', 'last', '--json'], { cwd })).json.run.state).toBe('paused');
  },
);

test('runs watch takes up a run that its worker left in the middle, and Ctrl-C only stops looking', async () => {
  const first = open(['run', 'slow']);
  await first.shows(/naps +1\/6/);
  first.signal('SIGKILL');
  await first.ended;
  // Its nap has gone with it.
  await expect.poll(() => asleep.length).toBe(0);
  const watcher = open(['runs', 'watch', 'last']);
  wake(2);
  await watcher.shows(/naps +3\/6/);
  watcher.type('\x03');
  expect(await watcher.ended).toBe(6);
  expect((await ice(['runs', 'wait', 'last', '--timeout', '1ms', '--json'], { cwd })).exit).toBe(6);
  wake();
  expect((await ice(['runs', 'resume', 'last', '--json'], { cwd })).json.outputs).toEqual({ slept: 6 });
});

test('a screen that changes its size, narrow and low: nothing is left over', async () => {
  const terminal = open(['run', 'slow'], { columns: 60, rows: 9 });
  await terminal.shows(/naps +1\/6/);
  wake();
  expect(await terminal.ended).toBe(0);
  const { text } = terminal.screen;
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(60);
  expect(text.match(/slow 1\.0\.0/g)).toHaveLength(1);
});

test('ASCII and no colours where they are asked for', async () => {
  wake();
  const terminal = iceInTerminal(['run', 'slow', '--no-color'], {
    cwd,
    home: dir,
    env: { LANG: 'C', LC_ALL: 'C' },
  });
  expect(await terminal.ended).toBe(0);
  expect(terminal.screen.text).toMatch(/^\|- \+ first/m);
  expect(terminal.raw()).not.toMatch(/\x1B\[\d*m/);
  expect(terminal.screen.text).not.toMatch(/[^\x00-\x7F]/);
});

test('with --quiet and in CI nothing moves, also in a terminal', async () => {
  const quiet = open(['run', 'price', '-i', 'cost=10', '--quiet']);
  expect(await quiet.ended).toBe(0);
  expect(quiet.raw()).not.toContain('\x1B[?25l');
  const ci = iceInTerminal(['run', 'price', '-i', 'cost=10'], { cwd, home: dir, env: { CI: 'true' } });
  expect(await ci.ended).toBe(0);
  expect(ci.raw()).not.toContain('\x1B[?25l');
  expect(ci.screen.text).toMatch(/started +price/);
});

test('questions: the template is chosen with the arrow keys, a push asks and takes no for an answer', async () => {
  const init = iceInTerminal(['init', 'asked'], { cwd: dir, home: dir });
  await init.shows('Template');
  init.type('\x1B[B\r');
  expect(await init.ended).toBe(0);
  expect(init.screen.text).toMatch(/Created asked \(template: (?!tool\))\w+/);

  const push = iceInTerminal(['push'], { cwd: join(dir, 'asked'), home: dir });
  await push.shows(/Push to local\?/);
  push.type('n\r');
  expect(await push.ended).toBe(0);
  expect(push.screen.text).toContain('Nothing was pushed');
});

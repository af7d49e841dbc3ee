import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { ice } from '../support/ice.ts';
import { tempFolder } from '../support/temp-folder.ts';

const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill();
});

function copy(): string {
  const folder = join(tempFolder(), 'support-agent');
  cpSync(join(import.meta.dirname, '../../examples/support-agent'), folder, {
    recursive: true,
    filter: (path) => !path.endsWith('.ice'),
  });
  return folder;
}

interface Entry {
  type: string;
  seq: number;
  runId: string;
  path?: string;
  case?: string;
  data?: { kind?: string; name?: string };
}

/** The journals of all cases, as they stand on stdout, without ids, times and durations. */
async function journals(folder: string): Promise<string> {
  const { exit, stdout, stderr } = await ice(['test', '--events', '--concurrency', '1'], { cwd: folder });
  expect(exit, stderr).toBe(0);
  return stdout
    .replace(/"ts":\d+/g, '"ts":0')
    .replace(/"durationMs":[\d.]+/g, '"durationMs":0')
    .replace(/"runId":"run_\w+"/g, '"runId":"run"')
    .replace(/"worker":"[^"]*"/g, '"worker":"w"');
}
const entriesOf = (text: string): Entry[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Entry);

test('an agent with a tool and a workflow runs without keys from its recordings, twice: the same events, byte for byte', async () => {
  const first = await journals(copy());
  const second = await journals(copy());
  expect(second).toBe(first);

  // And they are what they should be: the tool and the workflow were called, in order, by the agent.
  const entries = entriesOf(first);
  const steps = entries
    .filter((entry) => entry.type === 'node.step' && entry.case?.startsWith('a late order'))
    .map(({ path, data }) => [path, data?.kind, data?.name]);
  expect(steps).toEqual([
    ['support', 'model', 'openai-compatible/support-1'],
    ['support', 'tool', 'order-status'],
    ['support', 'model', 'openai-compatible/support-1'],
    ['support', 'tool', 'compensate'],
    ['support', 'model', 'openai-compatible/support-1'],
  ]);
  // What the agent called as a tool ran in the same journal, under its step.
  const inner = entries
    .filter((entry) => entry.type === 'node.succeeded' && entry.case?.startsWith('a late order'))
    .map(({ path }) => path);
  expect(inner).toEqual([
    'support.compensate[3].status',
    'support.compensate[3].back',
    'support.compensate[3]',
    'support',
    'sorry.then.ticket',
    'sorry',
  ]);
  // Each journal is whole: numbered from 1, without gaps.
  for (const name of new Set(entries.filter((entry) => entry.seq === 1).map((entry) => entry.case))) {
    const seqs = entries.filter((entry) => entry.case === name && entry.seq).map((entry) => entry.seq);
    expect(seqs).toEqual(seqs.map((_, i) => i + 1));
  }
});

test('many at once are the same, too, each by itself', async () => {
  const folder = copy();
  const byCase = (text: string): Map<string, string[]> => {
    const lines = text.trim().split('\n');
    return Map.groupBy(lines.slice(0, -1), (line) => String((JSON.parse(line) as Entry).case));
  };
  const one = byCase(await journals(folder));
  const { stdout } = await ice(['test', '--events'], { cwd: folder });
  const paths = (lines: string[]) =>
    lines.map((line) => JSON.parse(line) as Entry).map(({ type, path }) => `${type} ${path ?? ''}`);
  for (const [name, lines] of byCase(stdout)) {
    const alone = one.get(name)!;
    // Different nodes may be told in another order; those of one path never are.
    for (const path of new Set(paths(lines).map((each) => each.split(' ')[1])))
      expect(paths(lines).filter((each) => each.endsWith(` ${path}`))).toEqual(
        paths(alone).filter((each) => each.endsWith(` ${path}`)),
      );
  }
});

test('the recordings can be made again with the stand-ins, and come out the same', async () => {
  const folder = copy();
  const port = await new Promise<number>((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = probe.address() as { port: number };
      probe.close(() => resolve(free));
    });
  });
  // The address is part of what is recorded, so the copy gets one that is free.
  for (const file of ['tools/order-status.ts', 'tests/answer.cassette.yaml']) {
    const path = join(folder, file);
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(':8798', `:${port}`));
  }
  const server = spawn(process.execPath, ['stand-ins/server.ts', String(port)], {
    cwd: folder,
    env: { ...process.env, ORDERS_KEY: 'another-key-4711' },
  });
  children.push(server);
  await new Promise((resolve) => server.stdout!.once('data', resolve));
  const cassette = join(folder, 'tests/answer.cassette.yaml');
  const before = readFileSync(cassette, 'utf8');
  rmSync(cassette);
  const { exit, json } = await ice(['test', '--record', '--json', '--concurrency', '1'], {
    cwd: folder,
    env: {
      ORDERS_KEY: 'another-key-4711',
      OPENAI_COMPATIBLE_BASE_URL: `http://127.0.0.1:${port}/v1`,
    },
  });
  expect(exit, JSON.stringify(json)).toBe(0);
  expect(readFileSync(cassette, 'utf8')).toBe(before);
  expect(before).not.toContain('4711');
});

import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { ice as iceCommand } from '../support/ice.ts';
import { tempFolder } from '../support/temp-folder.ts';

const examples = join(import.meta.dirname, '../../examples');
/** A copy without the state of earlier runs: a test starts where a fresh clone does. */
function copyOf(example: string): string {
  const folder = join(tempFolder(), example);
  cpSync(join(examples, example), folder, { recursive: true, filter: (path) => !path.endsWith('.ice') });
  return folder;
}

const ice = async (folder: string, ...args: string[]) => {
  const { exit, json, stderr } = await iceCommand([...args, '--json'], { cwd: folder });
  return { exit, body: json, stderr };
};

const all = readdirSync(examples, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

test('every example is in the list of examples, and has a page', () => {
  const list = readFileSync(join(examples, 'README.md'), 'utf8');
  expect([...list.matchAll(/\]\(([\w-]+)\/README\.md\)/g)].map((match) => match[1]).sort()).toEqual(
    all.sort(),
  );
  for (const example of all) expect(readdirSync(join(examples, example))).toContain('README.md');
});

test('every example is valid and passes its own tests, with nothing to warn of', async () => {
  for (const example of all) {
    const folder = copyOf(example);
    const validated = await ice(folder, 'validate');
    // A key that an example asks for is not set here, and is told; its tests need none.
    const diagnostics = validated.body.diagnostics.filter(
      (one: { code: string }) => !['ICE1704', 'ICE1706'].includes(one.code),
    );
    expect({ example, diagnostics, exit: validated.exit }).toEqual({
      example,
      diagnostics: [],
      exit: 0,
    });
    expect((await ice(folder, 'test')).exit).toBe(0);
  }
});

describe('earthquakes', () => {
  const run = (folder: string, ...more: string[]) =>
    ice(folder, 'run', 'report', '-i', 'csv=@data/earthquakes.csv', '--out', 'reports', ...more);

  test('the report and the charts of the week', async () => {
    const folder = copyOf('earthquakes');
    const { exit, body } = await run(folder);
    expect(exit).toBe(0);
    expect(body.run).toMatchObject({ state: 'succeeded', name: 'report', handledFailures: [] });
    expect(readdirSync(join(folder, 'reports')).sort()).toEqual([
      'chart.svg',
      'headline.txt',
      'magnitudes.svg',
      'report.md',
    ]);
    const report = readFileSync(join(folder, 'reports/report.md'), 'utf8');
    expect(report).toContain('**A severe week: magnitude 6.4.** Look first at 22km NNE of Hualian, Taiwan');
    expect(report).toContain('971 earthquakes of magnitude 1 or more, among 1707 seismic events.');
    // Counted by hand from the file, without any of our code: grep and awk say the same.
    const rows = readFileSync(join(folder, 'data/earthquakes.csv'), 'utf8').trim().split('\n').slice(1);
    const california = rows.filter((row) => {
      const [, , , , , mag, , type] = row.split(',');
      return type === 'earthquake' && Number(mag) >= 1 && /, (CA|California)"$/.test(row);
    });
    expect(rows).toHaveLength(1707);
    expect(report).toContain(`| California | ${california.length} |`);
    const chart = readFileSync(join(folder, 'reports/chart.svg'), 'utf8');
    expect(chart).toMatch(/^<svg [\s\S]*<\/svg>\s*$/);
    expect(chart).toContain(`California: ${california.length}`);
    // One answer of a model for each region, and the alert, which needed a second attempt; all counted and priced.
    expect(body.run.usage.outputTokens).toBeGreaterThan(0);
    expect(body.run.cost).toBeGreaterThan(0);
  });

  test('the other branch, and fewer regions', async () => {
    const folder = copyOf('earthquakes');
    const { exit, body } = await run(folder, '-i', 'severe=7', '-i', 'top=2', '-i', 'minMagnitude=4.5');
    expect(exit).toBe(0);
    expect(body.run.outputs.headline).toBe('A calm week: nothing of magnitude 7 or more.');
    expect(body.run.outputs.report.match(/^\| (?!region|---)/gm)).toHaveLength(3);
  });

  test('a table without its columns has no earthquakes, and one that is no table fails with its line', async () => {
    const folder = copyOf('earthquakes');
    const other = await ice(folder, 'run', 'report', '-i', 'csv=a,b\n1,2\n');
    expect(other.exit).toBe(0);
    expect(other.body.run.outputs.headline).toContain('A calm week');
    const broken = await ice(folder, 'run', 'report', '-i', 'csv=a,b\n"1,2\n');
    expect(broken.exit).toBe(1);
    expect(broken.body.run.error ?? broken.body.error).toMatchObject({
      message: expect.stringContaining('Line 2'),
    });
  });
});

describe('clearance listings', () => {
  const run = (folder: string, ...more: string[]) =>
    ice(folder, 'run', 'clearance-listings', '-i', 'csv=@data/clearance.csv', ...more);

  test('an item above the limit holds the listings back', async () => {
    const folder = copyOf('clearance-listings');
    const held = await run(folder);
    expect(held.exit).toBe(0);
    expect(held.body.run.outputs).toEqual({ listings: [], held: 'Espresso machine above 500' });
    const free = await run(folder, '-i', 'limit=1000');
    expect(free.body.run.outputs.held).toBeNull();
    expect(free.body.run.outputs.listings).toHaveLength(8);
    expect(free.body.run.outputs.listings[0]).toEqual({
      name: 'Enamel kettle',
      price: 23.99,
      discount: 0,
      title: expect.stringMatching(/^.{3,60}$/),
    });
  });

  test('a state that the tool does not know fails the run, and names it', async () => {
    const folder = copyOf('clearance-listings');
    const { exit, body } = await ice(
      folder,
      'run',
      'clearance-listings',
      '-i',
      'csv=name,cost,condition,stock\nLamp,10,broken,1\n',
    );
    expect(exit).toBe(1);
    expect(JSON.stringify(body)).toContain('condition');
  });
});

describe('stock check', () => {
  const children: ChildProcess[] = [];
  afterAll(() => {
    for (const child of children) child.kill();
  });
  const freePort = (): Promise<number> =>
    new Promise((resolve) => {
      const probe = createServer().listen(0, '127.0.0.1', () => {
        const { port } = probe.address() as { port: number };
        probe.close(() => resolve(port));
      });
    });
  /** The example with its API on a port of its own, which the workflow names literally. */
  async function shop(serves: boolean): Promise<{ folder: string; url: string }> {
    const folder = copyOf('stock-check');
    const port = await freePort();
    const file = join(folder, 'workflows/stock-check.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll(':8799', `:${port}`));
    if (serves) {
      const server = spawn(process.execPath, ['api/server.ts', String(port)], { cwd: folder });
      children.push(server);
      await new Promise((resolve) => server.stdout!.once('data', resolve));
    }
    return { folder, url: `http://127.0.0.1:${port}` };
  }

  test('a busy API is asked again, and what runs low is ordered once', async () => {
    const { folder, url } = await shop(true);
    const { exit, body } = await ice(folder, 'run', 'stock-check');
    expect(exit).toBe(0);
    expect(body.run.outputs).toEqual({
      stock: [
        { item: 'kettle', left: 14 },
        { item: 'lamp', left: 2 },
        { item: 'chair', left: 0 },
        { item: 'blanket', left: 21 },
      ],
      ordered: ['lamp', 'chair'],
    });
    await fetch(`${url}/orders`);
    const orders = (await (await fetch(`${url}/orders`)).json()) as { item: string; amount: number }[];
    expect(orders.map(({ item, amount }) => [item, amount]).sort()).toEqual([
      ['chair', 20],
      ['lamp', 20],
    ]);
    const calm = await ice(folder, 'run', 'stock-check', '-i', 'low=0');
    expect(calm.body.run.outputs.ordered).toEqual([]);
  });

  test('without the API the run fails after its attempts', async () => {
    const { folder } = await shop(false);
    const { exit, body } = await ice(folder, 'run', 'stock-check');
    expect(exit).toBe(1);
    expect(body.run.state).toBe('failed');
  });
});

describe('meeting rooms', () => {
  // The server is the program `node`, which is looked for where the user's programs are.
  const env = { PATH: `${dirname(process.execPath)}:${process.env['PATH']}` };
  const rooms = async (folder: string, ...args: string[]) => {
    const { exit, json, stderr } = await iceCommand([...args, '--json'], { cwd: folder, env });
    return { exit, body: json, stderr };
  };
  const book = (folder: string) =>
    rooms(
      folder,
      'run',
      'book-room',
      ...['day=2026-12-01', 'hour=9', 'seats=6', 'who=Ada'].flatMap((it) => ['-i', it]),
    );

  test('what is pinned is what the server says', async () => {
    const { exit, body } = await rooms(copyOf('meeting-rooms'), 'import', 'mcp', 'rooms', '--check');
    expect(body.error).toBeUndefined();
    expect(exit).toBe(0);
  });

  test('a workflow books with the tools of the server, which is anew in each run', async () => {
    const folder = copyOf('meeting-rooms');
    for (let run = 0; run < 2; run++) {
      const { body } = await book(folder);
      expect(body.run).toMatchObject({
        state: 'succeeded',
        outputs: { booking: 'Garden, 2026-12-01, 9:00, for Ada' },
      });
    }
  });

  test('an agent is told that a room is taken, and books the next hour', async () => {
    const { body } = await rooms(copyOf('meeting-rooms'), 'run', 'concierge', '-i', 'input=for Ada and Ben');
    expect(body.run.outputs.result).toMatchObject({ text: 'Ada has the Attic at 9, Ben at 10.', steps: 5 });
  });

  test('the policy names the one program that may start: another is an error before anything runs', async () => {
    const folder = copyOf('meeting-rooms');
    const file = join(folder, 'ice.yaml');
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replace('commands: [node server', 'commands: [node other'),
    );
    const { exit, body } = await book(folder);
    expect(exit).toBe(3);
    expect(JSON.stringify(body)).toContain('node server/rooms.mjs');
  });

  test('its recordings can be made again, and come out the same', async () => {
    const folder = copyOf('meeting-rooms');
    const cassettes = ['tests/rooms.cassette.yaml', 'tests/concierge.cassette.yaml'];
    const read = () => cassettes.map((file) => readFileSync(join(folder, file), 'utf8'));
    const before = read();
    for (const file of cassettes) rmSync(join(folder, file));
    expect((await rooms(folder, 'test', '--record', '--concurrency', '1')).exit).toBe(0);
    expect(read()).toEqual(before);
  });
});

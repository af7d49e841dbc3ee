import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ice, temporary, writeFiles } from '../support/ice.ts';

const { dir, remove } = temporary();
const SECRET = 'sk-live/4711+secret=';
let server: Server;
let hits: string[] = [];
let port = 0;

beforeAll(async () => {
  server = createServer((request, response) => {
    hits.push(`${request.method} ${request.url} ${request.headers['x-key']}`);
    response
      .writeHead(200, { 'content-type': 'application/json' })
      // What the service says back of the key must not get into a cassette either.
      .end(JSON.stringify({ rate: hits.length, echo: request.headers['x-key'] }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.close();
  remove();
});

beforeEach(() => {
  hits = [];
  rmSync(dir, { recursive: true, force: true });
  writeFiles(dir, {
    'ice.yaml': 'name: shop\n',
    'tools/rate.ts': `import { defineTool } from 'iceos';
import { z } from 'zod';
export default defineTool({
  name: 'rate', version: '1.0.0', description: 'A rate',
  input: z.object({ to: z.string() }),
  output: z.object({ rate: z.number(), lucky: z.number() }),
  permissions: { net: ['127.0.0.1:${port}'], secrets: ['RATE_KEY'] },
  async run({ to }, ctx) {
    const answer = await ctx.fetch('http://127.0.0.1:${port}/' + to + '?key=' + encodeURIComponent(ctx.secrets.RATE_KEY), {
      headers: { 'x-key': ctx.secrets.RATE_KEY },
    });
    return { rate: (await answer.json()).rate, lucky: Math.random() };
  },
});
`,
    'tools/double.ts': `import { defineTool } from 'iceos';
import { z } from 'zod';
export default defineTool({
  name: 'double', version: '1.0.0', description: 'Twice',
  input: z.object({ n: z.number() }),
  output: z.object({ n: z.number(), note: z.string().optional() }),
  run: ({ n }) => ({ n: n * 2 }),
  examples: [{ name: 'two', input: { n: 2 }, output: { n: 4 } }, { input: { n: 0 } }],
});
`,
    'workflows/big.yaml': `blueprint: 2
name: big
version: 1.0.0
description: Says whether twice a number is big
inputs: { n: { type: number } }
nodes:
  - { id: twice, type: tool, tool: double@^1, args: { n: "{{ inputs.n }}" } }
  - id: check
    type: condition
    expression: "{{ twice.n > 10 }}"
    then: [{ id: yes, type: set, values: { says: big } }]
    else: [{ id: no, type: set, values: { says: small } }]
outputs:
  says: "{{ check.branch == 'then' ? check.then.yes.says : check.else.no.says }}"
`,
    'tests/big.test.yaml': `test: sizes
run: big
cases:
  - { name: small, inputs: { n: 1 }, output: { says: small } }
`,
  });
});

const run = (args: string[], env: Record<string, string> = {}) =>
  ice(['test', ...args], { cwd: dir, env: { ICE_KEYRING: '0', ...env } });
const rates = (cases: string) =>
  writeFiles(dir, { 'tests/rate.test.yaml': `test: rates\nrun: rate\ncases:\n${cases}` });

test('examples and test files: what passed, what failed and where; the database of the project is not touched', async () => {
  const good = await run(['--json']);
  expect(good.exit, good.stdout).toBe(0);
  expect(good.json).toMatchObject({ ok: true, counts: { passed: 3, failed: 0, missed: 0 } });
  // A field that the tool left out is not null to its example.
  expect(good.json['tests'].map((one: { name: string }) => one.name)).toEqual(['two', 'example 2', 'small']);
  expect(existsSync(join(dir, '.ice/ice.db'))).toBe(false);

  writeFiles(dir, {
    'tests/big.test.yaml': `test: sizes
run: big
cases:
  - { name: small, inputs: { n: 100 }, output: { says: small }, assert: ["{{ twice.n < 50 }}"] }
`,
  });
  const bad = await run(['--json']);
  expect(bad.exit).toBe(1);
  expect(bad.json['error'].code).toBe('test_failed');
  expect(bad.json['tests'][2]).toMatchObject({
    state: 'failed',
    file: 'tests/big.test.yaml',
    line: 4,
    problems: [
      { kind: 'output', path: 'says', expected: 'small', got: 'big' },
      { kind: 'assert', message: '{{ twice.n < 50 }} is false, with twice.n = 200' },
    ],
  });
  const text = await run([]);
  expect(text.stdout).toContain('says is "big", expected "small"');
  expect(text.stdout).toMatch(/2 passed, 1 failed {2}of 3 tests/);
});

test('only some: by name, by file, by what they test; nothing meant is an error', async () => {
  const names = async (...args: string[]) =>
    (await run([...args, '--json'])).json['tests'].map((one: { name: string }) => one.name);
  expect(await names('--filter', 'TWO')).toEqual(['two']);
  expect(await names('tests')).toEqual(['small']);
  expect(await names('tools/double.ts')).toEqual(['two', 'example 2']);
  expect(await names('workflows/big.yaml')).toEqual(['small']);
  expect(await run(['--filter', 'nothing like it', '--json'])).toMatchObject({ exit: 11 });
  expect(await run(['tests/none.test.yaml', '--json'])).toMatchObject({ exit: 11 });
  expect(await run(['ice.yaml', '--json'])).toMatchObject({ exit: 2 });
});

describe('cassettes', () => {
  const CASES = `  - { name: euro, inputs: { to: eur }, output: { rate: 1 } }
  - { name: dollar, inputs: { to: usd }, assert: ["{{ outputs.rate > 0 }}"] }
`;
  const cassette = () => readFileSync(join(dir, 'tests/rate.cassette.yaml'), 'utf8');
  const record = (...more: string[]) => run(['--record', '--json', ...more], { RATE_KEY: SECRET });

  test('without one, nothing goes out, and the test says how to make one', async () => {
    rates(CASES);
    const { exit, json } = await run(['--json'], { RATE_KEY: SECRET });
    expect(exit).toBe(1);
    expect(hits).toEqual([]);
    expect(json['tests'].at(-1).problems[0]).toMatchObject({
      kind: 'cassette_miss',
      hint: 'Record it into tests/rate.cassette.yaml: ice test --record',
    });
  });

  test('recorded once, played without key and network, the same each time; no secret in it', async () => {
    rates(CASES);
    const recorded = await record('--concurrency', '1');
    expect(recorded.exit, recorded.stdout).toBe(0);
    expect(recorded.json['recorded']).toEqual(['tests/rate.cassette.yaml']);
    expect(hits).toEqual([
      `GET /eur?key=${encodeURIComponent(SECRET)} ${SECRET}`,
      `GET /usd?key=${encodeURIComponent(SECRET)} ${SECRET}`,
    ]);
    const text = cassette();
    for (const form of [
      SECRET,
      encodeURIComponent(SECRET),
      Buffer.from(SECRET).toString('base64'),
      'sk-live',
    ])
      expect(text).not.toContain(form);
    expect(text).toContain('echo: "***"');

    hits = [];
    const events = async () => {
      const { exit, stdout } = await run(['--events', '--concurrency', '1']);
      expect(exit).toBe(0);
      return stdout;
    };
    const [first, second] = [await events(), await events()];
    expect(hits).toEqual([]);
    // What is random in a tool is seeded by its case, so that it is the same in each test run.
    const lucky = (text: string) => [...text.matchAll(/"lucky":([\d.]+)/g)].map((match) => match[1]);
    expect(lucky(first).length).toBeGreaterThan(1);
    expect(lucky(second)).toEqual(lucky(first));
    expect(new Set(lucky(first)).size).toBe(2);
  });

  test('a request that is not there shows how the nearest recording differs', async () => {
    rates(CASES);
    await record();
    const file = join(dir, 'tools/rate.ts');
    writeFileSync(file, readFileSync(file, 'utf8').replace("'?key='", "'?k='"));
    const { exit, json } = await run(['--json']);
    expect(exit).toBe(1);
    const { hint } = json['tests'].at(-1).problems[0];
    expect(hint).toContain(`- url: "http://127.0.0.1:${port}/usd?key=***"`);
    expect(hint).toContain(`+ url: "http://127.0.0.1:${port}/usd?k=***"`);
  });

  test('an answer that was edited by hand is played as it stands', async () => {
    rates(CASES);
    await record('--concurrency', '1');
    writeFileSync(join(dir, 'tests/rate.cassette.yaml'), cassette().replace('rate: 1', 'rate: 1000'));
    const { exit, json } = await run(['--json']);
    expect(exit).toBe(1);
    expect(json['tests'].find((one: { name: string }) => one.name === 'euro').why).toBe(
      'rate is 1000, expected 1',
    );
  });

  test('recording one case leaves the others; what is not asked for any more is said, and goes when all are recorded', async () => {
    rates(CASES);
    await record('--concurrency', '1');
    const before = cassette();
    hits = [];
    await record('--filter', 'dollar');
    expect(hits).toHaveLength(1);
    expect(cassette()).toContain(
      before.slice(before.indexOf('exchanges:'), before.indexOf('  - case: dollar')),
    );

    rates(CASES.split('\n')[0]!.concat('\n'));
    const { json } = await run(['--json']);
    expect(json['warnings']).toEqual(['tests/rate.cassette.yaml: 1 recording is not asked for any more']);
    hits = [];
    await record();
    expect(cassette()).not.toContain('dollar');
  });

  test('a recording that goes wrong leaves what there is; a model that does not answer is not recorded', async () => {
    rates(CASES);
    await record('--concurrency', '1');
    const before = cassette();
    const file = join(dir, 'tools/rate.ts');
    const tool = readFileSync(file, 'utf8');
    writeFileSync(file, tool.replace(/return \{ rate.*\n/, "throw new Error('Something else is wrong');\n"));
    expect(await record()).toMatchObject({ exit: 1, json: { recorded: [] } });
    expect(cassette()).toBe(before);
    writeFileSync(file, tool);
    expect((await run(['--json'])).exit).toBe(0);

    writeFiles(dir, {
      'workflows/asks.yaml': `blueprint: 2
name: asks
version: 1.0.0
description: Asks a model
nodes: [{ id: a, type: llm, model: openai-compatible/some, prompt: Hello }]
outputs: { text: "{{ a.text }}" }
`,
      'tests/asks.test.yaml': 'test: asks\nrun: asks\ncases: [{ name: one, inputs: {} }]\n',
    });
    const away = { OPENAI_COMPATIBLE_BASE_URL: 'http://127.0.0.1:9/v1' };
    const { exit, json } = await run(['--record', '--json', 'tests/asks.test.yaml'], away);
    expect(exit).toBe(1);
    expect(json['tests'][0].problems[0].kind).toBe('provider_failed');
    expect(existsSync(join(dir, 'tests/asks.cassette.yaml'))).toBe(false);
  });

  test('a tool that catches the failure of its request does not pass for it', async () => {
    const file = join(dir, 'tools/rate.ts');
    writeFileSync(
      file,
      readFileSync(file, 'utf8')
        .replace(/return \{ rate.*\n/, 'return { rate: 1, lucky: 0 };\n')
        .replace(/const answer = await ([\s\S]*?\}\));?/, 'try { await $1 } catch {}'),
    );
    rates(CASES);
    const { exit, json } = await run(['--json']);
    expect(exit, JSON.stringify(json)).toBe(1);
    expect(json['tests'].at(-1).problems[0].kind).toBe('cassette_miss');
  });

  test('live goes out and records nothing', async () => {
    rates(CASES);
    const { exit } = await run(['--live', '--json', '--concurrency', '1'], { RATE_KEY: SECRET });
    expect(exit).toBe(0);
    expect(hits).toHaveLength(2);
    expect(readdirSync(join(dir, 'tests'))).not.toContain('rate.cassette.yaml');
  });
});

describe('thresholds', () => {
  test('exit 10 names the scorer that missed; a test that failed goes before it', async () => {
    writeFiles(dir, {
      'tests/big.test.yaml': `test: sizes
run: big
scorers: [{ name: says big, of: "{{ outputs.says }}", contains: big, threshold: 0.6 }]
cases:
  - { name: one, inputs: { n: 1 } }
  - { name: six, inputs: { n: 6 } }
`,
    });
    const missed = await run(['--json']);
    expect(missed.exit).toBe(10);
    expect(missed.json['error']).toMatchObject({
      code: 'threshold_missed',
      message: 'says big scored 0.5, and 0.6 is the least: the cases of sizes',
    });
    expect((await run([])).stdout).toContain('says big scored 0.5, and 0.6 is the least');
    writeFileSync(
      join(dir, 'tests/big.test.yaml'),
      readFileSync(join(dir, 'tests/big.test.yaml'), 'utf8').replace('n: 1 } }', 'n: 1 }, error: timeout }'),
    );
    expect((await run(['--json'])).exit).toBe(1);
  });

  test('a judge, by a script: its reason is shown', async () => {
    writeFiles(dir, {
      'tests/big.test.yaml': `test: sizes
run: big
cases:
  - name: one
    inputs: { n: 1 }
    scorers:
      - judge: { model: echo/script, prompt: Kind?, script: [{ object: { score: 0.2, reason: too blunt } }] }
`,
    });
    const { exit, stdout } = await run([]);
    expect(exit).toBe(10);
    expect(stdout).toContain('judge 0.2 of at least 0.7: too blunt');
  });
});

test('coverage: nodes and branches that never ran, and workflows that no test runs', async () => {
  writeFiles(dir, {
    'workflows/alone.yaml': `blueprint: 2
name: alone
version: 1.0.0
description: Nobody tests it
nodes: [{ id: a, type: set, values: { x: 1 } }]
outputs: { x: "{{ a.x }}" }
`,
  });
  const { json } = await run(['--coverage', '--json']);
  expect(json['coverage']).toEqual([
    {
      workflow: 'alone',
      nodes: { total: 1, covered: 0, missing: ['a'] },
      branches: { total: 0, covered: 0, missing: [] },
    },
    {
      workflow: 'big',
      nodes: { total: 4, covered: 3, missing: ['check.then.yes'] },
      branches: { total: 2, covered: 1, missing: ['check.then'] },
    },
  ]);
  const { stdout } = await run(['--coverage']);
  expect(stdout).toContain('never: check.then.yes, check.then');
  expect(stdout).toContain('no test runs it');
});

test('reporters: JUnit, GitHub and JSON on stdout, with the exit code of the tests', async () => {
  const xml = await run(['--reporter', 'junit']);
  expect(xml.exit).toBe(0);
  expect(xml.stdout).toMatch(/^<\?xml .*\n<testsuites name="ice" tests="3" failures="0"/);
  expect((await run(['--reporter', 'json'])).json).toMatchObject({ ok: true, counts: { passed: 3 } });
  writeFiles(dir, {
    'tests/big.test.yaml':
      'test: sizes\nrun: big\ncases:\n  - { name: x, inputs: { n: 1 }, output: { says: big } }\n',
  });
  const github = await run(['--reporter', 'github']);
  expect(github.exit).toBe(1);
  expect(github.stdout).toContain(
    '::error file=tests/big.test.yaml,line=4,title=sizes%3A x::says is "small"',
  );
  // Where the file itself is wrong, the annotation is of that.
  writeFiles(dir, { 'tests/big.test.yaml': 'test: sizes\nrun: bigg\ncases: [{ name: x }]\n' });
  const broken = await run(['--reporter', 'github']);
  expect(broken.exit).toBe(3);
  expect(broken.stdout).toContain('::error file=tests/big.test.yaml,line=2');
});

test('a case that never ends is stopped at its time', async () => {
  const file = join(dir, 'tools/double.ts');
  writeFileSync(
    file,
    readFileSync(file, 'utf8')
      .replace('({ n: n * 2 })', '{ for (;;); }')
      .replace(/examples.*\n/, ''),
  );
  writeFiles(dir, {
    'tests/big.test.yaml': 'test: sizes\nrun: big\ntimeout: 1500ms\ncases: [{ name: x, inputs: { n: 1 } }]\n',
  });
  const { exit, json } = await run(['--json']);
  expect(exit).toBe(1);
  expect(json['tests'][0].problems[0]).toMatchObject({ kind: 'timeout' });
});

test('runs show --save-test: a past run becomes a case that passes, and a failed one a case of its error', async () => {
  const cli = (...args: string[]) => ice(args, { cwd: dir });
  await cli('run', 'big', '-i', 'n=6', '--json');
  const saved = await cli('runs', 'show', 'last', '--save-test', 'tests/saved.test.yaml', '--json');
  expect(saved.exit, saved.stdout).toBe(0);
  await cli('run', 'double', '-i', 'n=6', '--json');
  const other = await cli('runs', 'show', 'last', '--save-test', 'tests/saved.test.yaml', '--json');
  expect(other.json['error']).toMatchObject({ code: 'conflict', hint: 'Name another file' });
  await cli('runs', 'show', 'last', '--save-test', 'tests/double.test.yaml', '--json');
  expect(readFileSync(join(dir, 'tests/double.test.yaml'), 'utf8')).toContain('run: tool/double');
  // What a person wrote in the file stays.
  const path = join(dir, 'tests/saved.test.yaml');
  writeFileSync(path, readFileSync(path, 'utf8').replace('cases:', 'cases: # kept by hand'));
  await cli('run', 'big', '-i', 'n=1', '--json');
  await cli('runs', 'show', 'last', '--save-test', 'tests/saved.test.yaml', '--json');
  const text = readFileSync(path, 'utf8');
  expect(text).toContain('# kept by hand');
  expect(text.match(/says: (big|small)/g)).toEqual(['says: big', 'says: small']);
  expect((await run(['tests', '--json'])).json).toMatchObject({ ok: true, counts: { passed: 4 } });
  expect((await cli('runs', 'show', 'last', '--save-test', 'saved.yaml', '--json')).exit).toBe(2);
});

test('parts that were pushed and are no sources here any more are fetched from the target', async () => {
  const cli = (...args: string[]) => ice(args, { cwd: dir });
  expect((await cli('push', '--yes', '--json')).exit).toBe(0);
  rmSync(join(dir, 'tools/double.ts'));
  const { exit, json } = await run(['tests/big.test.yaml', '--json']);
  expect(exit, JSON.stringify(json)).toBe(0);
  expect(json['counts'].passed).toBe(1);
});

test('validate finds what is wrong with tests and cassettes, and mends what is safe', async () => {
  const validate = async (...args: string[]) => {
    const { exit, json } = await ice(['validate', ...args, '--json'], {
      cwd: dir,
      env: { RATE_KEY: SECRET },
    });
    const codes = json['diagnostics'].map((one: { code: string; file: string }) => `${one.code} ${one.file}`);
    return { exit, codes };
  };
  expect(await validate()).toEqual({ exit: 0, codes: [] });
  writeFiles(dir, {
    'tests/big.test.yaml':
      'test: sizes\nruns: big\ncases:\n  - { name: one, inputs: { n: 1 }, assert: [outputs.says != null] }\n',
    'tests/big.cassette.yaml': 'cassette: 1\n',
  });
  expect(await validate()).toEqual({
    exit: 3,
    codes: ['ICE1103 tests/big.test.yaml', 'ICE1806 tests/big.test.yaml', 'ICE1812 tests/big.cassette.yaml'],
  });
  expect((await validate('--fix')).codes).toEqual(['ICE1812 tests/big.cassette.yaml']);
  expect((await validate('tests/big.test.yaml')).codes).toEqual(['ICE1812 tests/big.cassette.yaml']);
  expect((await validate('workflows/big.yaml')).codes).toEqual([]);
});

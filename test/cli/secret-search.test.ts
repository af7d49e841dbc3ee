import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ice } from '../support/ice.ts';
import { tempFolder } from '../support/temp-folder.ts';

/**
 * A secret is set, used by a tool that prints it in every way it knows, changed, its master key changed, used again,
 * recorded into a cassette; then whatever was said and written is searched for both values.
 */

const first = `sk-live-${randomBytes(9).toString('hex')}/+&="é`;
const second = `sk-live-${randomBytes(9).toString('hex')}/+&="é`;
/** As it stands in a text from which all but letters and digits is taken out: split by whatever. */
const letters = (text: string): string => text.replace(/[^A-Za-z0-9]/g, '');

/** Pieces of every way to write a value; one of them anywhere is a leak. */
function tracesOf(value: string): string[] {
  const key = value.slice(8, -6);
  const twice = [0, 1, 2].flatMap((a) => core(core(value, a), 0));
  return [
    key.slice(2, 12),
    encodeURIComponent(value).slice(-16),
    encodeURIComponent(encodeURIComponent(value)).slice(-20),
    Buffer.from(key).toString('hex').slice(0, 20),
    [...key.slice(0, 6)].map((char) => char.charCodeAt(0)).join(','),
    ...[0, 1, 2].map((offset) => core(value, offset)),
    ...twice,
  ];
}
/** The middle of the base64 of a text that stands after `offset` others. */
const core = (text: string, offset: number): string =>
  Buffer.from(' '.repeat(offset) + text)
    .toString('base64')
    .slice(8, 24);

const tool = (address: string): string => `import { defineTool } from 'iceos';
import { z } from 'zod';
const A = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const b64 = (text: string): string => {
  const bytes = new TextEncoder().encode(text);
  let out = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const n = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    out += A[n >> 18]! + A[(n >> 12) & 63]! + (i + 1 < bytes.length ? A[(n >> 6) & 63]! : '=') + (i + 2 < bytes.length ? A[n & 63]! : '=');
  }
  return out;
};
const ways: ((s: string) => string)[] = [
  (s) => s, (s) => 'the key is ' + s + '.', b64, (s) => b64('x' + s), (s) => b64('xy' + s + 'z'),
  (s) => b64(s).replaceAll('+', '-').replaceAll('/', '_'),
  encodeURIComponent, (s) => encodeURIComponent(encodeURIComponent(s)), JSON.stringify, (s) => JSON.stringify(JSON.stringify({ s })),
  (s) => b64(b64(s)), (s) => b64(JSON.stringify({ auth: b64(s) })), (s) => b64(b64(b64(s))), (s) => encodeURIComponent(b64(s)),
  (s) => [...new TextEncoder().encode(s)].map((b) => b.toString(16).padStart(2, '0')).join(''),
  (s) => [...new TextEncoder().encode(s)].join(','),
];
export default defineTool({
  name: 'shout', version: '1.0.0', description: 'Says its secret',
  input: z.object({ throws: z.boolean().default(false), way: z.number().default(0) }), output: z.any(),
  permissions: { net: ['${address}'], secrets: ['SHOUT_KEY'] },
  async run({ throws, way }, ctx) {
    const key = ctx.secrets.SHOUT_KEY!;
    for (const way of ways) ctx.log(way(key), { [way(key)]: way(key) });
    for (const char of key) ctx.log(char);
    for (const char of b64(key)) console.log(char);
    ctx.log.warn(key.slice(0, 13)); ctx.log.error(key.slice(13));
    for (const way of ways) ctx.progress({ message: way(key) });
    const echo = await (await ctx.fetch('http://${address}/?key=' + encodeURIComponent(key), {
      method: 'POST', headers: { authorization: 'Basic ' + b64('user:' + key) }, body: ways.map((way) => way(key)).join('\\n'),
    })).text();
    if (throws) throw Object.assign(new Error(ways[way % ways.length]!(key)), { name: key, hint: key, code: key });
    return { echo, letters: [...key], bytes: [...new TextEncoder().encode(key)], ...Object.fromEntries(ways.map((way) => [way(key), way(key)])), halves: [key.slice(0, 11), { rest: key.slice(11) }] };
  },
});
`;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () =>
    response.end(`${request.url}\n${request.headers.authorization}\n${Buffer.concat(chunks)}`),
  );
});
let cwd: string;
const heard: string[] = [];
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  cwd = tempFolder({
    'ice.yaml': 'name: search\n',
    'tools/shout.ts': tool(`127.0.0.1:${port}`),
    'tests/shout.test.yaml':
      'test: shouts\nrun: shout\ncases:\n  - { name: says, inputs: {} }\n  - { name: throws, inputs: { throws: true }, error: { code: tool_failed } }\n',
  });
});
afterAll(() => server.close());

async function say(args: string[], exit: number, stdin = ''): Promise<string> {
  const done = await ice(args, { cwd, stdin, env: { ICE_LOG_LEVEL: 'debug' } });
  heard.push(`${args.join(' ')}: ${done.stdout}\n${done.stderr}`);
  expect(done.exit, `${args.join(' ')}\n${done.stdout}\n${done.stderr}`).toBe(exit);
  return done.stdout;
}

test('a secret that was set, used, changed and recorded is nowhere', async () => {
  // A reader holds the log of writes open, so that it is there to be searched.
  let reader: DatabaseSync | undefined;
  for (const value of [first, second]) {
    await say(['secret', 'set', 'SHOUT_KEY'], 0, value);
    reader ??= new DatabaseSync(join(cwd, '.ice/ice.db'), { readOnly: true });
    reader.prepare('select count(*) from secrets').get();
    await say(['secret', 'rotate', '--new-key'], 0);
    await say(['run', 'shout'], 0);
    await say(['run', 'shout', '--events'], 0);
    const { run } = JSON.parse(await say(['run', 'shout', '--json'], 0)) as { run: { id: string } };
    for (const args of [
      ['show', run.id],
      ['show', run.id, '--json'],
      ['logs', run.id],
      ['logs', run.id, '--json'],
    ])
      await say(['runs', ...args], 0);
    for (const way of [0, 2, 10, 13])
      await say(['run', 'shout', '-i', 'throws=true', '-i', `way=${way}`, '--json'], 1);
    await say(['run', 'shout', '-i', 'throws=true', '-v'], 1);
    await say(['test', '--record', '--json'], 0);
    await say(['test', '--events'], 0);
    await say(['test', '--reporter', 'junit'], 0);
    await say(['push', '--yes', '--json'], 0);
    await say(['secret', 'list', '--json'], 0);
  }
  const files = readdirSync(cwd, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const names = files.map((file) => file.slice(cwd.length + 1));
  expect(names).toEqual(
    expect.arrayContaining(['.ice/ice.db', '.ice/ice.db-wal', 'tests/shout.cassette.yaml']),
  );
  expect(readFileSync(join(cwd, '.ice/ice.db-wal')).length).toBeGreaterThan(1000);
  const texts = [...heard, ...files.map((file) => `${file}: ${readFileSync(file, 'latin1')}`)];
  for (const value of [first, second])
    for (const text of texts) {
      for (const trace of tracesOf(value))
        if (text.includes(trace)) expect.fail(`${trace} in ${text.slice(0, 200)} … ${around(text, trace)}`);
      const split = letters(value).slice(6, 20);
      if (letters(text).includes(split)) expect.fail(`${split}, split, in ${text.slice(0, 200)}`);
    }
  // The search finds what is there.
  expect(tracesOf(first).some((trace) => Buffer.from(first).toString('base64').includes(trace))).toBe(true);
  expect(heard.join()).toContain('***');
  reader?.close();
});

const around = (text: string, trace: string): string => {
  const at = text.indexOf(trace);
  return text.slice(Math.max(0, at - 60), at + 80);
};

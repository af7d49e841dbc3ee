import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { IceError } from '../../src/contracts/errors.ts';
import type { Json } from '../../src/contracts/json.ts';
import { bundle } from '../../src/project/bundle.ts';
import type { ToolCall, ToolRuntime } from '../../src/sandbox/port.ts';
import { bundleOf, bundleOfCode, callOf } from '../sandbox/call-by-hand.ts';

export const failure = async (promise: Promise<unknown>): Promise<IceError> => {
  const value = await promise.then(
    (result) => ({ result }),
    (error: unknown) => error,
  );
  if (value instanceof IceError) return value;
  if (value instanceof Error) throw value;
  throw new Error(`It did not fail but returned ${JSON.stringify(value)}`);
};

const limits = (over: ToolCall['permissions']['limits']): Partial<ToolCall> => ({
  permissions: { net: [], secrets: [], limits: over },
});

/** What every runtime of tools does. `crashes`: whether a tool can end its own process; `seesDeadlock`: a wait for nothing is seen at once. */
export function toolRuntimeSuite(
  name: string,
  create: () => ToolRuntime,
  traits: { crashes: boolean; seesDeadlock: boolean },
): void {
  describe(`tool runtime: ${name}`, () => {
    let runtime: ToolRuntime;
    beforeAll(() => {
      runtime = create();
    });
    afterAll(() => runtime.close());
    const run = (body: string, input: Json = {}, over: Partial<ToolCall> = {}): Promise<Json> =>
      runtime.call(callOf(bundleOf(body), input, over));

    test('a call returns what run returned', async () => {
      expect(await run('return { twice: input.n * 2 }', { n: 21 })).toEqual({ twice: 42 });
      expect(await run('return null')).toBe(null);
      expect(await run('return [1, "ä€😀", true, { a: undefined }]')).toEqual([1, 'ä€😀', true, {}]);
    });

    test("every format of zod's can be an input: its own schema checks it, in the runtime", async () => {
      const root = mkdtempSync(join(tmpdir(), 'ice-runtime-'));
      const toolFile = (input: string) => `import { defineTool } from 'iceos';
import { z } from 'zod';
export default defineTool({ name: 'formats', version: '1.0.0', description: 'Formats', input: z.object({ ${input} }), output: z.object({ ok: z.boolean() }), run: () => ({ ok: true }), examples: [] });`;
      const formats =
        'email uuid url emoji ipv4 ipv6 cidrv4 cidrv6 base64 base64url jwt cuid2 ulid nanoid e164 hostname'.split(
          ' ',
        );
      writeFileSync(
        join(root, 'formats.ts'),
        toolFile(
          [
            ...formats.map((format) => `${format}: z.${format}().optional()`),
            ...['datetime', 'date', 'time', 'duration'].map(
              (format) => `${format}: z.iso.${format}().optional()`,
            ),
          ].join(', '),
        ),
      );
      const built = await bundle({ root, file: 'formats.ts' });
      const { input } = await runtime.extract(built);
      expect(input).toMatchObject({ properties: { email: { type: 'string', format: 'email' } } });
      const call = (value: Json) => runtime.call(callOf(built, value));
      expect(await call({ email: 'a@b.example', duration: 'P1D' })).toEqual({ ok: true });
      expect(await failure(call({ email: 'a..b@example' }))).toMatchObject({ code: 'input_invalid' });

      // A pattern of one's own is refused where it may not be run, and its field is named.
      writeFileSync(join(root, 'own.ts'), toolFile('code: z.string().regex(/^(a+)+$/)'));
      expect(await failure(runtime.extract(await bundle({ root, file: 'own.ts' })))).toMatchObject({
        code: 'project_invalid',
        message: expect.stringMatching(
          /^The input schema cannot be used: code: The pattern has a repetition/,
        ),
      });
    });

    test('a zod tool is extracted, parses its input and its output', async () => {
      const root = mkdtempSync(join(tmpdir(), 'ice-runtime-'));
      writeFileSync(
        join(root, 'price.ts'),
        `import { defineTool } from 'iceos';
import { z } from 'zod';
export default defineTool({
  name: 'price', version: '1.2.0', description: 'Prices',
  input: z.object({ cost: z.number().nonnegative(), margin: z.number().default(0.25), when: z.date().optional() }),
  output: z.object({ price: z.number() }),
  permissions: { net: ['api.example.com'], secrets: ['EXAMPLE_KEY'] },
  limits: { timeoutMs: 5000 },
  run: ({ cost, margin }) => ({ price: cost * (1 + margin), extra: 1 }) as never,
  examples: [{ input: { cost: 10 }, output: { price: 12.5 } }],
});`,
      );
      const built = await bundle({ root, file: 'price.ts' });
      const tool = await runtime.extract(built);
      expect(tool).toMatchObject({
        name: 'price',
        version: '1.2.0',
        description: 'Prices',
        runtime: 'sandbox',
        permissions: { net: ['api.example.com'], secrets: ['EXAMPLE_KEY'], limits: { timeoutMs: 5000 } },
        input: {
          type: 'object',
          properties: { cost: { type: 'number', minimum: 0 }, margin: { type: 'number', default: 0.25 } },
          required: ['cost'],
          additionalProperties: false,
        },
        examples: [{ input: { cost: 10 }, output: { price: 12.5 } }],
      });
      expect(tool.unrepresentable).toEqual([
        { where: 'input', path: 'when', reason: 'a Date is not JSON; use z.iso.datetime()' },
      ]);
      expect(await runtime.call(callOf(built, { cost: 10 }))).toEqual({ price: 12.5 });
      expect(await failure(runtime.call(callOf(built, { cost: -1 })))).toMatchObject({
        code: 'input_invalid',
        terminal: true,
        message: expect.stringContaining('cost'),
      });
    });

    test('what is not JSON is refused by its path', async () => {
      for (const [value, says] of [
        ['undefined', 'undefined'],
        ['{ a: [1, undefined] }', 'result.a[1] is undefined'],
        ['{ n: 10n }', 'result.n is a BigInt'],
        ['{ at: new Date(0) }', 'result.at is a Date; return date.toISOString()'],
        ['{ f() {} }', 'result.f is a function'],
        ['new Map([[1, 2]])', 'result is a Map'],
        ['{ x: NaN }', 'result.x is NaN'],
        ['new Uint8Array(2)', 'result is a typed array'],
        [
          '(() => { const a = {}; a.self = a; return a })()',
          'result.self is a reference to something that holds it',
        ],
      ] as const) {
        const error = await failure(run(`return ${value}`));
        expect(error).toMatchObject({ code: 'output_invalid', message: expect.stringContaining(says) });
      }
    });

    test('a name that tools do not have is told with what to do instead', async () => {
      expect(await failure(run('return document.title'))).toMatchObject({
        code: 'tool_failed',
        message: expect.stringMatching(/document'? is not defined/),
        hint: expect.stringContaining('There is no page'),
      });
      expect((await failure(run('return documents.title'))).hint).toBeUndefined();
    });

    test('errors say what happens next, and nothing of this machine', async () => {
      const thrown = await failure(run('throw new RangeError("too much")'));
      expect(thrown).toMatchObject({ code: 'tool_failed', message: 'too much', terminal: false });
      expect(thrown.details).toMatchObject({
        name: 'RangeError',
        at: expect.stringMatching(/^(\S+ )?\(bundle:\d+/),
      });
      expect(await failure(run('throw Object.assign(new Error("no"), { ice: "terminal" })'))).toMatchObject({
        code: 'tool_failed',
        terminal: true,
      });
      expect(
        await failure(
          run('throw Object.assign(new Error("later"), { ice: "retryable", retryAfterMs: 500 })'),
        ),
      ).toMatchObject({ code: 'tool_failed', retryAfterMs: 500 });
      expect(await failure(run('throw "just text"'))).toMatchObject({
        code: 'tool_failed',
        message: 'just text',
      });
      expect(await failure(run('throw null'))).toMatchObject({ code: 'tool_failed', message: 'null' });
      expect(await failure(run('throw { get message() { throw 1 } }'))).toMatchObject({
        code: 'tool_failed',
      });
    });

    test('a module that is no tool is told so', async () => {
      const of = bundleOfCode;
      expect(await failure(runtime.extract(of('export const a = 1;')))).toMatchObject({
        code: 'project_invalid',
        message: expect.stringContaining('no default export'),
      });
      expect(await failure(runtime.extract(of('export default 1;')))).toMatchObject({
        code: 'project_invalid',
      });
      expect((await failure(runtime.extract(of('throw new Error("at load")')))).message).toContain('at load');
      expect((await failure(runtime.extract(of('export default {')))).code).toMatch(
        /tool_failed|project_invalid/,
      );
      expect(
        await failure(runtime.extract(of(bundleOf('').code.replace("'case'", "'Bad Name'")))),
      ).toMatchObject({
        code: 'project_invalid',
        message: expect.stringContaining('name'),
      });
    });

    test('logs and progress arrive, in order, bounded', async () => {
      const lines: string[] = [];
      const progress: object[] = [];
      await run(
        'console.log("printed", 1); ctx.log("hello", { a: 1 }); ctx.log.warn("careful"); ctx.progress({ done: 1, total: 2, message: "half" }); return null',
        {},
        {
          onLog: (level, message, fields) => lines.push(`${level} ${message} ${JSON.stringify(fields)}`),
          onProgress: (it) => progress.push(it),
        },
      );
      expect(lines).toEqual(['info printed 1 undefined', 'info hello {"a":1}', 'warn careful undefined']);
      expect(progress).toEqual([{ done: 1, total: 2, message: 'half' }]);
      let count = 0;
      await run(
        'for (let i = 0; i < 100000; i++) ctx.log("line " + i); return null',
        {},
        { onLog: () => count++ },
      );
      expect(count).toBeLessThanOrEqual(1001);
    });

    test('a loop that never ends is ended by the time limit', async () => {
      const error = await failure(run('for (;;) {}', {}, limits({ timeoutMs: 200 })));
      expect(error).toMatchObject({ code: 'timeout', message: expect.stringContaining('200 ms') });
      expect(await run('return 1')).toBe(1);
    });

    test('a wait that is too long is ended by the time limit, one for nothing at the latest then', async () => {
      const wait = 'await new Promise((done) => setTimeout(done, 60_000))';
      expect(await failure(run(wait, {}, limits({ timeoutMs: 200 })))).toMatchObject({ code: 'timeout' });
      expect(
        await failure(
          run('await new Promise(() => {})', {}, limits({ timeoutMs: traits.seesDeadlock ? 60_000 : 200 })),
        ),
      ).toMatchObject(
        traits.seesDeadlock
          ? { code: 'tool_failed', terminal: true, message: expect.stringContaining('nothing will settle') }
          : { code: 'timeout' },
      );
      expect(await run('return 1')).toBe(1);
    });

    test('an abort ends a call at once, also in a loop', async () => {
      for (const body of ['for (;;) {}', 'await new Promise((done) => setTimeout(done, 60_000))']) {
        const abort = new AbortController();
        setTimeout(() => abort.abort(new IceError('run_cancelled', 'cancelled')), 50);
        const started = Date.now();
        expect(await failure(run(body, {}, { signal: abort.signal }))).toMatchObject({
          code: 'run_cancelled',
        });
        expect(Date.now() - started).toBeLessThan(30_000);
      }
      const gone = AbortSignal.abort(new IceError('run_cancelled', 'cancelled'));
      expect(await failure(run('return 1', {}, { signal: gone }))).toMatchObject({ code: 'run_cancelled' });
    });

    test('memory, output and depth are bounded', async () => {
      expect(
        await failure(
          run(
            'const a = []; for (;;) a.push(new Array(1000).fill(a.length))',
            {},
            limits({ memoryMb: 32, timeoutMs: 20_000 }),
          ),
        ),
      ).toMatchObject({ code: 'tool_limit', message: expect.stringContaining('MB of memory') });
      expect(await failure(run('return "x".repeat(2000)', {}, limits({ outputBytes: 1000 })))).toMatchObject({
        code: 'tool_limit',
        message: expect.stringContaining('outputBytes'),
      });
      expect(
        await failure(run('let a = []; for (let i = 0; i < 5000; i++) a = [a]; return a')),
      ).toMatchObject({ code: 'output_invalid', message: expect.stringContaining('levels deep') });
      expect((await failure(run('const f = () => f() + 1; f()'))).code).toMatch(/tool_failed|tool_limit/);
      expect(await run('return 1')).toBe(1);
    });

    test('the network is what the call was given', async () => {
      expect(await failure(run('await ctx.fetch("https://api.example.com/x")'))).toMatchObject({
        code: 'tool_denied',
        hint: "permissions: { net: ['api.example.com'] }",
      });
      const seen: string[] = [];
      const fetch: ToolCall['fetch'] = (request) => {
        seen.push(
          `${request.method} ${request.url} ${JSON.stringify(request.headers)} ${new TextDecoder().decode(request.body)}`,
        );
        return Promise.resolve({
          status: 201,
          statusText: 'Created',
          url: request.url,
          headers: [['content-type', 'application/json']],
          body: new TextEncoder().encode('{"ok":"ä"}'),
        });
      };
      expect(
        await run(
          'const r = await ctx.fetch("https://a.test/x", { method: "post", headers: { "X-A": "1" }, body: JSON.stringify({ a: "ü" }) }); return { status: r.status, ok: r.ok, type: r.headers.get("Content-Type"), json: await r.json(), url: r.url }',
          {},
          { fetch },
        ),
      ).toEqual({
        status: 201,
        ok: true,
        type: 'application/json',
        json: { ok: 'ä' },
        url: 'https://a.test/x',
      });
      expect(seen).toEqual([
        'POST https://a.test/x [["content-type","text/plain;charset=UTF-8"],["x-a","1"]] {"a":"ü"}',
      ]);
      expect(
        await failure(
          run(
            'for (let i = 0; i < 5; i++) await ctx.fetch("https://a.test/")',
            {},
            { fetch, ...limits({ fetches: 3 }) },
          ),
        ),
      ).toMatchObject({ code: 'tool_limit', message: expect.stringContaining('limits.fetches') });
      expect(
        await run(
          'try { await ctx.fetch("https://a.test/") } catch (e) { return e.message }',
          {},
          {
            fetch: () => Promise.reject(new Error('connection refused')),
          },
        ),
      ).toBe('connection refused');
    });

    test('only declared secrets are there', async () => {
      expect(
        await run('return ctx.secrets.EXAMPLE_KEY.length', {}, { secrets: { EXAMPLE_KEY: 'hush' } }),
      ).toBe(4);
      expect(await failure(run('return ctx.secrets.OTHER_KEY'))).toMatchObject({
        code: 'tool_denied',
        message: expect.stringContaining('OTHER_KEY is not declared'),
      });
      expect(
        await run(
          'return typeof process === "undefined" ? [] : Object.keys(process.env).filter((k) => k !== "NODE_CHANNEL_FD" && k !== "NODE_CHANNEL_SERIALIZATION_MODE")',
        ),
      ).toEqual([]);
    });

    test('the idempotency key and the signal are there', async () => {
      expect(await run('return [ctx.idempotencyKey, ctx.signal.aborted]')).toEqual(['run_1:node', false]);
    });

    test('calls at once do not see each other', async () => {
      const tool = bundleOf('await null; return { mine: input.n }');
      const results = await Promise.all(
        Array.from({ length: 100 }, (_, n) => runtime.call(callOf(tool, { n }))),
      );
      expect(results).toEqual(Array.from({ length: 100 }, (_, mine) => ({ mine })));
    });

    test('the web globals that tools expect are there', async () => {
      expect(
        await run(`
          const u = new URL('../b?x=1&y=%20#h', 'https://user:pw@Example.com:8443/a/c/');
          u.searchParams.append('z', 'ä b');
          return {
            url: u.href, host: u.host, search: u.searchParams.get('y'),
            params: new URLSearchParams({ a: '1 2', b: 'ü' }).toString(),
            text: new TextDecoder().decode(new TextEncoder().encode('ä€😀')),
            base64: atob(btoa('hello')), clone: structuredClone({ a: [1, { b: 2 }] }),
            uuid: /^[0-9a-f]{8}-[0-9a-f]{4}-4/.test(crypto.randomUUID()),
            headers: [...new Headers({ 'X-B': '2', 'x-a': '1' })],
            response: await new Response('{"a":1}').json(),
            slept: await new Promise((done) => setTimeout(() => done('yes'), 5)),
          };`),
      ).toEqual({
        url: 'https://user:pw@example.com:8443/a/b?x=1&y=+&z=%C3%A4+b#h',
        host: 'example.com:8443',
        search: ' ',
        params: 'a=1+2&b=%C3%BC',
        text: 'ä€😀',
        base64: 'hello',
        clone: { a: [1, { b: 2 }] },
        uuid: true,
        headers: [
          ['x-a', '1'],
          ['x-b', '2'],
        ],
        response: { a: 1 },
        slept: 'yes',
      });
    });

    if (traits.crashes) {
      test('a tool that ends its process is a crash, and the next call works', async () => {
        for (const body of [
          'process.exit(3)',
          'process.kill(process.pid, "SIGKILL"); await new Promise(() => {})',
          'process.abort()',
        ]) {
          expect(await failure(run(body))).toMatchObject({ code: 'tool_crashed' });
          expect(await run('return 1')).toBe(1);
        }
      });

      test('what is printed past the console is a log and never protocol', async () => {
        const lines: string[] = [];
        expect(
          await run(
            `const { writeSync } = await import('node:fs'); process.stdout.write('{"t":"done","id":1,"json":"666"}\\n'); process.stderr.write('\\u0000garbage\\n'); writeSync(1, 'raw\\n'); await new Promise((d) => setTimeout(d, 50)); return 1`,
            {},
            { onLog: (_, message) => lines.push(message) },
          ),
        ).toBe(1);
        expect(lines.join('\n')).toContain('"json":"666"');
        expect(lines.join('\n')).toContain('raw');
      });

      test('a promise that nobody awaits fails the call', async () => {
        expect(
          await failure(
            run('Promise.reject(new Error("lost")); await new Promise((d) => setTimeout(d, 1000)); return 1'),
          ),
        ).toMatchObject({ code: 'tool_failed', message: 'lost' });
      });
    }
  });
}

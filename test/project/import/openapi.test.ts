import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { IceError } from '../../../src/contracts/errors.ts';
import { planFolder, writeFolder } from '../../../src/project/import/import-folder.ts';
import { importOpenApi, type OpenApiOptions } from '../../../src/project/import/openapi.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { InSandbox } from './in-sandbox.ts';
import { openServer } from './shop-server.ts';

const SHOP = readFileSync(join(import.meta.dirname, 'documents/shop.yaml'), 'utf8');
const sandbox = new InSandbox();
afterAll(() => sandbox.close());

const read = (text: string, options: OpenApiOptions = {}, name = 'api.yaml') =>
  importOpenApi({ name, text }, options);

function imported(text: string, options: OpenApiOptions = {}) {
  const { import: made, diagnostics } = read(text, options);
  expect(diagnostics).toEqual([]);
  return made!;
}

/** Writes an import into a new project, and gives its folder. */
function project(text: string, options: OpenApiOptions = {}): string {
  const made = imported(text, options);
  const root = tempFolder({ 'ice.yaml': 'name: shop\n' });
  writeFolder(planFolder(join(root, 'tools', made.name), made.files, {}));
  return root;
}

const fileOf = (text: string, file: string, options: OpenApiOptions = {}): string =>
  imported(text, options).files.find((each) => each.path === file)!.text;

test('a tool for each operation: named, versioned, with its host and its secrets', () => {
  const made = imported(SHOP);
  expect(made.server).toBe('https://eu.shop.example/v2');
  expect(made.version).toBe('2.1.0');
  expect(made.total).toBe(7);
  expect(made.tools.map(({ name, secrets, net }) => [name, secrets.join(), net])).toEqual([
    ['shop-get-order', 'SHOP_API_KEY', 'eu.shop.example'],
    ['shop-delete-orders-by-order-id', '', 'eu.shop.example'],
    ['shop-update-order', 'SHOP_API_KEY', 'eu.shop.example'],
    ['shop-create-order', 'SHOP_API_KEY', 'eu.shop.example'],
    ['shop-put-photo', 'SHOP_USER,SHOP_PASSWORD', 'eu.shop.example'],
    ['shop-upload-photo', '', 'eu.shop.example'],
  ]);
  expect(made.left).toEqual([
    { operation: 'POST /soap', reason: "its body is multipart/related, which a tool can't send" },
  ]);
});

test('the sandbox reads the tools: schemas of both sides, permissions, nothing that has no JSON Schema', async () => {
  const root = project(SHOP);
  const tool = await sandbox.extract(root, 'tools/shop/update-order.ts');
  expect(tool).toMatchObject({
    name: 'shop-update-order',
    version: '2.1.0',
    permissions: { net: ['eu.shop.example'], secrets: ['SHOP_API_KEY'] },
    unrepresentable: [],
    runtime: 'sandbox',
  });
  const body = (tool.input as never as { properties: { body: Record<string, never> } }).properties.body;
  // readOnly fields are not sent, writeOnly ones do not come back.
  expect(Object.keys(body['properties']!)).toEqual([
    'secret',
    'state',
    'total',
    'parent',
    'payment',
    'labels',
  ]);
  expect(body['required']).toEqual(['state']);
  expect(body['properties']!['total']).toMatchObject({ type: 'number', exclusiveMinimum: 0 });
  const output = (tool.output as { anyOf: Record<string, never>[] }).anyOf;
  expect(output[1]).toEqual({ type: 'null' });
  expect(Object.keys(output[0]!['properties']!)).toEqual([
    'id',
    'state',
    'total',
    'parent',
    'payment',
    'labels',
  ]);
  expect(output[0]!['required']).toEqual(['id', 'state']);
  expect(output[0]!['properties']!['state']).toEqual({
    anyOf: [{ type: 'string', enum: ['open', 'paid'] }, { type: 'null' }],
  });
  expect(output[0]!['properties']!['parent']).toEqual({});
  expect(output[0]!['properties']!['labels']).toMatchObject({ additionalProperties: { type: 'string' } });
});

test('what is imported compiles, strictly', () => {
  const root = project(SHOP);
  symlinkSync(join(import.meta.dirname, '../../../node_modules'), join(root, 'node_modules'));
  writeFileSync(join(root, 'package.json'), '{"type":"module"}');
  const options = { target: 'es2023', module: 'nodenext', strict: true, noUncheckedIndexedAccess: true };
  writeFileSync(
    join(root, 'tsconfig.json'),
    JSON.stringify({
      compilerOptions: {
        ...options,
        lib: ['es2023', 'dom', 'dom.iterable'],
        types: [],
        noEmit: true,
        skipLibCheck: true,
        verbatimModuleSyntax: true,
        allowImportingTsExtensions: true,
        paths: { iceos: [join(import.meta.dirname, '../../../src/authoring/index.ts')] },
      },
      include: ['tools'],
    }),
  );
  const tsc = join(import.meta.dirname, '../../../node_modules/.bin/tsc');
  expect(() => execFileSync(tsc, ['-p', root], { encoding: 'utf8', stdio: 'pipe' })).not.toThrow();
});

test('a call goes out as the document says, and its answer comes back typed', async () => {
  const order = { id: 7, state: 'open', total: 2.5, parent: { id: 1, state: null }, extra: [1] };
  const server = await openServer(() => ({ body: JSON.stringify(order) }));
  const root = project(SHOP, { server: `${server.url}/v2` });
  const secrets = { SHOP_API_KEY: 'k&y' };
  const input = {
    orderId: 'a/b ?',
    fields: ['id', 'state'],
    tags: ['x', 'y z'],
    filter: { state: 'open' },
    'x-trace': 't-1',
    orderId_query: 3,
  };
  const result = await sandbox.call(root, 'tools/shop/get-order.ts', input, secrets);
  // What an API answers beyond its document stays.
  expect(result).toEqual(order);
  const [{ method, url, headers }] = server.asked as [(typeof server.asked)[0]];
  expect(method).toBe('GET');
  expect(url).toBe(
    '/v2/orders/a%2Fb%20%3F?api_key=k%26y&fields=id%2Cstate&tags=x&tags=y%20z&filter%5Bstate%5D=open&orderId=3',
  );
  expect(headers).toMatchObject({ 'x-trace': 't-1', accept: 'application/json' });
  await server.close();
});

test('bodies: JSON, a form, a file of a form, bytes; answers: none, text, bytes', async () => {
  const server = await openServer(({ method, url }) =>
    url.startsWith('/photos')
      ? method === 'PUT'
        ? { headers: { 'content-type': 'image/png' }, body: Buffer.from([137, 80, 0, 255]) }
        : { headers: { 'content-type': 'text/plain' }, body: 'kept' }
      : method === 'POST'
        ? { status: 201, body: '{"id":1,"state":"paid"}' }
        : { status: 204 },
  );
  const root = project(SHOP, { server: server.url });
  const call = (file: string, input: never, secrets = {}) =>
    sandbox.call(root, `tools/shop/${file}.ts`, input, { SHOP_API_KEY: 'k', ...secrets });

  expect(
    await call('update-order', { orderId: '1', body: { state: 'open', labels: { ü: '"' } } } as never),
  ).toBeNull();
  expect(await call('delete-orders-by-order-id', { orderId: '1' } as never)).toBeNull();
  await call('create-order', { body: { item: 'a&b', sizes: [1, 2], note: { text: 'hi there' } } } as never);
  const login = { SHOP_USER: 'mé', SHOP_PASSWORD: 'p:w' };
  expect(
    await call('put-photo', { body: Buffer.from([0, 1, 254, 255]).toString('base64') } as never, login),
  ).toBe(Buffer.from([137, 80, 0, 255]).toString('base64'));
  expect(
    await call('upload-photo', {
      body: { title: 'é', file: Buffer.from('PNG').toString('base64') },
    } as never),
  ).toBe('kept');

  const [patch, remove, form, bytes, multipart] = server.asked;
  expect(JSON.parse(patch!.body.toString())).toEqual({ state: 'open', labels: { ü: '"' } });
  expect(patch!.headers['content-type']).toBe('application/json');
  expect(remove!.url).toBe('/orders/1');
  expect(form!.headers['content-type']).toBe('application/x-www-form-urlencoded');
  expect([...new URLSearchParams(form!.body.toString())]).toEqual([
    ['item', 'a&b'],
    ['sizes', '1'],
    ['sizes', '2'],
    ['note[text]', 'hi there'],
  ]);
  // The same key for each attempt of one node.
  expect(form!.headers['idempotency-key']).toBe('run_1:node');
  expect([...bytes!.body]).toEqual([0, 1, 254, 255]);
  expect(bytes!.headers).toMatchObject({
    'content-type': 'image/png',
    authorization: `Basic ${Buffer.from('mé:p:w').toString('base64')}`,
  });
  const sent = await new Response(new Uint8Array(multipart!.body), {
    headers: { 'content-type': multipart!.headers['content-type']! },
  }).formData();
  expect(sent.get('title')).toBe('é');
  expect(await (sent.get('file') as File).text()).toBe('PNG');
  await server.close();
});

test('an answer that is no success is an error, without the secret; a busy API may be asked again', async () => {
  let status = 404;
  const server = await openServer(() => ({
    status,
    headers: { 'retry-after': '7' },
    body: '{"message":\n"no such order"}',
  }));
  const root = project(SHOP, { server: server.url });
  const failure = () =>
    sandbox.call(root, 'tools/shop/get-order.ts', { orderId: '1' }, { SHOP_API_KEY: 's3cret' }).then(
      () => undefined,
      (error: IceError) => error,
    );
  const gone = await failure();
  expect(gone).toMatchObject({ code: 'tool_failed', terminal: true });
  expect(gone!.message).toBe('GET /orders/{orderId} answered 404 Not Found: {"message": "no such order"}');
  status = 503;
  const busy = await failure();
  expect(busy).toMatchObject({ code: 'tool_failed', terminal: false, retryAfterMs: 7000 });
  expect(`${gone!.message}${busy!.message}`).not.toContain('s3cret');
  await server.close();
});

test('a path parameter can not lead to another path', async () => {
  const server = await openServer(() => ({ body: '{"id":1,"state":"open"}' }));
  const root = project(SHOP, { server: server.url });
  for (const orderId of ['..', '.', ''])
    await expect(
      sandbox.call(root, 'tools/shop/get-order.ts', { orderId }, { SHOP_API_KEY: 'k' }),
    ).rejects.toMatchObject({ code: 'tool_failed', terminal: true });
  expect(server.asked).toEqual([]);
  await server.close();
});

const minimal = (schema: unknown, more: object = {}) =>
  JSON.stringify({
    openapi: '3.1.0',
    info: { title: 'T', version: '1' },
    servers: [{ url: 'https://t.example' }],
    paths: {
      '/x': {
        get: {
          operationId: 'x',
          responses: { 200: { description: '', content: { 'application/json': { schema } } } },
        },
      },
    },
    ...more,
  });
const outputCode = (schema: unknown, schemas: object = {}): string =>
  /output: ([\s\S]*?),\n {2}permissions/.exec(
    fileOf(minimal(schema, { components: { schemas } }), 'x.ts'),
  )![1]!;

test.each([
  [{ type: ['string', 'null'] }, 'z.string().nullable()'],
  [{ type: 'string', nullable: true }, 'z.string().nullable()'],
  [{ enum: ['a', null] }, "z.enum(['a']).nullable()"],
  [{ enum: [1, 'a', true] }, "z.literal([1, 'a', true])"],
  [{ const: 'v' }, "z.literal('v')"],
  [{ type: ['integer', 'string'] }, 'z.union([z.int(), z.string()])'],
  [{ anyOf: [{ type: 'string' }, { type: 'null' }] }, 'z.string().nullable()'],
  [{ oneOf: [{ type: 'string' }, {}] }, 'z.unknown()'],
  [{ type: 'array', items: { type: 'boolean' } }, 'z.array(z.boolean())'],
  [{ type: 'object' }, 'z.record(z.string(), z.unknown())'],
  [{ type: 'object', additionalProperties: false }, 'z.strictObject({})'],
  [{ additionalProperties: { type: 'number' } }, 'z.record(z.string(), z.number())'],
  [{ allOf: [{ $ref: '#/components/schemas/N' }], description: 'd' }, 'z.number()'],
  [true, 'z.unknown()'],
  [{ not: { type: 'string' } }, 'z.unknown()'],
  [{ type: 'string', pattern: '(a+)+$', maxLength: 3 }, 'z.string()'],
])('%j as zod', (schema, code) => {
  expect(outputCode(schema, { N: { type: 'number' } })).toBe(code);
});

const PETS = {
  Cat: {
    type: 'object',
    required: ['type'],
    properties: { type: { type: 'string' }, lives: { type: 'integer' } },
  },
  Dog: {
    type: 'object',
    required: ['type'],
    properties: { type: { type: 'string' }, barks: { type: 'boolean' } },
  },
  Fish: { type: 'object', properties: { type: { type: 'string' }, salt: { type: 'boolean' } } },
};
const pet = (mapping: object | undefined) => ({
  oneOf: Object.keys(PETS).map((name) => ({ $ref: `#/components/schemas/${name}` })),
  discriminator: { propertyName: 'type', ...(mapping ? { mapping } : {}) },
});

test('what tells the variants of a union apart is taken as the document maps it, and no further', () => {
  const mapped = outputCode(
    pet({ cat: '#/components/schemas/Cat', lion: 'Cat', dog: 'Dog', fish: 'Fish' }),
    PETS,
  );
  // Of a fish the type may be absent, so nothing is said of it.
  expect(mapped.replaceAll(/\s+/g, ' ')).toBe(
    "z.union([ Cat.extend({ type: z.literal(['cat', 'lion']) }), Dog.extend({ type: z.literal('dog') }), Fish, ])",
  );
  // Names that are only implied are often not what the API says.
  expect(outputCode(pet(undefined), PETS)).toBe('z.union([Cat, Dog, Fish])');
});

test('what is sent and comes back in the same form is written once', () => {
  const document = {
    openapi: '3.1.0',
    info: { title: 'Pets', version: '1.0.0' },
    servers: [{ url: 'https://pets.example' }],
    paths: {
      '/pets': {
        post: {
          operationId: 'add',
          requestBody: { required: true, content: { 'application/json': { schema: pet({ cat: 'Cat' }) } } },
          responses: {
            200: { description: 'ok', content: { 'application/json': { schema: pet({ cat: 'Cat' }) } } },
          },
        },
      },
    },
    components: { schemas: PETS },
  };
  const text = fileOf(JSON.stringify(document), 'add.ts');
  expect(text.match(/^const \w+/gm)).toEqual(['const Cat', 'const Dog', 'const Fish']);
});

test('schemas that hold themselves, or hold everything, end where it gets too much, and say so', async () => {
  const schemas: Record<string, object> = {
    Node: {
      type: 'object',
      properties: {
        next: { $ref: '#/components/schemas/Other' },
        all: { type: 'array', items: { $ref: '#/components/schemas/Node' } },
      },
    },
    Other: { type: 'object', properties: { back: { $ref: '#/components/schemas/Node' } } },
  };
  const text = fileOf(minimal({ $ref: '#/components/schemas/Node' }, { components: { schemas } }), 'x.ts');
  expect(text).toContain('all: z.array(z.unknown() /* Node again: it holds itself */)');
  expect(text).toContain('back: z.unknown().optional() /* Node again: it holds itself */');

  // Each of 300 schemas leads to ten others: written out, that would never end.
  for (let i = 0; i < 300; i++)
    schemas[`S${i}`] = {
      type: 'object',
      properties: Object.fromEntries(
        Array.from({ length: 10 }, (_, k) => [
          `f${k}`,
          { $ref: `#/components/schemas/S${(i * 7 + k * 13 + 1) % 300}` },
        ]),
      ),
    };
  const root = project(minimal({ $ref: '#/components/schemas/S0' }, { components: { schemas } }));
  const file = readFileSync(join(root, 'tools/t/x.ts'), 'utf8');
  expect(file).toContain('too much to be written out here');
  expect(file.length).toBeLessThan(100_000);
  const { output } = await sandbox.extract(root, 'tools/t/x.ts');
  expect(JSON.stringify(output).length).toBeLessThan(400_000);
  expect(Object.keys((output as { properties: object }).properties)).toHaveLength(10);
});

test('nothing of a document becomes code', async () => {
  const evil =
    '`${globalThis.pwned = 1}` */ globalThis.pwned = 1 /* \u2028 \' " \\ \n } ); globalThis.pwned = 1; //';
  const text = JSON.stringify({
    openapi: '3.0.0',
    info: { title: evil, version: evil, description: evil },
    servers: [{ url: 'https://t.example' }],
    security: [{ [evil]: [] }],
    paths: {
      [`/x/{${evil}}`]: {
        get: {
          operationId: evil,
          summary: evil,
          description: evil,
          parameters: [
            { name: evil, in: 'query', description: evil, schema: { enum: [evil], description: evil } },
            {
              name: '__proto__',
              in: 'query',
              schema: { type: 'string', pattern: "'/; globalThis.pwned = 1" },
            },
          ],
          responses: {
            200: {
              description: evil,
              content: { 'application/json': { schema: { $ref: '#/components/schemas/A' } } },
            },
          },
        },
      },
    },
    components: {
      securitySchemes: { [evil]: { type: 'apiKey', in: 'query', name: evil } },
      schemas: {
        A: {
          type: 'object',
          description: evil,
          properties: {
            [evil]: { const: evil, description: evil },
            ['__proto__']: { type: 'string' },
            b: { $ref: '#/components/schemas/B' },
          },
        },
        B: { description: evil, $ref: '#/components/schemas/B' },
      },
    },
  }).replace('"A":{', '"A":{"__proto__":{"x":1},');
  const { import: made, diagnostics } = read(text, {}, 'evil.json');
  expect(diagnostics).toEqual([]);
  const root = tempFolder({ 'ice.yaml': 'name: t\n' });
  writeFolder(planFolder(join(root, 'tools/t'), made!.files, {}));
  const tool = await sandbox.extract(root, `tools/t/${made!.tools[0]!.file}`);
  expect(Object.keys((tool.input as { properties: object }).properties)).toContain('__proto__');
  const code = made!.files.map((file) => file.text).join('\n');
  // Every mention stands inside of a text or a comment: with those taken away none is left.
  const bare = code
    .replace(/'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/g, '')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\/\/[^\n]*/g, '');
  expect(bare).not.toContain('pwned');
});

test('a document that is wrong: every finding at its line, and nothing is made', () => {
  const { import: made, diagnostics } = read(`openapi: 3.1.0
info: { title: Bad }
paths:
  /a:
    get:
      parameters:
        - $ref: '#/components/parameters/Nope'
        - { in: query }
      responses:
        '200':
          content:
            application/json:
              schema: { $ref: 'other.yaml#/Pet' }
  b: { get: {} }
  /c: 3
`);
  expect(made).toBeUndefined();
  expect(diagnostics.map(({ code, range }) => [code, range?.start.line])).toEqual([
    ['ICE1606', 1],
    ['ICE1603', 14],
    ['ICE1603', 15],
    ['ICE1605', 7],
    ['ICE1603', 8],
    ['ICE1605', 13],
  ]);
  for (const { help, code } of diagnostics) if (code !== 'ICE1603') expect(help).toBeTruthy();
});

test.each([
  ['{"openapi": "3.1.0",\n"paths": {,}}', 'a.json', 'ICE1601', 2],
  ['openapi: 3.1.0\npaths: [a\ninfo: }', 'a.yaml', 'ICE1601', 3],
  ['[1]', 'a.json', 'ICE1602', 1],
  ['{"swagger":"2.0"}', 'a.json', 'ICE1602', 1],
  ['hello', 'a.txt', 'ICE1602', 1],
  ['openapi: 4.0.0\npaths: {}', 'a.yaml', 'ICE1602', 1],
  ['openapi: 3.0.0', 'a.yaml', 'ICE1603', 1],
  [
    `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
      .split('')
      .map((c, i) => `${c}: &${c} [${`*${'abcdefghi'[i]},`.repeat(9)}]`)
      .join('\n')}`,
    'a.yaml',
    'ICE1601',
    undefined,
  ],
])('%j is refused', (text, name, code, line) => {
  const { import: made, diagnostics } = read(text, {}, name);
  expect(made).toBeUndefined();
  expect(diagnostics).toHaveLength(1);
  expect(diagnostics[0]).toMatchObject({
    code,
    ...(line === undefined ? {} : { range: { start: { line } } }),
  });
  expect(diagnostics[0]!.help).toBeTruthy();
});

test('--skip-invalid leaves out what the document has wrong, and only that', () => {
  const text = SHOP.replace(
    "schema: { $ref: '#/components/schemas/Order' } } } }\n        '404'",
    "schema: { $ref: '#/components/schemas/Nope' } } } }\n        '404'",
  );
  expect(read(text).import).toBeUndefined();
  const { import: made, diagnostics } = read(text, { skipInvalid: true });
  expect(diagnostics.map(({ severity, code }) => [severity, code])).toEqual([['warning', 'ICE1605']]);
  expect(made!.tools.map((tool) => tool.name)).not.toContain('shop-get-order');
  expect(made!.tools).toHaveLength(5);
  expect(made!.left).toContainEqual({
    operation: 'GET /orders/{orderId}',
    reason: 'the document is wrong about it',
  });
});

test('operations that stand in other files make no hollow tools, however many they are', () => {
  const document = (operation: (i: number) => object) => ({
    openapi: '3.0.3',
    info: { title: 'Many files', version: '1.0.0' },
    servers: [{ url: 'https://files.example.com' }],
    paths: {
      ...Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`/things/${i}`, { post: operation(i) }])),
      '/elsewhere': { $ref: 'paths/elsewhere.yaml' },
      '/here': { get: { responses: { 204: { description: 'Fine' } } } },
    },
  });
  const whole = document((i) => ({ $ref: `resources/thing${i}.yaml` }));
  const shared = document(() => ({
    requestBody: { content: { 'application/json': { schema: { $ref: 'schemas.yaml#/Thing' } } } },
    responses: { 204: { description: 'Fine' } },
  }));
  for (const each of [whole, shared]) {
    const text = JSON.stringify(each);
    const { import: none, diagnostics } = read(text);
    expect(none).toBeUndefined();
    expect(new Set(diagnostics.map(({ code }) => code))).toEqual(new Set(['ICE1605']));
    expect(diagnostics[0]!.help).toContain('Bundle the documents into one');
    const { import: made } = read(text, { skipInvalid: true });
    expect(made!.tools.map(({ operation }) => operation)).toEqual(['GET /here']);
    expect(made!.left).toHaveLength(150);
  }
  // Bundlers leave operations that are references to other parts of the same document.
  const inside = { ...document(() => ({ $ref: '#/x-operations/thing' })) };
  const operation = { summary: 'Make a thing', responses: { 204: { description: 'Fine' } } };
  const paths = Object.fromEntries(Object.entries(inside.paths).filter(([path]) => path !== '/elsewhere'));
  const { tools, files } = imported(
    JSON.stringify({ ...inside, paths, 'x-operations': { thing: operation } }),
  );
  expect(tools).toHaveLength(151);
  expect(files[1]!.text).toContain('Make a thing');
});

test('a choice by tag or pattern keeps the names that all of them have', () => {
  const names = (options: OpenApiOptions) => imported(SHOP, options).tools.map((tool) => tool.name);
  expect(names({ tags: ['ORDERS'] })).toHaveLength(4);
  expect(names({ include: ['DELETE *', 'create*'] })).toEqual([
    'shop-delete-orders-by-order-id',
    'shop-create-order',
  ]);
  expect(names({ include: ['*photo*'], name: 'pics' })).toEqual(['pics-put-photo', 'pics-upload-photo']);
  expect(names({ include: [`${'*a'.repeat(30)}*b`] })).toEqual([]);
});

test.each([
  ['Box Platform API', 'box-platform'],
  ["GitHub's official OpenAPI spec + Octokit extension", 'github-octokit-extension'],
  ['GitHub v3 REST API', 'github-v3'],
  ['Discord HTTP API (Preview)', 'discord-preview'],
  ['SwaggerPetstore', 'petstore'],
  ['The Official API', 'api'],
  ['!!!', 'api'],
  ['A service with a title that goes on and on', 'a-service-with-a-title-that'],
])('an API titled %j has tools that begin with %s', (title, name) => {
  expect(imported(SHOP.replace('title: Shop API', `title: ${JSON.stringify(title)}`)).name).toBe(name);
});

test('how calls prove who they are can be said where the document does not', () => {
  const all = imported(SHOP, { auth: 'header:X-Key=MY_KEY' });
  expect(all.secrets).toEqual(['MY_KEY']);
  expect(all.files.find((file) => file.path === 'get-order.ts')!.text).toContain(
    "'x-key': ctx.secrets.MY_KEY",
  );
  expect(imported(SHOP, { auth: 'none' }).secrets).toEqual([]);
  expect(() => imported(SHOP, { auth: 'magic' })).toThrow(IceError);
});

test('tools with a schema that is left open are counted, also where the open field is optional', () => {
  const answer = (schema: object) => ({
    get: { responses: { 200: { description: '', content: { 'application/json': { schema } } } } },
  });
  const node = (required: string[]) => ({
    type: 'object',
    required,
    properties: { next: { $ref: '#/components/schemas/Loop', description: "it's next" } },
  });
  const made = imported(
    JSON.stringify({
      openapi: '3.1.0',
      info: { title: 'Rings', version: '1' },
      servers: [{ url: 'https://rings.example.com' }],
      paths: {
        '/whole': answer({ type: 'string' }),
        '/open': answer({ $ref: '#/components/schemas/Loop' }),
        '/optional': answer({ $ref: '#/components/schemas/Ring' }),
      },
      components: {
        schemas: {
          Loop: node(['next']),
          Ring: {
            type: 'object',
            properties: { next: { $ref: '#/components/schemas/Ring', description: "it's next" } },
          },
        },
      },
    }),
  );
  expect(made.openSchemas).toBe(2);
});

test('thousands of operations, each its own file', () => {
  const paths: Record<string, object> = {};
  for (let i = 0; i < 3000; i++)
    paths[`/things/${i}/{id}`] = { get: { responses: { 200: { description: '' } } } };
  const made = imported(
    JSON.stringify({
      openapi: '3.1.0',
      info: { title: 'Huge', version: '1.0.0' },
      servers: [{ url: 'https://h.example' }],
      paths,
    }),
  );
  expect(made.tools).toHaveLength(3000);
  expect(new Set(made.files.map((file) => file.path)).size).toBe(3001);
});

test('a second import changes only what changed, and never what a person changed', () => {
  const root = tempFolder();
  const dir = join(root, 'shop');
  const write = (options: OpenApiOptions = {}, force = false) => {
    const plan = planFolder(dir, imported(SHOP, options).files, { from: 'shop.yaml' });
    writeFolder(plan, { force });
    return plan.files
      .filter((file) => file.action !== 'unchanged')
      .map((file) => `${file.action} ${file.path}`);
  };
  expect(write()).toHaveLength(7);
  expect(write()).toEqual([]);
  expect(write({ server: 'http://127.0.0.1:9999' })).toEqual(['update _api.ts']);

  const mine = join(dir, 'get-order.ts');
  writeFileSync(mine, `${readFileSync(mine, 'utf8')}// mine\n`);
  const api = readFileSync(join(dir, '_api.ts'), 'utf8');
  expect(() => write({ version: '9.0.0' })).toThrow(
    expect.objectContaining({ code: 'conflict', hint: expect.stringContaining('--force') }),
  );
  // All or nothing: the other files did not change either.
  expect(readFileSync(mine, 'utf8')).toContain('// mine');
  expect(readFileSync(join(dir, 'put-photo.ts'), 'utf8')).toContain("version: '2.1.0'");
  expect(readFileSync(join(dir, '_api.ts'), 'utf8')).toBe(api);
  expect(write({ version: '9.0.0' }, true)).toContain('changed get-order.ts');
  expect(readFileSync(mine, 'utf8')).not.toContain('// mine');
  expect(existsSync(join(dir, '_import.json'))).toBe(true);
});

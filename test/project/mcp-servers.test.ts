import { expect, test } from 'vitest';
import { commandLine, type McpServer, secretsIn, withSecrets } from '../../src/contracts/mcp-servers.ts';
import type { ServerTool } from '../../src/mcp-client/list-tools.ts';
import { pinTools } from '../../src/project/import/pin-mcp.ts';
import { type Declared, declaredServer } from '../../src/project/mcp-sources.ts';
import { mcpComponent } from '../../src/project/mcp-tools.ts';

const url = 'https://mcp.example.com/mcp';

test.each<[string, McpServer, string]>([
  ['My Server', { url }, 'lower-case'],
  ['../up', { url }, 'lower-case'],
  ['a', {}, 'either a url or a command'],
  ['a', { url, command: 'x' }, 'either a url or a command'],
  ['a', { url: 'file:///etc/passwd' }, 'no address'],
  ['a', { url: 'https://u:p@mcp.example.com/' }, 'password'],
  ['a', { url, args: ['x'] }, 'no args'],
  ['a', { url, env: ['KEY'] }, 'no env'],
  ['a', { command: 'x', headers: {} }, 'no headers'],
  ['a', { command: 'x', env: ['lower'] }, 'no name of a secret'],
  ['a', { url, headers: { 'a b': 'x' } }, 'no header'],
  ['a', { url, headers: { a: 'x\r\nhost: y' } }, 'no header'],
  ['a', { url, headers: { a: '${lower}' } }, 'names no secret'],
  ['a', { url, headers: { Authorization: 'Bearer abc' } }, 'in the open'],
  ['a', { url, headers: { 'x-api-key': 'abc' } }, 'in the open'],
])('%s %j is refused in words', (name, server, words) => {
  const declared = declaredServer(name, server) as { wrong: string };
  expect(declared.wrong).toContain(words);
  expect(declared.wrong).not.toContain('abc');
});

test('what a server may do is told by its tools: its host and port, its secrets, its whole command', () => {
  const permissions = (server: McpServer) =>
    mcpComponent(declaredServer('a', server) as Declared, { tool: 't', input: {} }).manifest.permissions;
  expect(
    permissions({ url: 'http://127.0.0.1:8080/mcp', headers: { a: '${A_KEY} ${B_KEY}' }, timeout: '5s' }),
  ).toEqual({
    net: ['127.0.0.1:8080'],
    secrets: ['A_KEY', 'B_KEY'],
    limits: { timeoutMs: 5_000 },
  });
  expect(permissions({ command: 'npx', args: ['-y', 'a b'], env: ['A_KEY'] })).toEqual({
    net: [],
    secrets: ['A_KEY'],
    limits: {},
    commands: ['npx -y "a b"'],
  });
  // Two command lines that look alike are not one.
  expect(commandLine({ command: 'a', args: ['b c'] })).not.toBe(
    commandLine({ command: 'a', args: ['b', 'c'] }),
  );
  expect(secretsIn({ a: 'Bearer ${KEY}', b: '${KEY}' })).toEqual(['KEY']);
  // A value is put in as it is, also one that looks like a place for another.
  expect(withSecrets('${A}${B}', { A: '${B}', B: '$&' })).toBe('${B}$&');
});

test('pinned again, a tool has the version that its change asks for', () => {
  const server = declaredServer('shop', { url }) as Declared;
  const tool = (name: string, input: object, more: Partial<ServerTool> = {}): ServerTool => ({
    name,
    description: name,
    inputSchema: { type: 'object', ...input },
    ...more,
  });
  const pin = (tools: ServerTool[], before: ReturnType<typeof pinTools>['pinned'] = [], of = server) =>
    pinTools(
      { server: { name: 's', version: '1' }, tools },
      of,
      new Map(before.map((one) => [one.tool, one])),
    );
  const first = pin([
    tool('find', { properties: { id: { type: 'string' } } }),
    tool('Say Hello', {}),
    tool('say_hello', {}),
    tool(`${'x'.repeat(120)}`, {}),
  ]);
  expect(first.changes.map(({ name, version }) => `${name} ${version}`)).toEqual([
    'mcp/shop/Say_Hello 1.0.0',
    'mcp/shop/find 1.0.0',
  ]);
  expect(first.left.map(({ reason }) => reason)).toEqual([
    'another tool is mcp/shop/say_hello',
    'its name is too long for a reference',
  ]);
  const say = (again: ReturnType<typeof pin>) =>
    again.changes.map(({ tool: of, change, version }) => `${of} ${change} ${version}`);
  const same = tool('Say Hello', {});
  expect(say(pin([same, tool('find', { properties: { id: { type: 'string' } } })], first.pinned))).toEqual([
    'Say Hello same 1.0.0',
    'find same 1.0.0',
  ]);
  const wider = tool('find', { properties: { id: { type: 'string' }, day: { type: 'string' } } });
  const narrower = tool('find', { properties: { id: { type: 'string' } }, required: ['id'] });
  expect(say(pin([same, wider], first.pinned))[1]).toBe('find changed 1.0.1');
  expect(say(pin([same, narrower], first.pinned))[1]).toBe('find changed 2.0.0');
  expect(say(pin([same], first.pinned))).toEqual(['Say Hello same 1.0.0', 'find gone 1.0.0']);
  // Words alone are a change, and no new version; another address is one.
  expect(say(pin([{ ...same, description: 'Greets' }], first.pinned))[0]).toBe('Say Hello changed 1.0.0');
  const moved = declaredServer('shop', { url: 'https://other.example.com/mcp' }) as Declared;
  expect(say(pin([same], first.pinned, moved))[0]).toBe('Say Hello changed 1.0.1');
});

import { expect, test } from 'vitest';
import { capPermissions, coversHost } from '../../src/contracts/permission-policy.ts';

const declared = {
  net: ['api.example.com', '*.other.com'],
  secrets: ['A_KEY', 'B_KEY'],
  limits: { timeoutMs: 500 },
};

test('what a policy leaves out, it does not cap', () => {
  expect(capPermissions(declared, undefined).permissions).toEqual(declared);
  expect(capPermissions(declared, {})).toEqual({
    permissions: declared,
    net: [],
    secrets: [],
    commands: [],
    limits: [],
  });
});

test('each is lowered to the policy, and what was asked for in vain is named', () => {
  expect(
    capPermissions(declared, {
      net: ['*.example.com', 'one.other.com', 'three.net'],
      secrets: ['B_KEY'],
      limits: { timeoutMs: 100, fetches: 3 },
    }),
  ).toEqual({
    permissions: {
      net: ['api.example.com', 'one.other.com'],
      secrets: ['B_KEY'],
      limits: { timeoutMs: 100, fetches: 3 },
    },
    net: ['*.other.com'],
    secrets: ['A_KEY'],
    commands: [],
    limits: [{ name: 'timeoutMs', asked: 500, most: 100 }],
  });
});

test('a port that the tool does not name is not given to it by the policy', () => {
  expect(
    capPermissions({ ...declared, net: ['*.b.com'] }, { net: ['a.b.com:8080'] }).permissions.net,
  ).toEqual([]);
  expect(
    capPermissions({ ...declared, net: ['a.b.com:8080'] }, { net: ['a.b.com'] }).permissions.net,
  ).toEqual(['a.b.com:8080']);
});

test.each([
  ['*', 'a.com', true],
  ['a.com', 'A.com', true],
  ['a.com', 'a.com:8080', true],
  ['a.com:8080', 'a.com', false],
  ['*.a.com', 'x.a.com', true],
  ['*.a.com', 'a.com', false],
  ['*.a.com', 'xa.com', false],
  ['a.com', '*', false],
  ['[::1]:80', '[::1]:80', true],
])('%s holds %s: %s', (entry, host, expected) => expect(coversHost(entry, host)).toBe(expected));

test('programs of MCP servers are capped by their whole command line', () => {
  const both = { ...declared, commands: ['npx -y one', 'npx -y two'] };
  expect(capPermissions(both, { net: [] }).commands).toEqual([]);
  const capped = capPermissions(both, { commands: ['npx -y one'] });
  expect(capped).toMatchObject({ permissions: { commands: ['npx -y one'] }, commands: ['npx -y two'] });
});

import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openCredentials } from '../../src/project/credentials.ts';
import type { Keyring } from '../../src/project/keyring.ts';
import { tempFolder } from '../support/temp-folder.ts';

const URL_ONE = 'https://one.example.com/some/path';

/** A keyring in memory that speaks keytar's interface: what a desktop has and a CI machine lacks. */
function memoryKeyring(): Keyring & { entries: Map<string, string> } {
  const entries = new Map<string, string>();
  return {
    entries,
    getPassword: async (_service, account) => entries.get(account) ?? null,
    setPassword: async (_service, account, password) => void entries.set(account, password),
    deletePassword: async (_service, account) => entries.delete(account),
  };
}

test('without a keyring: a file that only its owner can read', async () => {
  const folder = join(tempFolder(), 'config');
  const credentials = openCredentials({ folder, keyring: false });
  expect(await credentials.get(URL_ONE)).toBeUndefined();
  const file = join(folder, 'credentials.json');
  expect(await credentials.set(URL_ONE, 'ice_secret')).toEqual({ place: 'file', from: file });
  expect(await credentials.get('https://one.example.com')).toEqual({
    token: 'ice_secret',
    place: 'file',
    from: file,
  });
  expect(await credentials.get('https://two.example.com')).toBeUndefined();
  // The same host over another protocol or port is another server.
  expect(await credentials.get('http://one.example.com')).toBeUndefined();
  expect(await credentials.get('https://one.example.com:8443')).toBeUndefined();
  expect(statSync(file).mode & 0o777).toBe(0o600);
  chmodSync(file, 0o644);
  await credentials.get(URL_ONE);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder)).toEqual(['credentials.json']);
  expect(await credentials.remove(URL_ONE)).toBe(true);
  expect(await credentials.remove(URL_ONE)).toBe(false);
});

test('the environment comes first, and is never kept', async () => {
  const folder = tempFolder();
  await openCredentials({ folder, keyring: false }).set(URL_ONE, 'kept');
  const credentials = openCredentials({ folder, keyring: false, envToken: 'from-env' });
  expect(await credentials.get(URL_ONE)).toEqual({ token: 'from-env', place: 'env', from: 'ICE_API_TOKEN' });
  expect(readFileSync(join(folder, 'credentials.json'), 'utf8')).not.toContain('from-env');
});

test('with a keyring: it is taken, and what was in the file moves there', async () => {
  const folder = tempFolder();
  await openCredentials({ folder, keyring: false }).set(URL_ONE, 'old');
  const ring = memoryKeyring();
  const credentials = openCredentials({ folder, keyring: true, loadKeyring: async () => ring });
  expect((await credentials.get(URL_ONE))?.place).toBe('file');
  expect(await credentials.set(URL_ONE, 'new')).toEqual({ place: 'keyring', from: 'the keyring' });
  expect(await credentials.get(URL_ONE)).toEqual({ token: 'new', place: 'keyring', from: 'the keyring' });
  expect(readFileSync(join(folder, 'credentials.json'), 'utf8')).not.toContain('old');
  expect(await credentials.remove(URL_ONE)).toBe(true);
  expect(ring.entries.size).toBe(0);
});

test.each<[string, () => Promise<Keyring>]>([
  [
    'that does not load',
    async () => {
      throw new Error('libsecret-1.so.0');
    },
  ],
  [
    'that fails',
    async () => ({
      ...memoryKeyring(),
      setPassword: async () => {
        throw new Error('no D-Bus');
      },
    }),
  ],
  ['that forgets', async () => ({ ...memoryKeyring(), getPassword: async () => null })],
  [
    'that never answers',
    async () => ({
      ...memoryKeyring(),
      setPassword: () => new Promise<void>(() => {}),
      getPassword: () => new Promise<null>(() => {}),
    }),
  ],
  ['that never loads', () => new Promise<Keyring>(() => {})],
])('a keyring %s: the file serves', async (_name, loadKeyring) => {
  const folder = tempFolder();
  const credentials = openCredentials({ folder, keyring: true, loadKeyring, timeoutMs: 20 });
  expect((await credentials.set(URL_ONE, 'token')).place).toBe('file');
  expect((await credentials.get(URL_ONE))?.token).toBe('token');
});

test('the real keyring of this machine, or the file', async () => {
  const credentials = openCredentials({ folder: tempFolder(), keyring: true });
  const { place } = await credentials.set('https://ice-test.invalid', 'token');
  expect(['keyring', 'file']).toContain(place);
  expect(await credentials.get('https://ice-test.invalid')).toMatchObject({ token: 'token', place });
  expect(await credentials.remove('https://ice-test.invalid')).toBe(true);
});

test('a damaged file is an error that says so, without its content', async () => {
  const folder = tempFolder();
  writeFileSync(join(folder, 'credentials.json'), 'ice_half-a-secret');
  await expect(openCredentials({ folder, keyring: false }).get(URL_ONE)).rejects.toMatchObject({
    code: 'machine',
    message: expect.not.stringContaining('half-a-secret'),
  });
});

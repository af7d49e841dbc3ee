import { randomBytes } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openKeySource } from '../../src/secrets/key-source.ts';
import { parseMasterKeys } from '../../src/secrets/master-keys.ts';
import type { SecretStore } from '../../src/secrets/port.ts';
import { createVault } from '../../src/secrets/vault.ts';
import { openSqlite, type SqliteConnection } from '../../src/stores/sqlite/connection.ts';
import { createSecretStore } from '../../src/stores/sqlite/secrets.ts';

const key = () => randomBytes(32).toString('base64');
const OLD = key();
const NEW = key();
const VALUE = 'sk-live-ünsäglich/+=?';

let folder: string;
let connection: SqliteConnection;
let store: SecretStore;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ice vault '));
  connection = await openSqlite(join(folder, 'ice.db'), { durability: 'normal' });
  store = createSecretStore(connection);
});
afterEach(() => {
  connection.close();
  rmSync(folder, { recursive: true });
});
const vault = (keys: string | undefined = OLD, environment: Record<string, string> = {}) =>
  createVault({
    store,
    keys: openKeySource({ text: keys }),
    now: () => 1000,
    environment,
  });

test('a value comes back as it went in; the list tells nothing of it', async () => {
  const secrets = vault();
  expect(await secrets.set('shop', 'API_KEY', VALUE, 'me')).toEqual({
    name: 'API_KEY',
    version: 1,
    createdAt: 1000,
    updatedAt: 1000,
    updatedBy: 'me',
  });
  expect(await secrets.values('shop', ['API_KEY'])).toEqual({ API_KEY: VALUE });
  expect(JSON.stringify(await secrets.list('shop'))).not.toContain('sealed');
  expect(await secrets.find('other', 'API_KEY')).toBeUndefined();
});

test('no form of the value is in any file of the database, before and after a rotation', async () => {
  await vault().set('shop', 'API_KEY', VALUE, 'me');
  await vault(`${NEW},${OLD}`).rotate();
  await vault(NEW).set('shop', 'OTHER', VALUE, 'me');
  const forms = [
    VALUE,
    Buffer.from(VALUE).toString('hex'),
    encodeURIComponent(VALUE),
    JSON.stringify(VALUE).slice(1, -1),
  ];
  for (const offset of ['', 'x', 'xy'])
    forms.push(
      Buffer.from(offset + VALUE)
        .toString('base64')
        .slice(4, 24),
    );
  const files = readdirSync(folder);
  expect(files.length).toBeGreaterThan(1);
  for (const file of files) {
    const bytes = readFileSync(join(folder, file));
    for (const form of forms) expect(bytes.includes(form), `${form} in ${file}`).toBe(false);
    // Nor is a key.
    for (const each of [OLD, NEW])
      expect(bytes.includes(each) || bytes.includes(Buffer.from(each, 'base64'))).toBe(false);
  }
});

test('all that are missing are named at once, with the commands', async () => {
  const secrets = vault();
  await secrets.set('shop', 'B', 'value', 'me');
  await expect(secrets.values('shop', ['A', 'B', 'C'])).rejects.toMatchObject({
    code: 'secret_missing',
    message: 'The secrets A, C are not set',
    hint: 'ice secret set A && ice secret set C',
    terminal: true,
  });
});

test('the environment of a local target comes first', async () => {
  const secrets = vault(OLD, { A: 'from the environment', EMPTY: '' });
  await secrets.set('shop', 'A', 'stored', 'me');
  expect(await secrets.values('shop', ['A'])).toEqual({ A: 'from the environment' });
  await expect(secrets.values('shop', ['EMPTY', 'toString'])).rejects.toMatchObject({
    code: 'secret_missing',
  });
});

test.each([
  ['lower', 'x', 'bad_request'],
  ['A-B', 'x', 'bad_request'],
  ['A', '', 'bad_request'],
  ['A', 'x\0y', 'bad_request'],
  ['A', '\ud800', 'bad_request'],
  ['A', 'x'.repeat(16 * 1024 + 1), 'too_large'],
])('%s is refused, and the value is not said', async (name, value, code) => {
  await expect(vault().set('shop', name, value, 'me')).rejects.toMatchObject({
    code,
    hint: expect.any(String),
  });
});

describe('rotation', () => {
  test('puts every secret of every project under the new key; the old one is needed no more', async () => {
    for (let i = 0; i < 150; i++) await vault().set(i % 2 ? 'shop' : 'other', `S${i}`, `value ${i}`, 'me');
    const both = vault(`${NEW}\n${OLD}`);
    expect(await both.find('shop', 'S1')).toBe('value 1');
    expect(await both.rotate()).toEqual({ resealed: 150 });
    expect(await both.rotate()).toEqual({ resealed: 0 });
    expect(await vault(NEW).find('other', 'S148')).toBe('value 148');
    await expect(vault(OLD).find('other', 'S148')).rejects.toMatchObject({
      code: 'machine',
      message: expect.stringMatching(/^The secret S148 is under another master key \([0-9a-f]{16}\)$/),
    });
  });

  test('without the old key fails, and changes nothing', async () => {
    await vault().set('shop', 'A', 'value', 'me');
    await expect(vault(NEW).rotate()).rejects.toMatchObject({
      code: 'machine',
      hint: expect.stringContaining('new,old'),
    });
    expect(await vault().find('shop', 'A')).toBe('value');
  });
});

test('a row that was changed, or moved to another name or project, does not open', async () => {
  const secrets = vault();
  await secrets.set('shop', 'A', 'value of A', 'me');
  await secrets.set('shop', 'B', 'value of B', 'me');
  const { db } = connection;
  db.exec("update secrets set sealed = (select sealed from secrets where name = 'A') where name = 'B'");
  await expect(secrets.find('shop', 'B')).rejects.toMatchObject({
    code: 'machine',
    message: expect.stringContaining('secret B cannot be opened'),
  });
  db.exec("update secrets set project = 'thief' where name = 'A'");
  await expect(secrets.find('thief', 'A')).rejects.toMatchObject({ code: 'machine' });
  const row = (await store.get('thief', 'A'))!;
  const text = Buffer.from(row.sealed.value.text, 'base64');
  text[0]! ^= 1;
  await store.put({
    ...row,
    project: 'shop',
    sealed: { ...row.sealed, value: { ...row.sealed.value, text: text.toString('base64') } },
  });
  await expect(secrets.find('shop', 'A')).rejects.toMatchObject({ code: 'machine' });
});

test('without a master key, a target keeps no secrets and says how to', async () => {
  await expect(vault('').set('shop', 'A', 'x', 'me')).rejects.toMatchObject({
    code: 'machine',
    hint: expect.stringContaining('ICE_MASTER_KEY'),
  });
});

describe('master keys', () => {
  test.each(['', 'short', `${key()},nonsense`, Buffer.alloc(31).toString('base64'), `${key()}x`])(
    '%s is refused without being said',
    (text) => {
      const error = (() => {
        try {
          return parseMasterKeys(text, 'ICE_MASTER_KEY');
        } catch (thrown) {
          return thrown as Error & { code: string };
        }
      })() as Error & { code: string };
      expect(error.code).toBe('machine');
      if (text !== '') expect(error.message).not.toContain(text.slice(-8));
    },
  );
});

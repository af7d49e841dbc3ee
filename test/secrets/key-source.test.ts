import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { type KeyRing, openKeySource } from '../../src/secrets/key-source.ts';
import { tempFolder } from '../support/temp-folder.ts';

let file: string;
beforeEach(() => {
  file = join(tempFolder(), '.ice', 'master.key');
});

/** A keyring that can be locked, or take everything and keep nothing. */
function memoryRing(
  how: 'open' | 'forgetful' = 'open',
): KeyRing & { kept: Map<string, string>; locked: boolean } {
  const kept = new Map<string, string>();
  return {
    kept,
    locked: false,
    async get(account) {
      return this.locked ? undefined : { text: kept.get(account) ?? null };
    },
    async set(account, text) {
      if (this.locked || how === 'forgetful') return false;
      kept.set(account, text);
      return true;
    },
    async remove(account) {
      kept.delete(account);
    },
  };
}

describe('a file', () => {
  test('is made once, for its owner only, and two starters agree', async () => {
    const [first, second] = await Promise.all([1, 2].map(() => openKeySource({ file, make: true }).keys()));
    expect(second!.current.id).toBe(first!.current.id);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(file, '..'))).toEqual(['master.key']);
    chmodSync(file, 0o644);
    const source = openKeySource({ file });
    expect((await source.keys())!.current.id).toBe(first!.current.id);
    expect(await source.place()).toBe('file');
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('that was named must be there, and hold a key', async () => {
    const missing = openKeySource({ file });
    await expect(missing.keys()).rejects.toMatchObject({
      code: 'machine',
      message: expect.stringContaining('is not there'),
    });
    const bad = join(tempFolder(), 'bad');
    writeFileSync(bad, 'nonsense');
    await expect(openKeySource({ file: bad }).keys()).rejects.toMatchObject({
      message: expect.stringContaining('32 bytes'),
    });
    expect(await openKeySource({}).keys()).toBeUndefined();
    expect(await openKeySource({}).place()).toBe('none');
    await expect(openKeySource({ file: tempFolder() }).keys()).rejects.toMatchObject({
      message: expect.stringContaining('cannot be used'),
    });
  });
});

describe('a keyring', () => {
  test('keeps the key, and the file says where; the environment goes before both', async () => {
    const ring = memoryRing();
    const source = openKeySource({ file, make: true, ring });
    expect(await source.place()).toBe('none');
    const made = await source.keys();
    expect(await source.place()).toBe('keyring');
    const [[account, text]] = [...ring.kept] as [[string, string]];
    expect(readFileSync(file, 'utf8').trim()).toBe(`keyring:${account}`);
    expect(readFileSync(file, 'utf8')).not.toContain(text);
    expect((await openKeySource({ file, make: true, ring }).keys())!.current.id).toBe(made!.current.id);
    const given = openKeySource({ text: Buffer.alloc(32, 1).toString('base64'), file, make: true, ring });
    expect((await given.keys())!.current.id).not.toBe(made!.current.id);
    expect(await given.place()).toBe('environment');
  });

  test('two starters agree, and what the loser made is gone', async () => {
    const ring = memoryRing();
    const all = await Promise.all([1, 2, 3].map(() => openKeySource({ file, make: true, ring }).keys()));
    expect(new Set(all.map((keys) => keys!.current.id)).size).toBe(1);
    expect(ring.kept.size).toBe(1);
  });

  test('that takes nothing: the file', async () => {
    const source = openKeySource({ file, make: true, ring: memoryRing('forgetful') });
    expect(await source.keys()).toBeDefined();
    expect(await source.place()).toBe('file');
  });

  test('leaves a key in its file that is there already', async () => {
    const before = await openKeySource({ file, make: true }).keys();
    const ring = memoryRing();
    expect((await openKeySource({ file, make: true, ring }).keys())!.current.id).toBe(before!.current.id);
    expect(ring.kept.size).toBe(0);
  });

  test('that is locked, not asked, or has forgotten is said with a way out', async () => {
    const ring = memoryRing();
    await openKeySource({ file, make: true, ring }).keys();
    ring.locked = true;
    const locked = openKeySource({ file, make: true, ring }).keys();
    await expect(locked).rejects.toMatchObject({
      code: 'machine',
      message: expect.stringContaining('does not answer'),
      hint: expect.stringContaining('ICE_MASTER_KEY'),
    });
    await expect(openKeySource({ file, make: true }).keys()).rejects.toMatchObject({
      message: expect.stringContaining('ICE_KEYRING'),
    });
    ring.locked = false;
    ring.kept.clear();
    await expect(openKeySource({ file, make: true, ring }).keys()).rejects.toMatchObject({
      message: expect.stringContaining('no such entry'),
    });
  });
});

describe('a new key', () => {
  test('goes before the old ones, and into the keyring if there is one now', async () => {
    const plain = openKeySource({ file, make: true });
    const old = (await plain.keys())!.current.id;
    const second = (await plain.renew()).current.id;
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const ring = memoryRing();
    const source = openKeySource({ file, make: true, ring });
    const keys = await source.renew();
    expect(await source.place()).toBe('keyring');
    for (const id of [old, second]) expect(keys.byId(id)).toBeDefined();
    expect([old, second]).not.toContain(keys.current.id);
    await source.renew();
    expect(ring.kept.size).toBe(1);
    // Who opened before asks again for a key that it does not know.
    expect((await plain.keys(second))!.byId(second)).toBeDefined();
  });

  test('is not made where the operator gives the key', async () => {
    const text = Buffer.alloc(32, 1).toString('base64');
    await expect(openKeySource({ text }).renew()).rejects.toMatchObject({
      code: 'bad_request',
      hint: expect.stringContaining('ICE_MASTER_KEY=NEW,OLD'),
    });
    await expect(openKeySource({ file }).renew()).rejects.toMatchObject({ code: 'bad_request' });
  });
});

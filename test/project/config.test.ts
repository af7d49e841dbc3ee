import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { projectFileSchema } from '../../src/contracts/project.ts';
import { resolveSettings, type SettingSources, settingsAsGiven } from '../../src/project/config.ts';
import {
  addTarget,
  knownTargets,
  removeTarget,
  resolveTarget,
  useTarget,
} from '../../src/project/targets.ts';
import { readUserConfig, updateUserConfig, userConfigPath } from '../../src/project/user-config.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { unprivileged } from '../support/unprivileged.ts';

const file = projectFileSchema.parse({
  name: 'shop',
  target: 'prod',
  database: 'data/ice.db',
  targets: { prod: { url: 'https://prod.example.com/', project: 'shop-prod' } },
});
const user = {
  config: { targets: { mine: { url: 'https://mine.example.com' } }, target: 'mine' },
  path: '~/config.json',
};

describe('order of values', () => {
  const target = (sources: SettingSources) => settingsAsGiven(sources).target;
  test('flag > environment > project file > user config > default, each with its origin', () => {
    const env = { ICE_TARGET: 'staging' };
    expect(target({ flags: { target: 'local' }, env, project: { file }, user })).toEqual({
      value: 'local',
      origin: 'flag',
      from: '--target',
    });
    expect(target({ env, project: { file }, user })).toEqual({
      value: 'staging',
      origin: 'env',
      from: 'ICE_TARGET',
    });
    expect(target({ project: { file }, user })).toEqual({
      value: 'prod',
      origin: 'project',
      from: 'target in ice.yaml',
    });
    expect(target({ user })).toEqual({ value: 'mine', origin: 'user', from: 'target in ~/config.json' });
    expect(target({})).toEqual({ value: 'local', origin: 'default', from: 'the default' });
  });

  test('an empty variable is an unset one', () => {
    expect(target({ env: { ICE_TARGET: '' } }).origin).toBe('default');
  });

  test('the project is the name of ice.yaml unless said', () => {
    const project = (sources: SettingSources) => settingsAsGiven(sources).project;
    expect(project({ project: { file } })).toMatchObject({ value: 'shop', from: 'name in ice.yaml' });
    expect(project({ project: { file: { ...file, project: 'other' } } })).toMatchObject({ value: 'other' });
    expect(project({ project: { file }, env: { ICE_PROJECT: 'env' } })).toMatchObject({ value: 'env' });
    expect(project({})).toMatchObject({ value: undefined, origin: 'default' });
  });

  test.each([
    [{ env: { ICE_PORT: 'abc' } }, 'ICE_PORT is "abc"'],
    [{ flags: { port: '70000' } }, '--port is "70000"'],
    [{ env: { ICE_DURABILITY: 'fast' } }, 'full or normal'],
    [{ env: { ICE_API_URL: 'example.com' } }, 'an http or https address'],
    [{ env: { ICE_API_URL: 'https://me:secret@example.com' } }, 'ICE_API_URL is not right'],
    [{ flags: { project: 'My Shop' } }, '--project is "My Shop"'],
    [{ env: { ICE_NO_INPUT: 'yes' } }, '1 or 0'],
  ] as [SettingSources, string][])('%j is a usage error that names where it came from', (sources, words) => {
    expect(() => resolveSettings(sources)).toThrowError(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining(words) }),
    );
  });
});

describe('targets', () => {
  const resolve = (sources: SettingSources) =>
    resolveTarget({
      settings: resolveSettings(sources),
      project: sources.project?.file,
      user: sources.user?.config,
    });
  test('local unless something is named', () => {
    expect(resolve({})).toEqual({ kind: 'local', name: 'local', origin: 'default', from: 'the default' });
    expect(resolve({ project: { file }, user })).toMatchObject({
      kind: 'remote',
      name: 'prod',
      url: 'https://prod.example.com',
      project: 'shop-prod',
      from: 'target in ice.yaml',
    });
    expect(resolve({ project: { file }, flags: { target: 'local' } })).toMatchObject({ kind: 'local' });
    expect(resolve({ user })).toMatchObject({ name: 'mine', origin: 'user' });
  });

  test('ICE_API_URL is a target of its own, weaker than a named one', () => {
    const env = { ICE_API_URL: 'https://ci.example.com/' };
    expect(resolve({ env, project: { file }, user })).toEqual({
      kind: 'remote',
      name: 'env',
      url: 'https://ci.example.com',
      origin: 'env',
      from: 'ICE_API_URL',
    });
    expect(resolve({ env: { ...env, ICE_TARGET: 'local' } })).toMatchObject({ kind: 'local' });
    expect(resolve({ env, flags: { target: 'mine' }, user })).toMatchObject({ name: 'mine' });
    expect(resolve({ env, flags: { target: 'env' } })).toMatchObject({ url: 'https://ci.example.com' });
    expect(() => resolve({ flags: { target: 'env' } })).toThrowError(/ICE_API_URL is not set/);
  });

  test('an address with a password is refused, without showing it', () => {
    const secret = { ...file, targets: { prod: { url: 'https://me:secret@prod.example.com' } } };
    const act = () => resolve({ project: { file: secret } });
    expect(act).toThrowError(
      expect.objectContaining({ code: 'usage', message: expect.not.stringContaining('secret') }),
    );
  });

  test('an unknown one names those there are and how to add it', () => {
    expect(() => resolve({ flags: { target: 'porduction' }, project: { file }, user })).toThrowError(
      expect.objectContaining({
        code: 'not_found',
        message: expect.stringContaining('There are: local, mine, prod.'),
        hint: expect.stringContaining('ice target add porduction'),
      }),
    );
  });

  test('added, used, listed, removed', async () => {
    const folder = join(tempFolder(), 'config', 'ice');
    await addTarget(folder, 'prod', { url: 'https://one.example.com' });
    await addTarget(folder, 'prod', { url: 'https://one.example.com', project: 'shop' });
    await expect(addTarget(folder, 'prod', { url: 'https://two.example.com' })).rejects.toMatchObject({
      code: 'conflict',
    });
    await addTarget(folder, 'prod', { url: 'https://two.example.com' }, { replace: true });
    const known = knownTargets({ user: readUserConfig(folder), project: file });
    expect(known).toEqual([
      { name: 'prod', url: 'https://prod.example.com/', project: 'shop-prod', from: 'ice.yaml' },
    ]);
    await useTarget(folder, 'prod', known);
    await expect(useTarget(folder, 'other', known)).rejects.toMatchObject({ code: 'not_found' });
    expect(readUserConfig(folder)).toEqual({
      target: 'prod',
      targets: { prod: { url: 'https://two.example.com' } },
    });
    await removeTarget(folder, 'prod');
    expect(readUserConfig(folder)).toEqual({ targets: {} });
    await expect(removeTarget(folder, 'prod')).rejects.toMatchObject({ code: 'not_found' });
    for (const [name, url] of [
      ['local', 'https://x.example.com'],
      ['env', 'https://x.example.com'],
      ['a b', 'https://x.example.com'],
      ['x', 'x.example.com'],
      ['x', 'ftp://x.example.com'],
      ['x', 'https://user:secret@x.example.com'],
    ] as const)
      await expect(addTarget(folder, name, { url })).rejects.toMatchObject({ code: 'usage' });
  });
});

describe("the user's config", () => {
  test('an absent one is empty, fields of a newer ice are kept, only the owner may read it', async () => {
    const folder = tempFolder();
    expect(readUserConfig(folder)).toEqual({ targets: {} });
    writeFileSync(userConfigPath(folder), '{ "later": { "a": 1 }, "targets": {} }');
    await updateUserConfig(folder, (config) => ({ ...config, target: 'local' }));
    expect(JSON.parse(readFileSync(userConfigPath(folder), 'utf8'))).toEqual({
      later: { a: 1 },
      targets: {},
      target: 'local',
    });
    expect(statSync(userConfigPath(folder)).mode & 0o777).toBe(0o600);
  });

  test.each(['', '{', '[]', '{ "target": 5 }', '{ "targets": { "x": { "url": "nope" } } }'])(
    '%s is damaged',
    (text) => {
      const folder = tempFolder();
      writeFileSync(userConfigPath(folder), text);
      expect(() => readUserConfig(folder)).toThrowError(expect.objectContaining({ code: 'machine' }));
    },
  );

  test('a folder that can not be written is read_only', async () => {
    const folder = tempFolder();
    chmodSync(folder, 0o555);
    await unprivileged([], async () => {
      await expect(updateUserConfig(folder, (config) => config)).rejects.toMatchObject({ code: 'read_only' });
    });
    chmodSync(folder, 0o700);
  });
});

import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, expect, test } from 'vitest';

const BIN = join(import.meta.dirname, '../../bin/dev.js');
const VALUE = 'sk-live-0123456789/+';
const folder = mkdtempSync(join(tmpdir(), 'ice secret '));
writeFileSync(join(folder, 'ice.yaml'), 'name: vault\n');
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a command as a script would: stdin is what is given, to its end. */
async function ice(input: string, ...args: string[]) {
  const child = spawn(process.execPath, [BIN, 'secret', ...args], { cwd: folder });
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const [out, err, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve) => child.on('close', resolve)),
  ]);
  // Whatever is said, the value is no part of it.
  expect(out + err).not.toContain('sk-live');
  return { out, err, code, json: () => JSON.parse(out) };
}

test('a secret is set from stdin, listed, set anew, rotated, removed', async () => {
  expect((await ice(`${VALUE}\n`, 'set', 'API_KEY', '--json')).json()).toMatchObject({
    ok: true,
    secret: { name: 'API_KEY', version: 1 },
  });
  expect((await ice(`${VALUE}!`, 'set', 'API_KEY')).out).toContain('has a new value (the 2nd)');
  expect((await ice('', 'list', '--json')).json()).toMatchObject({
    items: [{ name: 'API_KEY', version: 2 }],
  });
  expect((await ice('', 'rotate', '--json')).json()).toMatchObject({ ok: true, resealed: 0 });
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile())
      expect(readFileSync(join(entry.parentPath, entry.name)).includes('sk-live'), entry.name).toBe(false);
  expect((await ice('', 'remove', 'API_KEY', '--json')).json()).toMatchObject({ ok: true, removed: true });
  expect(await ice('', 'remove', 'API_KEY', '--json')).toMatchObject({ code: 11 });
});

test('nothing on stdin is exit 9, with what to do; a value as an argument is refused and not repeated', async () => {
  const none = await ice('', 'set', 'API_KEY', '--json');
  expect(none.code).toBe(9);
  expect(none.json()).toMatchObject({
    ok: false,
    error: { code: 'input_needed', hint: 'ice secret set API_KEY < FILE' },
  });
  expect((await ice('', 'set', 'API_KEY', VALUE)).code).toBe(2);
  expect((await ice(VALUE, 'set', 'lower-case')).code).toBe(2);
});

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { limitsSchema } from '../../src/contracts/components.ts';
import { absentHint } from '../../src/sandbox/absent-globals.ts';
import { DEFAULT_LIMITS } from '../../src/sandbox/protocol.ts';
import { createSandboxRuntime } from '../../src/sandbox/quickjs/index.ts';
import { bundleOf, callOf } from '../sandbox/call-by-hand.ts';

const page = readFileSync(join(import.meta.dirname, '../../docs/tools.md'), 'utf8');
const between = (from: string, to: string): string => page.slice(page.indexOf(from), page.indexOf(to));
const namesIn = (text: string): string[] => [...text.matchAll(/`(\w+)`/g)].map(([, name]) => name!);
const runtime = createSandboxRuntime({ maxChildren: 1 });
afterAll(() => runtime.close());
const typesOf = (names: string[]) =>
  runtime.call(callOf(bundleOf(`return [${names.map((name) => `typeof ${name}`).join(', ')}]`)));

test('the page of tools names what the sandbox has, and what it has not', async () => {
  const there = namesIn(between('ES2023 with modules', 'There is no `Buffer`'));
  expect(there.length).toBeGreaterThan(15);
  expect(await typesOf(there)).not.toContain('undefined');
  const absent = namesIn(between('There is no `Buffer`', 'Packages that need none'));
  expect(absent.length).toBeGreaterThan(5);
  expect(new Set((await typesOf(absent)) as string[])).toEqual(new Set(['undefined']));
  for (const name of absent) expect(absentHint(`${name} is not defined`), name).toBeTruthy();
});

test('the page of tools has the limits of a call', () => {
  const rows = [...page.matchAll(/^\| `(\w+)` \| (\d+)[^|]* \| (\d+) \|$/gm)];
  expect(rows.map(([, name]) => name)).toEqual(Object.keys(limitsSchema.shape));
  for (const [, name, usual, most] of rows) {
    const limit = name as keyof typeof limitsSchema.shape;
    const known = DEFAULT_LIMITS[limit];
    expect(Number(usual), name).toBe(typeof known === 'object' ? known.sandbox : known);
    expect(limitsSchema.safeParse({ [limit]: Number(most) }).success, name).toBe(true);
    expect(limitsSchema.safeParse({ [limit]: Number(most) + 1 }).success, name).toBe(false);
  }
  expect(page).toContain(`${DEFAULT_LIMITS.logLines} lines and ${DEFAULT_LIMITS.logChars} characters`);
});

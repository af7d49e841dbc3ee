import { expect, test } from 'vitest';
import { planLines } from '../../../src/cli/render/push-plan.ts';
import { themeFor } from '../../../src/cli/render/theme.ts';
import type { PushEntry, PushPlan } from '../../../src/contracts/components.ts';

const entry = (name: string, more: Partial<PushEntry> = {}): PushEntry => ({
  action: 'create',
  kind: 'tool',
  name,
  version: '1.0.0',
  previous: null,
  digest: `sha256:${'0'.repeat(64)}`,
  schema: [],
  permissions: [],
  ...more,
});
const plan = (entries: PushEntry[]): PushPlan => ({
  plan: 1,
  project: 'demo',
  base: 'sha256:0',
  entries,
  changes: entries.length,
  breaking: false,
  asksForPermissions: false,
  refused: false,
});
const shown = (entries: PushEntry[]): string[] =>
  planLines(plan(entries), { theme: themeFor({ color: false, unicode: true }), columns: 80, isTTY: false });

const NET: PushEntry['permissions'] = [{ what: 'net', added: ['api.example.com'], removed: [] }];

test('a few are told one by one; a single new one needs no sum', () => {
  expect(shown([entry('a')])).toEqual(['+ tool a  1.0.0  new']);
  expect(shown([entry('a', { permissions: NET }), entry('b', { action: 'unchanged' })])).toEqual([
    '+ tool a  1.0.0  new',
    '    newly asks for net: api.example.com',
    '· 1 component new, 1 unchanged',
  ]);
});

test('a thousand new ones that ask for the same are a screen, and what is different stands out', () => {
  const many = Array.from({ length: 1000 }, (_, i) => entry(`t${1000 + i}`, { permissions: NET }));
  const changed = entry('older', { action: 'update', version: '2.0.0', previous: '1.0.0' });
  const lines = shown([...many.slice(0, 500), changed, ...many.slice(500)]);
  expect(lines).toHaveLength(30 + 2 + 1 + 1);
  expect(lines.slice(29)).toEqual([
    '+ tool t1029  1.0.0  new',
    '  and 970 more, all new; --plan FILE has each of them',
    '    each of these 1000 newly asks for net: api.example.com',
    '~ tool older  1.0.0 → 2.0.0  changed',
    '· 1000 components new, 1 changed',
  ]);
});

import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ice, temporary, writeFiles } from '../support/ice.ts';

/** `ice validate` over the built command line. */

let home: ReturnType<typeof temporary>;
let cwd: string;
beforeEach(() => {
  home = temporary();
  cwd = `${home.dir}/demo`;
  writeFiles(cwd, { 'ice.yaml': 'name: demo\n' });
});
afterEach(() => home.remove());

const codes = async (): Promise<string[]> => {
  const { json } = await ice(['validate', '--json'], { cwd });
  const { diagnostics } = json as { diagnostics: { code: string; severity: string }[] };
  return diagnostics.filter(({ severity }) => severity === 'error').map(({ code }) => code);
};
const flow = (tool: string, mistake: string) => `blueprint: 2
name: flow
version: 1.0.0
description: For the test
inputs: { csv: { type: string } }
nodes:
  - { id: load, type: tool, tool: ${tool}, args: { text: "{{ inputs.csv }}" } }
  - { id: each, type: loop, ${mistake}: "{{ load.rows }}", body: [{ id: x, type: set, values: { a: "{{ item }}" } }] }
outputs: { r: "{{ each }}" }
`;

test('a mistake of shape does not make what the document refers to a thing that is not there', async () => {
  writeFiles(cwd, { 'workflows/flow.yaml': flow('std/csv-parse@^1', 'item') });
  expect(await codes()).toEqual(['ICE1103']);
  // The same from the cache.
  expect(await codes()).toEqual(['ICE1103']);

  // What only the target has.
  const there = `${home.dir}/there`;
  const load = `blueprint: 2
name: load
version: 1.0.0
description: For the test
inputs: { text: { type: string } }
nodes: [{ id: n, type: set, values: { rows: "{{ inputs.text.split(',') }}" } }]
outputs: { rows: "{{ n.rows }}" }
`;
  writeFiles(there, { 'ice.yaml': 'name: demo\n', 'workflows/load.yaml': load });
  const database = { ICE_DATABASE: `${home.dir}/shared.db` };
  expect(await ice(['push', '--yes', '--json'], { cwd: there, env: database })).toMatchObject({ exit: 0 });
  const caller = flow('x', 'item').replace(
    'type: tool, tool: x, args',
    'type: workflow, workflow: load@^1, inputs',
  );
  writeFiles(cwd, { 'workflows/flow.yaml': caller });
  const { json } = await ice(['validate', '--json'], { cwd, env: database });
  const found = (json as { diagnostics: { code: string }[] }).diagnostics.map(({ code }) => code);
  expect(found).toEqual(['ICE1103']);
});

test('a name that is nearly one is told beside the mistakes of shape', async () => {
  writeFiles(cwd, { 'workflows/flow.yaml': flow('std/csv-pars@^1', 'item') });
  const { json } = await ice(['validate', '--json'], { cwd });
  expect(json['diagnostics']).toContainEqual(
    expect.objectContaining({ code: 'ICE1201', help: "Did you mean 'std/csv-parse'?" }),
  );
});

/** A finding that is wrong costs more than one that is missing: people stop reading them. */
test('of large workflows that use all there is, nothing is said', async () => {
  cpSync(join(import.meta.dirname, 'valid'), cwd, { recursive: true });
  const { json } = await ice(['validate', '--json'], { cwd });
  expect(json).toMatchObject({ ok: true, diagnostics: [] });
  expect((await ice(['validate'], { cwd })).stdout).toContain('7 components valid');
});

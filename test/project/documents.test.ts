import { existsSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EMPTY_CATALOG } from '../../src/language/index.ts';
import type { Catalog, CatalogEntry } from '../../src/language/references/catalog.ts';
import type { ComponentSource } from '../../src/project/component-sources.ts';
import { Documents } from '../../src/project/documents.ts';
import { tempFolder } from '../support/temp-folder.ts';

const FLOW = `blueprint: 2
name: flow
version: 1.0.0
description: Prices.
inputs:
  cost: { type: number }
nodes:
  - id: price
    type: tool
    tool: price
    args: { cost: "{{ inputs.cost }}" }
outputs:
  price: "{{ price.price }}"
`;

const sourceOf = (root: string): ComponentSource => ({
  kind: 'workflow',
  file: 'workflows/flow.yaml',
  path: join(root, 'workflows/flow.yaml'),
});
const projectOf = (text: string): string => tempFolder({ 'workflows/flow.yaml': text });
const keptIn = (root: string): string[] => {
  const folder = join(root, '.ice/cache/documents');
  return existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : [];
};

/** A catalog with the tool price, whose result is of this type. */
function withPrice(type: string, version = '1.0.0'): Catalog {
  const entry = {
    version,
    digest: `sha256:${type.padEnd(64, '0')}`,
    manifest: {
      kind: 'tool',
      name: 'price',
      input: { type: 'object', properties: { cost: { type: 'number' } }, required: ['cost'] },
      output: { type: 'object', properties: { price: { type } }, required: ['price'] },
      permissions: { net: [], secrets: [], limits: {} },
      runtime: 'sandbox',
      entry: `sha256:${'1'.repeat(64)}`,
    },
  } as unknown as CatalogEntry;
  return {
    resolve: ({ kind, name }) => (kind === 'tool' && name === 'price' ? entry : undefined),
    names: (kind) => (kind === 'tool' ? ['price'] : []),
    versions: (kind, name) => (kind === 'tool' && name === 'price' ? [version] : []),
  };
}

/** As one command does it. */
async function command(root: string, id: string | undefined, catalog: Catalog) {
  const documents = new Documents(root, id);
  const build = await documents.read(sourceOf(root));
  const check = await documents.check('workflows/flow.yaml', catalog);
  documents.save();
  return { diagnostics: build.diagnostics, built: build.built, check };
}

describe('a document that was read before', () => {
  test('is what it was, without being read again', async () => {
    const root = projectOf(FLOW);
    const first = await command(root, 'one', withPrice('number'));
    expect(first.check?.outputs).toMatchObject({ properties: { price: { type: 'number' } } });
    const [kept] = keptIn(root);
    expect(await command(root, 'one', withPrice('number'))).toEqual(first);

    // It is believed, so that the language is not asked again.
    writeFileSync(kept!, readFileSync(kept!, 'utf8').replaceAll('Prices.', 'Kept.'));
    expect((await command(root, 'one', withPrice('number'))).built?.description).toBe('Kept.');
  });

  test('is read again by another build, of another text, and where nothing is kept', async () => {
    const root = projectOf(FLOW);
    await command(root, 'one', withPrice('number'));
    const [kept] = keptIn(root);
    const forged = readFileSync(kept!, 'utf8').replaceAll('Prices.', 'Kept.');
    for (const id of ['two', undefined]) {
      writeFileSync(kept!, forged);
      expect((await command(root, id, withPrice('number'))).built?.description).toBe('Prices.');
    }
    writeFileSync(kept!, forged);
    writeFileSync(join(root, 'workflows/flow.yaml'), FLOW.replace('Prices.', 'Values.'));
    expect((await command(root, 'one', withPrice('number'))).built?.description).toBe('Values.');
    for (const damaged of ['', 'null', '{"of"', '[]']) {
      writeFileSync(kept!, damaged);
      expect((await command(root, 'one', withPrice('number'))).built?.description).toBe('Values.');
    }
  });

  test('is checked again when what it refers to has changed', async () => {
    const root = projectOf(FLOW);
    const types = async (catalog: Catalog) => {
      const { check } = await command(root, 'one', catalog);
      return (check!.outputs as { properties: { price: object } }).properties.price;
    };
    expect(await types(withPrice('number'))).toMatchObject({ type: 'number' });
    expect(await types(withPrice('string'))).toMatchObject({ type: 'string' });
    expect(await types(withPrice('number'))).toMatchObject({ type: 'number' });
  });

  test('what is missing is looked for again, and found when it is there', async () => {
    const root = projectOf(FLOW);
    const codes = async (catalog: Catalog) =>
      (await command(root, 'one', catalog)).check?.findings.map(({ code }) => code);
    expect(await codes(EMPTY_CATALOG)).not.toEqual([]);
    expect(await codes(withPrice('number'))).toEqual([]);
    expect(await codes(EMPTY_CATALOG)).not.toEqual([]);
  });

  test('its findings are what they were, at their place', async () => {
    const root = projectOf(
      FLOW.replace('inputs.cost }}', 'inputs.coast }}').replace('description: Prices.\n', ''),
    );
    const first = await command(root, 'one', withPrice('number'));
    expect(first.diagnostics.map(({ code }) => code)).toEqual(['ICE1510']);
    expect(first.check?.findings[0]).toMatchObject({ severity: 'error', range: { start: { line: 10 } } });
    expect(await command(root, 'one', withPrice('number'))).toEqual(first);
  });
});

test('a file of the cache that is not used goes after a month', async () => {
  const root = projectOf(FLOW);
  await command(root, 'one', withPrice('number'));
  const old = join(root, '.ice/cache/documents/old.json');
  writeFileSync(old, '{}');
  const then = new Date(Date.now() - 40 * 24 * 3_600_000);
  utimesSync(old, then, then);
  writeFileSync(join(root, 'workflows/flow.yaml'), FLOW.replace('Prices.', 'Values.'));
  await command(root, 'one', withPrice('number'));
  expect(existsSync(old)).toBe(false);
  expect(keptIn(root)).toHaveLength(1);
});

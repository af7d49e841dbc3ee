import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { JsonSchema } from '../../src/contracts/json.ts';
import { ROUTES, type Route } from '../../src/contracts/routes.ts';
import { diffSchemas } from '../../src/registry/index.ts';

const root = join(import.meta.dirname, '../..');
interface Operation {
  operationId: string;
  'x-role': string;
  parameters?: { name: string; in: string; required: boolean; schema: JsonSchema }[];
  requestBody?: { required: boolean; content: Record<string, { schema: JsonSchema }> };
  responses: Record<string, { content?: Record<string, { schema: JsonSchema }> }>;
}
interface Document {
  openapi: string;
  info: { version: string };
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, JsonSchema> };
}
const read = (file: string): Document => JSON.parse(readFileSync(join(root, file), 'utf8')) as Document;
const now = read('docs/reference/openapi.json');

test('the committed document is what the route table says', () => {
  const done = spawnSync(process.execPath, ['scripts/generate-openapi.ts', '--check'], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(done.stderr).toBe('');
  expect(done.status).toBe(0);
});

test('every route is in it, once, and every reference leads somewhere', () => {
  expect(now.openapi).toBe('3.1.0');
  const operations = Object.values(now.paths).flatMap((methods) =>
    Object.values(methods).map((each) => each.operationId),
  );
  expect([...operations].sort()).toEqual(Object.keys(ROUTES).sort());
  for (const [name, route] of Object.entries(ROUTES) as [string, Route][]) {
    const operation = now.paths[route.path]![route.method.toLowerCase()]!;
    expect(operation['x-role'], name).toBe(route.role);
    const inPath = (operation.parameters ?? [])
      .filter((each) => each.in === 'path')
      .map((each) => `{${each.name}}`);
    expect(inPath.sort(), name).toEqual((route.path.match(/\{\w+\}/g) ?? []).sort());
  }
  for (const [, reference] of JSON.stringify(now).matchAll(/"\$ref":"([^"]+)"/g)) {
    expect(reference).toMatch(/^#\/components\/schemas\//);
    expect(now.components.schemas[reference!.split('/')[3]!], reference).toBeDefined();
  }
});

/**
 * What a client of this version may rely on. A breaking difference needs another version in package.json; then this
 * file is replaced by docs/reference/openapi.json.
 */
const locked = read('docs/reference/openapi.locked.json');

/** A schema with what it refers to; an answer's objects are open: a client reads what it knows. */
function whole(schema: JsonSchema, document: Document, answer: boolean): JsonSchema {
  const text = JSON.stringify({ ...(schema as object), $defs: document.components.schemas }).replaceAll(
    '"#/components/schemas/',
    '"#/$defs/',
  );
  return JSON.parse(
    answer ? text.replaceAll('"additionalProperties":false', '"additionalProperties":true') : text,
  ) as JsonSchema;
}
const contentOf = (
  holder: { content?: Record<string, { schema: JsonSchema }> } | undefined,
): [string, JsonSchema][] =>
  Object.entries(holder?.content ?? {}).map(([type, { schema }]) => [type, schema]);

test('locked routes: nothing that a client relies on changes under one version', () => {
  expect(now.info.version, 'a new version: copy docs/reference/openapi.json over openapi.locked.json').toBe(
    locked.info.version,
  );
  const broken: string[] = [];
  for (const [path, methods] of Object.entries(locked.paths))
    for (const [method, before] of Object.entries(methods)) {
      const after = now.paths[path]?.[method];
      const name = `${method.toUpperCase()} ${path}`;
      if (!after) {
        broken.push(`${name} is gone`);
        continue;
      }
      if (before.operationId !== after.operationId) broken.push(`${name} has another name`);
      for (const { name: parameter, required } of after.parameters ?? [])
        if (required && !before.parameters?.some((each) => each.name === parameter))
          broken.push(`${name} needs ${parameter}`);
      for (const { name: parameter, schema } of before.parameters ?? []) {
        const same = after.parameters?.find((each) => each.name === parameter);
        if (!same) broken.push(`${name} no longer takes ${parameter}`);
        else compare(name, 'input', schema, same.schema);
      }
      for (const [type, schema] of contentOf(before.requestBody)) {
        const same = after.requestBody?.content[type];
        if (!same) broken.push(`${name} no longer takes ${type}`);
        else compare(name, 'input', schema, same.schema);
      }
      for (const [status, answer] of Object.entries(before.responses)) {
        if (status === 'default') continue;
        for (const [type, schema] of contentOf(answer)) {
          const same = after.responses[status]?.content?.[type];
          if (!same) broken.push(`${name} no longer answers ${status} with ${type}`);
          else compare(name, 'output', schema, same.schema);
        }
      }
    }
  expect(broken, 'a client of this version would break').toEqual([]);

  function compare(name: string, where: 'input' | 'output', before: JsonSchema, after: JsonSchema): void {
    for (const change of diffSchemas(
      where,
      whole(before, locked, where === 'output'),
      whole(after, now, where === 'output'),
    ))
      if (change.breaking) broken.push(`${name}: ${where} ${change.path} ${change.change}`);
  }
});

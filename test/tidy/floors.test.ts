import { join } from 'node:path';
import { expect, test } from 'vitest';
import { assertParses, importsOf, sourceFiles } from './imports.ts';

const root = join(import.meta.dirname, '../..');
const files = sourceFiles(root, 'src');
const imports = files.flatMap((file) => importsOf(root, file));
const room = (path: string) => path.split('/')[1]!.replace(/\.ts$/, '');

/**
 * room -> what it may import of ours (docs/ARCHITECTURE.md has the drawing), and whether `node:*` is allowed.
 * `room/file` allows one file of a room only.
 */
const FLOORS: Record<string, { may: string[]; node: boolean }> = {
  contracts: { may: [], node: false },
  language: { may: ['contracts'], node: false },
  authoring: { may: ['contracts'], node: false },
  client: { may: ['contracts'], node: false },
  registry: { may: ['contracts', 'language/types'], node: false },
  engine: { may: ['contracts', 'language/expressions'], node: false },
  project: { may: ['contracts', 'language', 'registry', 'sandbox/port', 'mcp-client'], node: true },
  models: { may: ['contracts', 'language', 'secrets/redactor'], node: true },
  testing: { may: ['contracts', 'language', 'models/port'], node: false },
  secrets: { may: ['contracts'], node: true },
  sandbox: { may: ['contracts', 'language'], node: true },
  nodes: {
    may: [
      'contracts',
      'language',
      'engine/ports',
      'models/port',
      'sandbox/port',
      'registry/ports',
      'secrets/port',
      'secrets/redactor',
    ],
    node: true,
  },
  stores: { may: ['contracts', 'language', 'engine/ports', 'registry/ports', 'secrets/port'], node: true },
  queue: { may: ['contracts', 'engine/ports'], node: true },
  std: { may: ['authoring'], node: false },
  mcp: { may: ['contracts', 'client'], node: false },
  'mcp-client': { may: ['contracts'], node: true },
  server: {
    may: ['contracts', 'language', 'engine', 'registry', 'client', 'mcp', 'secrets/port'],
    node: false,
  },
  host: {
    may: [
      'contracts',
      'language',
      'engine',
      'registry',
      'client',
      'project',
      'models',
      'secrets',
      'sandbox',
      'nodes',
      'std',
      'stores',
      'queue',
      'server',
      'mcp-client',
    ],
    node: true,
  },
  cli: {
    may: ['contracts', 'client', 'project', 'language', 'registry', 'mcp', 'mcp-client', 'testing'],
    node: true,
  },
};

/** The files of the command line that may reach the host, and only by `await import`. */
const REACHES_HOST =
  /^src\/cli\/(connect|local-[a-z-]+)\.ts$|^src\/cli\/commands\/(run|test|dev|serve|worker|doctor|mcp|validate)\.ts$|^src\/cli\/commands\/(db|secret)\//;

test('every file parses', () => {
  for (const file of files) assertParses(root, file);
});

test('every room has a floor', () => {
  const rooms = new Set(files.map(room));
  expect([...rooms].filter((name) => !(name in FLOORS))).toEqual([]);
});

test('an import only goes down', () => {
  const wrong: string[] = [];
  for (const edge of imports) {
    const from = room(edge.from);
    const floor = FLOORS[from];
    if (!floor) continue;
    if (!edge.ours) {
      if (edge.to.startsWith('node:') && !floor.node) wrong.push(`${edge.from} imports ${edge.to}`);
      continue;
    }
    const to = room(edge.to);
    if (to === from && edge.to.startsWith('src/')) continue;
    const inside = edge.to.replace(/^src\//, '').replace(/(\/index)?\.ts$/, '');
    const allowed = floor.may.some((may) => inside === may || inside.startsWith(`${may}/`));
    const host =
      from === 'cli' && to === 'host' && REACHES_HOST.test(edge.from) && (edge.dynamic || edge.typeOnly);
    if (!allowed && !host) wrong.push(`${edge.from} imports ${edge.to}`);
  }
  expect(wrong).toEqual([]);
});

test('contracts/errors.ts loads nothing, so that an error renders cheaply', () => {
  expect(imports.filter((edge) => edge.from === 'src/contracts/errors.ts' && !edge.typeOnly)).toEqual([]);
});

test('no file imports itself, and no static cycle', () => {
  const graph = new Map<string, string[]>();
  for (const edge of imports) {
    if (!edge.ours || edge.typeOnly || edge.dynamic) continue;
    expect(edge.to, `${edge.from} imports itself`).not.toBe(edge.from);
    graph.set(edge.from, [...(graph.get(edge.from) ?? []), edge.to]);
  }
  const done = new Set<string>();
  const cycles: string[] = [];
  const visit = (file: string, trail: string[]): void => {
    const at = trail.indexOf(file);
    if (at >= 0) {
      cycles.push([...trail.slice(at), file].join(' -> '));
      return;
    }
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...trail, file]);
    done.add(file);
  };
  for (const file of graph.keys()) visit(file, []);
  expect(cycles.filter((cycle) => !KNOWN_CYCLES.some((known) => cycle.includes(known)))).toEqual([]);
});

/** A node holds nodes: the schema of containers and the schema of nodes need each other, and zod's lazy unties them. */
const KNOWN_CYCLES = ['src/contracts/nodes/containers.ts'];

import { join } from 'node:path';
import { expect, test } from 'vitest';
import { importsOf, sourceFiles } from './imports.ts';

const root = join(import.meta.dirname, '../..');
const imports = new Map(sourceFiles(root, 'src').map((file) => [file, importsOf(root, file)]));

/** What a file loads with itself, and the way there: no types, and not what it imports only when it needs it. */
function loadedWith(file: string): Map<string, string[]> {
  const ways = new Map([[file, [file]]]);
  for (const [each, way] of ways)
    for (const { to, typeOnly, dynamic } of imports.get(each) ?? [])
      if (!typeOnly && !dynamic && !ways.has(to)) ways.set(to, [...way, to]);
  return ways;
}

/** The language with its parsers, the engine, and the packages that take long to load. */
const HEAVY =
  /^(yaml|esbuild|undici|@marcbachmann\/.*|@cfworker\/.*|ai|@ai-sdk\/.*|@modelcontextprotocol\/.*|handlebars)$|^src\/(language\/(index|source\/(read|parsed)-source|shape\/walk|flow\/flow|check\/check-|expressions\/(index|parse)|schema\/index)|engine\/(engine|worker|driver)|registry\/index|sandbox\/(node|quickjs|host-fetch)|models)/;

// The time of a command is what it loads: a line that imports the language statically costs every one of them.
test.each([
  ['every command', 'src/cli/base-command.ts', []],
  ['a command that only reads', 'src/cli/commands/runs/list.ts', []],
  ['the client', 'src/client/index.ts', ['zod']],
  ['the host, until something runs', 'src/host/index.ts', ['zod']],
  ['its database', 'src/stores/sqlite/index.ts', ['zod']],
  ['help', 'src/cli/main.ts', ['zod', 'src/contracts/routes.ts']],
  ['a run, until a document is new', 'src/cli/commands/run.ts', []],
  ['a check, until a document is new', 'src/cli/commands/validate.ts', []],
  ['a push, until a document is new', 'src/cli/commands/push.ts', []],
  ['the plan of a tool', 'src/language/plan/tool-plan.ts', []],
  ['a run of what is pinned', 'src/server/compile.ts', ['semver']],
])('%s loads nothing heavy', (_, file, also) => {
  const ways = [...loadedWith(file).values()].filter(
    (way) => HEAVY.test(way.at(-1)!) || also.includes(way.at(-1)!),
  );
  expect(ways.map((way) => way.join(' -> '))).toEqual([]);
});

test('a document that is JSON already is compiled without the YAML parser', () => {
  expect(loadedWith('src/language/plan/compile.ts').get('yaml')?.join(' -> ')).toBeUndefined();
});

test('what is heavy is there to be found', () => {
  const engine = [...loadedWith('src/host/engine.ts').keys()].filter((file) => HEAVY.test(file));
  expect(engine).toEqual(expect.arrayContaining(['src/engine/engine.ts', '@marcbachmann/cel-js']));
});

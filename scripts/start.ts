/**
 * `npm start`: builds if a source is newer than the build, runs the example on its real data with the live tree, then
 * shows the shortest way to a tool of one's own: scaffolded, pushed, sandboxed, and called by an MCP client.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

const root = join(import.meta.dirname, '..');
const bin = join(root, 'bin', 'run.js');
const say = (text: string) => process.stderr.write(`${text}\n`);
const bold = (text: string) =>
  process.stderr.isTTY && !process.env['NO_COLOR'] ? `\u001b[1m${text}\u001b[22m` : text;

/** The newest change below the folders, in epoch milliseconds. */
function newest(...folders: string[]): number {
  let latest = 0;
  for (const folder of folders) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) latest = Math.max(latest, statSync(join(entry.parentPath, entry.name)).mtimeMs);
    }
  }
  return latest;
}

function run(command: string, args: string[], options: { cwd?: string; env?: NodeJS.ProcessEnv } = {}): void {
  const done = spawnSync(command, args, { cwd: root, stdio: 'inherit', ...options });
  if (done.status !== 0) process.exit(done.status ?? 1);
}

const manifest = join(root, 'dist', 'oclif.manifest.json');
if (!existsSync(manifest) || statSync(manifest).mtimeMs < newest('src', 'scripts')) {
  say('Building…');
  run(process.execPath, [join(root, 'scripts', 'build.ts')]);
}

say(
  bold('\n1. A real workflow on real data') +
    ': earthquakes of one week, by region and day, with a report and two charts',
);
say('   $ ice run report --cwd examples/earthquakes -i csv=@data/earthquakes.csv --out reports\n');
const example = join(root, 'examples', 'earthquakes');
run(
  process.execPath,
  [bin, 'run', 'report', '-i', 'csv=@data/earthquakes.csv', '--out', 'reports', '--no-input'],
  { cwd: example },
);

say(`${bold('\n2. A tool of your own')}: scaffolded, pushed, and called by an MCP client, in the sandbox`);
const from = performance.now();
const work = realpathSync(mkdtempSync(join(tmpdir(), 'ice-start-')));
try {
  const quiet = { ...process.env, CI: '1' };
  for (const [args, cwd] of [
    [['init', 'price-tool', '--template', 'tool', '--yes', '--quiet'], work],
    [['push', '--yes', '--quiet'], join(work, 'price-tool')],
  ] as const) {
    say(`   $ ice ${args.filter((arg) => arg !== '--quiet').join(' ')}`);
    const done = spawnSync(process.execPath, [bin, ...args], {
      cwd,
      env: quiet,
      encoding: 'utf8',
      input: '',
    });
    if (done.status !== 0) {
      say(done.stderr);
      process.exit(done.status ?? 1);
    }
  }
  say('   $ ice mcp                     # what an MCP client starts');
  const client = new Client({ name: 'npm-start', version: '1.0.0' });
  await client.connect(
    new StdioClientTransport({
      command: process.execPath,
      args: [bin, 'mcp', '--quiet'],
      cwd: join(work, 'price-tool'),
      stderr: 'inherit',
    }),
  );
  const { tools } = await client.listTools();
  const price = tools.find((tool) => tool.name === 'price');
  say(`   the client sees ${tools.length} tools; price: ${price?.description?.replaceAll('\n', ' ')}`);
  const answer = await client.callTool({ name: 'price', arguments: { cost: 10 } });
  say(`   price({ cost: 10 }) = ${JSON.stringify(answer.structuredContent ?? answer.content)}`);
  await client.close();
  say(`   from nothing to the answer: ${((performance.now() - from) / 1000).toFixed(1)} s`);
} finally {
  rmSync(work, { recursive: true, force: true });
}

say(`
${bold('What to try next')}
  node bin/run.js init my-tool                                 # a project of your own
  node bin/run.js run report --cwd examples/earthquakes -i csv=@data/earthquakes.csv -i minMagnitude=5
  node bin/run.js runs list --cwd examples/earthquakes
  node bin/run.js dev --cwd examples/earthquakes               # a server; its API is at /docs
  npm test
`);

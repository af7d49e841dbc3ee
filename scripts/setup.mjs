// The only script that may run under an old system Node: it installs what the lock file says (once), checks that the
// pinned Node came with it, and hands over to it. `npm start` and `npm test` are this script with a name.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const stamp = join(root, 'node_modules', '.ice-setup');
const windows = process.platform === 'win32';
const node = join(root, 'node_modules', '.bin', windows ? 'node.cmd' : 'node');
const lock = createHash('sha256')
  .update(readFileSync(join(root, 'package-lock.json')))
  .digest('hex');

const fail = (message) => {
  process.stderr.write(`${message}\n`);
  process.exit(14);
};

const installed = existsSync(stamp) && readFileSync(stamp, 'utf8') === lock && existsSync(node);
if (!installed) {
  process.stderr.write('Installing what package-lock.json names (once)…\n');
  const npm = process.env.npm_execpath;
  const [command, args] = npm
    ? [process.execPath, [npm, 'ci', '--loglevel=error']]
    : ['npm', ['ci', '--loglevel=error']];
  const done = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (done.status !== 0) fail('npm ci failed; its reason is above. Mend it and run the same command again.');
}

const version = spawnSync(node, ['--version'], { encoding: 'utf8', shell: windows }).stdout?.trim() ?? '';
const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  fail(
    `The pinned Node is not in node_modules (found ${version || 'none'}). Run: npm ci --foreground-scripts`,
  );
}
if (!installed) writeFileSync(stamp, lock);

const task = process.argv[2];
if (task) {
  const env = {
    ...process.env,
    PATH: `${join(root, 'node_modules', '.bin')}${windows ? ';' : ':'}${process.env.PATH ?? ''}`,
  };
  const script = join(root, 'scripts', `${task}.ts`);
  const run = spawnSync(node, [script, ...process.argv.slice(3)], {
    cwd: root,
    stdio: 'inherit',
    env,
    shell: windows,
  });
  process.exit(run.status ?? 1);
}

/**
 * What a user gets: packs the package, installs the tarball in an empty folder, and walks init -> validate -> test ->
 * push -> push again -> run -> list, each with --json, on the local target and once more against an `ice serve` in
 * another process and folder. Prints the weight of the install; fails when it is over its budget by a tenth.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const work = mkdtempSync(join(tmpdir(), 'ice-packed-'));
const npm = (args: string[], cwd: string) =>
  execFileSync('npm', [...args, '--loglevel=error'], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
const BUDGET = { packages: 80, megabytes: 45 };

const tarball = join(
  work,
  npm(['pack', '--ignore-scripts', '--pack-destination', work], root).trim().split('\n').at(-1)!,
);
const app = join(work, 'app');
mkdirSync(app);
writeFileSync(join(app, 'package.json'), '{ "name": "app", "private": true }\n');
const from = Date.now();
npm(['install', tarball, '--omit=dev'], app);
const seconds = (Date.now() - from) / 1000;
const packages = npm(['ls', '--all', '--parseable'], app).trim().split('\n').length - 1;
const megabytes = Number(
  execFileSync('du', ['-sm', join(app, 'node_modules')], { encoding: 'utf8' }).split('\t')[0],
);
process.stdout.write(
  `Node ${process.versions.node}: installed ${packages} packages, ${megabytes} MB, in ${seconds.toFixed(1)} s (budget ${BUDGET.packages}, ${BUDGET.megabytes} MB)\n`,
);
if (packages > BUDGET.packages * 1.1 || megabytes > BUDGET.megabytes * 1.1)
  throw new Error('the install is over its budget');
npm(['ci'], app);

const env = { ...process.env, ICE_KEYRING: '0', ICE_CONFIG_DIR: join(work, 'config'), CI: '1' };
const bin = join(app, 'node_modules', 'iceos', 'bin', 'run.js');

/** Runs the installed bin; the exit must be as expected and stdout one JSON document. */
function ice(cwd: string, args: string[], exit = 0): Record<string, unknown> {
  const done = spawnSync(process.execPath, [bin, ...args, '--json'], {
    cwd,
    env,
    encoding: 'utf8',
    input: '',
  });
  if (done.status !== exit)
    throw new Error(`ice ${args.join(' ')} ended with ${done.status}\n${done.stdout}\n${done.stderr}`);
  process.stdout.write(`ok  ice ${args.join(' ')}\n`);
  return JSON.parse(done.stdout) as Record<string, unknown>;
}

function loop(cwd: string, more: string[]): void {
  ice(cwd, ['validate', ...more]);
  ice(cwd, ['test', ...more]);
  ice(cwd, ['push', '--yes', ...more]);
  ice(cwd, ['push', '--yes', ...more]);
  ice(cwd, ['run', 'price', '-i', 'cost=10', ...more]);
  ice(cwd, ['runs', 'list', ...more]);
  ice(cwd, ['components', 'list', ...more]);
}

try {
  ice(app, ['init', 'demo', '--template', 'tool', '--yes']);
  const demo = join(app, 'demo');
  loop(demo, []);

  const elsewhere = join(work, 'elsewhere');
  mkdirSync(elsewhere);
  const server = spawn(process.execPath, [bin, 'serve', '--port', '0', '--json'], {
    cwd: elsewhere,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const started = await new Promise<{ url: string; tokenFile: string }>((done, fail) => {
      let text = '';
      server.stdout.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
        const line = text.split('\n').find((one) => one.includes('"url"'));
        if (line) done(JSON.parse(line) as { url: string; tokenFile: string });
      });
      server.once('exit', (code) => fail(new Error(`ice serve ended with ${code}`)));
    });
    const secret = readFileSync(started.tokenFile, 'utf8').trim();
    spawnSync(process.execPath, [bin, 'target', 'add', 'there', started.url, '--token', '-', '--json'], {
      cwd: demo,
      env,
      input: secret,
      stdio: ['pipe', 'inherit', 'inherit'],
    });
    loop(demo, ['--target', 'there']);
  } finally {
    server.kill('SIGTERM');
    await new Promise((done) => server.once('exit', done));
  }
  process.stdout.write('the packed package works\n');
} finally {
  rmSync(work, { recursive: true, force: true });
}

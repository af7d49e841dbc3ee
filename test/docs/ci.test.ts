import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { BIN, cleanEnv, ice, temporary, toolProject } from '../support/ice.ts';

/**
 * The pipelines of docs/ci.md, run as they stand: every script, job after job, in a scaffolded project, against a
 * server in a process and folder of its own. `npx ice` is this build; `npm ci` installs nothing here.
 */

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/ci.md'), 'utf8');
const home = temporary();
let shims: string;

beforeAll(() => {
  shims = join(home.dir, 'shims');
  mkdirSync(shims);
  const shim = (name: string, script: string): void => {
    writeFileSync(join(shims, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(shims, name), 0o755);
  };
  shim('npx', `[ "$1" = ice ] || exit 99\nshift\nexec "${process.execPath}" "${BIN}" "$@"`);
  shim('npm', '[ "$*" = ci ] || exit 99');
});
const servers: ChildProcess[] = [];
afterAll(async () => {
  for (const server of servers) {
    const ended = new Promise((done) => server.once('close', done));
    server.kill('SIGTERM');
    await ended;
  }
  home.remove();
});

function fileInPage(name: string): Record<string, unknown> {
  const match = new RegExp(
    `^\`\`\`yaml file=${name.replaceAll('.', '\\.')}\\n([\\s\\S]*?)^\`\`\`$`,
    'm',
  ).exec(page);
  expect(match, `${name} is in docs/ci.md`).not.toBeNull();
  return parse(match![1]!) as Record<string, unknown>;
}

async function stage(name: string): Promise<{ cwd: string; env: NodeJS.ProcessEnv; summary: string }> {
  const dir = join(home.dir, name);
  mkdirSync(join(dir, 'served'), { recursive: true });
  const cwd = await toolProject(dir);
  writeFileSync(join(dir, 'served', 'ice.yaml'), 'name: demo\n');
  const server = spawn(process.execPath, [BIN, 'serve', '--port', '0', '--json'], {
    cwd: join(dir, 'served'),
    env: cleanEnv(dir),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  servers.push(server);
  const line = await new Promise<string>((done) => {
    let text = '';
    server.stdout!.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('\n')) done(text);
    });
  });
  const { url, tokenFile } = JSON.parse(line) as { url: string; tokenFile: string };
  const operator = { ICE_API_URL: url, ICE_API_TOKEN: readFileSync(tokenFile, 'utf8').trim() };
  // The page's own way to a token: one that can push, and is not the operator's.
  const [, command] = /`ice (token create [^`]+)`/.exec(page)!;
  const made = await ice([...command!.split(' '), '--json'], { cwd, env: operator });
  expect(made.exit, made.stdout).toBe(0);
  const env = cleanEnv(dir, {
    PATH: `${shims}:${process.env['PATH']}`,
    CI: 'true',
    ICE_API_URL: url,
    ICE_API_TOKEN: made.json['token'].secret as string,
  });
  return { cwd, env, summary: join(dir, 'summary.md') };
}

function runScript(script: string, cwd: string, env: NodeJS.ProcessEnv): { stdout: string; stderr: string } {
  // As the runners do: the first command that fails ends the script.
  const done = spawnSync('bash', ['-e', '-o', 'pipefail', '-c', script], {
    cwd,
    env,
    encoding: 'utf8',
    input: '',
  });
  expect(done.status, `${script}\n${done.stdout}\n${done.stderr}`).toBe(0);
  return { stdout: done.stdout, stderr: done.stderr };
}

test('the GitHub workflow', async () => {
  const { cwd, env, summary } = await stage('github');
  const workflow = fileInPage('.github/workflows/ice.yml');
  const jobs = workflow['jobs'] as Record<
    string,
    { needs?: string; env?: Record<string, string>; steps: { run?: string; uses?: string }[] }
  >;
  const seen: string[] = [];
  let ran = 0;
  for (const [name, job] of Object.entries(jobs)) {
    if (job.needs !== undefined) expect(seen).toContain(job.needs);
    seen.push(name);
    const own: NodeJS.ProcessEnv = {
      ...env,
      GITHUB_ACTIONS: 'true',
      GITHUB_WORKSPACE: cwd,
      GITHUB_STEP_SUMMARY: summary,
    };
    // Variables that a job does not name are not there.
    for (const variable of ['ICE_API_URL', 'ICE_API_TOKEN'])
      if (job.env?.[variable] === undefined) delete own[variable];
    for (const step of job.steps) {
      if (step.run === undefined) continue;
      const { stdout, stderr } = runScript(step.run, cwd, own);
      expect(stdout + stderr).not.toContain(env['ICE_API_TOKEN']);
      ran += 1;
    }
  }
  expect(ran).toBeGreaterThanOrEqual(8);
  const text = readFileSync(summary, 'utf8');
  for (const part of ['ice validate', 'ice test', '1 change planned', '1 change pushed', 'ice run: price'])
    expect(text).toContain(part);
  const run = JSON.parse(readFileSync(join(cwd, 'run.json'), 'utf8')) as Record<string, unknown>;
  expect(run).toMatchObject({ ok: true, target: { name: 'env' }, run: { state: 'succeeded' } });
});

test('the GitLab pipeline, and the lines for machines', async () => {
  const { cwd, env } = await stage('gitlab');
  const { stages, default: common, ...rest } = fileInPage('.gitlab-ci.yml');
  const before = (common as { before_script: string[] }).before_script;
  const jobs = Object.values(rest) as { stage: string; script: string[] }[];
  for (const name of stages as string[]) {
    const mine = jobs.filter((job) => job.stage === name);
    expect(mine.length).toBeGreaterThan(0);
    for (const job of mine) runScript([...before, ...job.script].join('\n'), cwd, env);
  }
  expect(readFileSync(join(cwd, 'junit.xml'), 'utf8')).toContain('<testsuite');
  const [, script] = /^```sh\n([\s\S]*?)^```$/m.exec(page)!;
  const { stdout } = runScript(script!, cwd, env);
  expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).toMatchObject({ type: 'result', ok: true });
});

import { type ChildProcess, spawn } from 'node:child_process';

/**
 * Children end by themselves when their parent is gone: their channel closes. One in an endless loop never sees
 * that, and would burn a core for ever after a `kill -9` of the parent. So one tiny shell beside us holds the list
 * of our children; when its stdin closes, however we died, it kills what is on the list. Windows has no such shell;
 * there an endless orphan stays until its time limit is none of ours any more.
 */
const alive = new Set<number>();
let keeper: ChildProcess | undefined;

const PROGRAM =
  'trap "" INT TERM HUP; p=; while read -r l; do p=$l; done; [ -z "$p" ] || kill -9 $p 2>/dev/null';

function start(): ChildProcess | undefined {
  if (process.platform === 'win32') return undefined;
  const shell = spawn('/bin/sh', ['-c', PROGRAM], {
    stdio: ['pipe', 'ignore', 'ignore'],
    env: {},
    cwd: '/',
    // Out of our group: a signal for the whole group must not take it before it has done its work.
    detached: true,
  });
  // Without a shell there is no keeper; the children's own end is left.
  shell.on('error', () => {});
  shell.stdin!.on('error', () => {});
  shell.on('exit', () => {
    if (keeper === shell) keeper = undefined;
  });
  shell.unref();
  (shell.stdin as unknown as { unref(): void }).unref();
  return shell;
}

/** Has a child killed if we die before it. */
export function keep(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  keeper ??= start();
  alive.add(pid);
  tell();
  child.once('exit', () => {
    alive.delete(pid);
    tell();
  });
}

const tell = (): void => {
  keeper?.stdin?.write(`${[...alive].join(' ')}\n`);
};

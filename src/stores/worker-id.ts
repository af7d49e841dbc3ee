import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * A worker's name: `host:pid:start`. With it a process on the same machine can tell that a worker is gone, and need not
 * wait for its lease to run out. The start keeps a reused pid from looking like the old process.
 */
export const workerId = (): string => `${hostname()}:${process.pid}:${startOf(process.pid) ?? '?'}`;

/** Whether the process behind a worker's name lives; undefined when that cannot be known from here. */
export function isWorkerAlive(id: string): boolean | undefined {
  const parts = id.split(':');
  const [start, pid] = [parts.pop(), Number(parts.pop())];
  if (parts.join(':') !== hostname() || !Number.isInteger(pid) || pid <= 0) return undefined;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, and another user's.
    if ((error as { code?: string }).code === 'ESRCH') return false;
  }
  const now = startOf(pid);
  return now === undefined || start === '?' ? undefined : now === start;
}

/** When a process started, in ticks since boot: the 22nd field of /proc/<pid>/stat; undefined where there is no /proc. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name in the second field may hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie is dead, though its pid is taken.
    return fields[0] === 'Z' ? 'dead' : fields[19];
  } catch {
    return undefined;
  }
}

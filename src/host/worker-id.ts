import { hostname } from 'node:os';

/** Names this process among all that use a store: machine, process, and a mark for when the number is used again. */
export const newWorkerId = (): string =>
  `${hostname().replaceAll('/', '-')}/${process.pid}/${crypto.randomUUID().slice(0, 8)}`;

/**
 * False when a worker of this machine is known to be gone, so that its runs need not wait for their leases to run out;
 * undefined when nothing is known of it, as of workers elsewhere, or of a process that may be another by now.
 */
export function isWorkerAlive(worker: string): boolean | undefined {
  const [machine, pid] = worker.split('/');
  if (machine !== hostname().replaceAll('/', '-') || !/^\d+$/.test(pid ?? '')) return undefined;
  try {
    process.kill(Number(pid), 0);
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH' ? false : undefined;
  }
}

import { execFileSync } from 'node:child_process';

export interface Memory {
  /** Resident memory of the process itself, MB. */
  own: number;
  /** Of all that it started, together, and how many they are. */
  children: number;
  count: number;
}

/** Memory of a process and of all below it, as the system sees it. */
export function memoryOf(pid: number): Memory {
  const rows = execFileSync('ps', ['-o', 'pid=,ppid=,rss=,comm=', '-A'], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((row) => row.trim().split(/\s+/));
  const of = new Map(
    rows.map(([id, parent, rss]) => [Number(id), { parent: Number(parent), rss: Number(rss) }]),
  );
  const isBelow = (id: number): boolean => {
    for (let at = of.get(id)?.parent; at !== undefined && at > 1; at = of.get(at)?.parent)
      if (at === pid) return true;
    return false;
  };
  // Not the ps that looks.
  const below = rows
    .filter(([id, , , name]) => name !== 'ps' && isBelow(Number(id)))
    .map(([id]) => of.get(Number(id))!.rss);
  const mb = (kb: number): number => Math.round(kb / 1024);
  return {
    own: mb(of.get(pid)?.rss ?? 0),
    children: mb(below.reduce((sum, rss) => sum + rss, 0)),
    count: below.length,
  };
}

/** `.ice/server.json`: the live server of a project; believed only if pid, start time and an authenticated /livez agree. */
export interface ServerFile {
  pid: number;
  /** Epoch milliseconds. */
  startedAt: number;
  url: string;
  version: string;
}

/** What a server file holds, from its JSON; undefined when it is none. */
export function asServerFile(value: unknown): ServerFile | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { pid, startedAt, url, version } = value as Record<keyof ServerFile, unknown>;
  return Number.isInteger(pid) &&
    Number.isInteger(startedAt) &&
    typeof url === 'string' &&
    typeof version === 'string'
    ? ({ pid, startedAt, url, version } as ServerFile)
    : undefined;
}

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { asServerFile, type ServerFile } from '../contracts/server-file.ts';
import { fileError, readToken } from './operator-token.ts';

/** `.ice/server.json` names the live server of a project, for the commands that run in its folder. */
export const serverFileOf = (dir: string): string => join(dir, '.ice', 'server.json');
export const tokenFileOf = (dir: string): string => join(dir, '.ice', 'token');

/** A server that does not answer in this time is taken for dead. */
const PROBE_MS = 2_000;

/** Written whole or not at all; its owner's alone. */
export function writeServerFile(file: string, content: ServerFile): void {
  const part = `${file}.${process.pid}.part`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(part, `${JSON.stringify(content)}\n`, { mode: 0o600 });
    renameSync(part, file);
  } catch (error) {
    rmSync(part, { force: true });
    throw fileError(file, error);
  }
}

/** Removes the file if it is still this server's. */
export function removeServerFile(file: string, mine: ServerFile): void {
  const there = readServerFile(file);
  if (there && there.pid === mine.pid && there.startedAt === mine.startedAt) rmSync(file, { force: true });
}

/** The file's content; undefined when it is absent or not one. */
export function readServerFile(file: string): ServerFile | undefined {
  try {
    return asServerFile(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    // Absent, or cut short by a crash: nobody is named.
    return undefined;
  }
}

export interface LiveServer extends ServerFile {
  token: string;
}

/**
 * The live server of the project in `dir`, with the token for it; undefined when there is none. A file alone proves
 * nothing (a process may have died, its pid and port may be another's now): the process must live, `/livez` must say
 * the same pid and start, and then the folder's token must be known there.
 */
export async function liveServer(dir: string): Promise<LiveServer | undefined> {
  const file = readServerFile(serverFileOf(dir));
  if (!file || !isAlive(file.pid)) return undefined;
  try {
    const signal = AbortSignal.timeout(PROBE_MS);
    const live = await fetch(new URL('/livez', file.url), { signal, redirect: 'error' });
    const said = (await live.json()) as { pid?: unknown; startedAt?: unknown };
    if (said.pid !== file.pid || said.startedAt !== file.startedAt) return undefined;
    const token = readToken(tokenFileOf(dir));
    if (token === undefined) return undefined;
    const who = await fetch(new URL('/v1/whoami', file.url), {
      signal,
      redirect: 'error',
      headers: { authorization: `Bearer ${token}` },
    });
    await who.body?.cancel();
    return who.ok ? { ...file, token } : undefined;
  } catch {
    // Nobody answers, or somebody else does: it is not there, which is the answer.
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

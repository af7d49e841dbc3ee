import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { tempFolder } from './temp-folder.ts';

const bin = join(import.meta.dirname, '../../bin/dev.js');

export interface CommandResult {
  exit: number;
  stdout: string;
  stderr: string;
}

/** Runs `ice …` in a folder as a process of its own, with no environment but a home and what is given. */
export function iceCommand(
  cwd: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<CommandResult> {
  const own = { PATH: process.env['PATH'], HOME: tempFolder(), ICE_KEYRING: '0', ...env };
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [bin, ...args],
      { cwd, env: own, maxBuffer: 64 * 1024 * 1024, timeout: 60_000 },
      (error, stdout, stderr) => {
        const exit = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
        resolve({ exit, stdout, stderr });
      },
    );
  });
}

/** The same with `--json`: its one document on stdout, read. */
export async function iceJson(
  cwd: string,
  args: readonly string[],
  env: Record<string, string> = {},
  // biome-ignore lint/suspicious/noExplicitAny: the document of whatever command was run
): Promise<{ exit: number; body: any; stderr: string }> {
  const { exit, stdout, stderr } = await iceCommand(cwd, [...args, '--json'], env);
  try {
    return { exit, body: JSON.parse(stdout), stderr };
  } catch {
    throw new Error(`ice ${args.join(' ')} ended with ${exit}: ${stdout.slice(0, 500)}\n${stderr}`);
  }
}

import { writeFileSync } from 'node:fs';
import { arch, platform, release, tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Writes what is needed to find a bug, and nothing of the user's: no argv, no environment, no inputs. The home folder
 * is taken out of the paths. Returns where, or undefined when no file could be written.
 */
export function writeBugReport(error: unknown, command: string | undefined): string | undefined {
  const home = process.env['HOME'] || '\0';
  const lines = [
    'ice bug report',
    `command: ${command ?? 'none'}`,
    `node ${process.versions.node}, ${platform()} ${release()} ${arch()}`,
    '',
  ];
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth++)
    lines.push(depth === 0 ? '' : 'caused by', cause.stack ?? `${cause.name}: ${cause.message}`);
  if (!(error instanceof Error)) lines.push(typeof error);
  const file = join(tmpdir(), `ice-bug-${Date.now().toString(36)}-${process.pid}.txt`);
  try {
    writeFileSync(file, `${lines.join('\n').replaceAll(home, '~')}\n`, { mode: 0o600, flag: 'wx' });
    return file;
  } catch {
    return undefined;
  }
}

import { statfsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type ErrorCode, IceError } from '../../contracts/errors.ts';

/** Primary result codes of SQLite (https://sqlite.org/rescode.html) that mean something to a user. */
const BUSY = 5;
const LOCKED = 6;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;

interface Explanation {
  code: ErrorCode;
  message: (file: string) => string;
  hint: string;
}

const EXPLANATIONS: Record<number, Explanation> = {
  [BUSY]: {
    code: 'database_busy',
    message: (file) => `The database ${file} is locked by another process`,
    hint: 'Try again; if it stays locked, end the process that holds it (a backup tool, a sqlite3 shell).',
  },
  [READONLY]: {
    code: 'read_only',
    message: (file) => `The database ${file} cannot be written`,
    hint: 'Make the file and its folder writable, or set ICE_DATABASE to a file in a folder that is.',
  },
  [IOERR]: {
    code: 'machine',
    message: (file) => `The disk failed while the database ${file} was read or written`,
    hint: 'Check the disk (and the network, if it is a network share: SQLite needs a local one).',
  },
  [CORRUPT]: {
    code: 'database_corrupt',
    message: (file) => `The database ${file} is damaged`,
    hint: 'Restore a backup, or move the file away and start with a new one.',
  },
  [FULL]: {
    code: 'disk_full',
    message: (file) => `The disk is full: nothing more can be written to ${file}`,
    hint: 'Free some space, then resume the run: everything that was committed is safe.',
  },
  [CANTOPEN]: {
    code: 'read_only',
    message: (file) => `The database ${file} cannot be opened or made`,
    hint: 'Check that its folder exists and is writable, or set ICE_DATABASE to a file in a folder that is.',
  },
};
EXPLANATIONS[LOCKED] = EXPLANATIONS[BUSY]!;
EXPLANATIONS[NOTADB] = {
  code: 'database_corrupt',
  message: (file) => `${file} is not a database, or it is damaged`,
  hint: 'Restore a backup, or move the file away and start with a new one.',
};

/** The primary result code of what node:sqlite threw; undefined when it was something else. */
export function resultCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === 'number' ? code & 0xff : undefined;
}

export const isBusy = (error: unknown): boolean => {
  const code = resultCode(error);
  return code === BUSY || code === LOCKED;
};

/** What node:sqlite or the file system threw, as an error that says what to do; others pass unchanged. */
export function sqliteError(error: unknown, file: string): unknown {
  if (error instanceof IceError) return error;
  const inTheWay = obstacle(file);
  if (inTheWay) return new IceError('machine', inTheWay.message, { hint: inTheWay.hint, cause: error });
  const code = resultCode(error);
  if (code === IOERR && isFull(file)) return explain(FULL, file, error);
  const explained = EXPLANATIONS[code ?? -1];
  if (explained)
    return new IceError(explained.code, explained.message(file), { hint: explained.hint, cause: error });
  const system = (error as { code?: unknown } | null)?.code;
  if (system === 'ENOSPC' || system === 'EDQUOT') return explain(FULL, file, error);
  if (system === 'EACCES' || system === 'EPERM' || system === 'EROFS') return explain(READONLY, file, error);
  if (system === 'ENOTDIR' || system === 'EEXIST' || system === 'ENOENT' || system === 'EISDIR')
    return explain(CANTOPEN, file, error);
  return error;
}

/** A folder where the database should be, or a file where its folder should be: SQLite only says that it can't. */
function obstacle(file: string): { message: string; hint: string } | undefined {
  if (statOf(file)?.isDirectory())
    return {
      message: `${file} is a folder, and the database is a file`,
      hint: `Name a file in it: ICE_DATABASE=${join(file, 'ice.db')}`,
    };
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    const found = statOf(folder);
    if (!found) continue;
    if (found.isDirectory()) return undefined;
    return {
      message: `The database ${file} can't be made: ${folder} is a file, and no folder`,
      hint: 'Set ICE_DATABASE to a file in a folder.',
    };
  }
  return undefined;
}

const statOf = (path: string) => {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    // ENOTDIR: something above it is a file.
    return undefined;
  }
};

/**
 * On a full disk SQLite says `full` when the database can't grow, but `ioerr` when its shared-memory file can't, or
 * when a file system runs out only at the flush: the free space tells the two apart.
 */
function isFull(file: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(file));
    return Number(bavail) * Number(bsize) < LITTLE_SPACE_BYTES;
  } catch {
    // The folder can't be asked, so the disk did fail.
    return false;
  }
}
const LITTLE_SPACE_BYTES = 128 * 1024;

function explain(code: number, file: string, cause: unknown): IceError {
  const { code: name, message, hint } = EXPLANATIONS[code]!;
  return new IceError(name, message(file), { hint, cause });
}

import { IceError } from '../contracts/errors.ts';

/** What the file system said, as an error that says what to do; what is not a file error passes unchanged. */
export function explainFileError(error: unknown, path: string, doing: 'read' | 'write'): unknown {
  if (error instanceof IceError) return error;
  const code = (error as { code?: unknown } | null)?.code;
  switch (code) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return doing === 'write'
        ? new IceError('read_only', `${path} cannot be written.`, {
            hint: 'Make the folder writable, or choose another one: --cwd DIR',
            details: { path },
            cause: error,
          })
        : new IceError('machine', `${path} cannot be read: the permissions of this user do not allow it.`, {
            hint: 'Make it readable, or run as the user that it belongs to.',
            details: { path },
            cause: error,
          });
    case 'ENOSPC':
    case 'EDQUOT':
      return new IceError('disk_full', `The disk is full: ${path} could not be written.`, {
        hint: 'Free some space, then do it again.',
        details: { path },
        cause: error,
      });
    case 'ENOENT':
      return new IceError('not_found', `There is no ${path}.`, {
        hint: 'Check how the path is written.',
        details: { path },
        cause: error,
      });
    case 'EISDIR':
      return new IceError('usage', `${path} is a folder, and a file is needed.`, {
        hint: 'Name a file in it.',
        details: { path },
        cause: error,
      });
    case 'ENOTDIR':
    case 'EEXIST':
      return new IceError('conflict', `${path} can't be made: a file stands in its way.`, {
        hint: 'Move the file away, or choose another name.',
        details: { path },
        cause: error,
      });
    case 'ENAMETOOLONG':
      return new IceError('usage', `The path ${path.slice(0, 100)}… is too long for this system.`, {
        hint: 'Choose a shorter name.',
        cause: error,
      });
    case 'ELOOP':
      return new IceError('usage', `${path} is a link that leads back to itself.`, {
        hint: 'Mend the link.',
        details: { path },
        cause: error,
      });
    default:
      return error;
  }
}

import { IceError } from '../contracts/errors.ts';
import { kebab } from '../project/import/source-text.ts';

/** `--name` of an import: the beginning of tools' names. Errors: `usage`. */
export function assertImportName(name: string | undefined): void {
  if (name === undefined || (name !== '' && kebab(name) === name && name.length <= 40)) return;
  throw new IceError('usage', `--name ${name.slice(0, 60)} can't begin the name of a tool.`, {
    hint: `Lower-case letters, digits and dashes, at most 40: --name ${kebab(name).slice(0, 40) || 'my-api'}`,
  });
}

/** `--as-version` of an import. Errors: `usage`. */
export function assertVersion(version: string | undefined): void {
  if (version === undefined || /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/.test(version)) return;
  throw new IceError('usage', '--as-version is a version, as 1.2.0.');
}

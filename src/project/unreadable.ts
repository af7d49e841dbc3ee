import type { Diagnostic } from '../contracts/diagnostics.ts';
import { IceError } from '../contracts/errors.ts';
import { finding } from '../language/diagnostics/finding.ts';
import type { ComponentSource } from './component-sources.ts';
import { explainFileError } from './file-errors.ts';

/** A file that can't be read, as a finding of the project. */
export function unreadable(source: ComponentSource, error: unknown): Diagnostic {
  const explained = explainFileError(error, source.file, 'read');
  if (!(explained instanceof IceError)) throw explained;
  return finding('ICE1515', source.file, explained.message, { help: explained.hint });
}

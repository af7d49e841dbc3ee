import type { Diagnostic } from '../contracts/diagnostics.ts';
import type { IceError } from '../contracts/errors.ts';
import { formatDiagnostics } from '../language/diagnostics/format.ts';
import { errorsIn, validationFailed } from './built-project.ts';
import type { Output } from './output.ts';

/** Shows errors with their code frames on stderr; the error that the command then ends with. */
export function invalidProject(
  output: Output,
  diagnostics: readonly Diagnostic[],
  texts: ReadonlyMap<string, string>,
): IceError {
  const { color } = output.theme;
  const text = formatDiagnostics(errorsIn(diagnostics), texts, 'pretty', {
    color,
    width: output.screen.columns,
  });
  output.note(text.trimEnd(), '');
  const error = validationFailed(diagnostics);
  output.findingsShown.add(error);
  return error;
}

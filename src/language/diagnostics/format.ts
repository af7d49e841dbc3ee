import type { Diagnostic } from '../../contracts/diagnostics.ts';
import { github } from './github.ts';
import { ANSI_PALETTE, type Palette, PLAIN_PALETTE, pretty } from './pretty.ts';
import { sarif } from './sarif.ts';

export type DiagnosticFormat = 'pretty' | 'json' | 'sarif' | 'github';
export const DIAGNOSTIC_FORMATS: readonly DiagnosticFormat[] = ['pretty', 'json', 'sarif', 'github'];

export interface FormatOptions {
  /** true = the eight ANSI colours; a palette = these; default none. Only `pretty` is coloured. */
  color?: boolean | Palette;
  /** Columns of the terminal; 100. */
  width?: number;
  /** Version of ice, for SARIF. */
  version?: string;
}

/**
 * Findings as text. `sources` holds the text of each file for the code frames of `pretty`; a file that is missing is
 * reported without a frame. `json` is `{ ok, errors, warnings, diagnostics }`.
 */
export function formatDiagnostics(
  diagnostics: readonly Diagnostic[],
  sources: ReadonlyMap<string, string>,
  format: DiagnosticFormat,
  options: FormatOptions = {},
): string {
  switch (format) {
    case 'pretty': {
      const palette = options.color === true ? ANSI_PALETTE : options.color || PLAIN_PALETTE;
      return pretty(diagnostics, sources, { palette, width: options.width ?? 100 });
    }
    case 'json': {
      const errors = diagnostics.filter((each) => each.severity === 'error').length;
      const warnings = diagnostics.filter((each) => each.severity === 'warning').length;
      return `${JSON.stringify({ ok: errors === 0, errors, warnings, diagnostics }, undefined, 2)}\n`;
    }
    case 'sarif':
      return `${sarif(diagnostics, options.version ?? '0.0.0')}\n`;
    case 'github':
      return github(diagnostics);
  }
}

import type { Diagnostic } from '../contracts/diagnostics.ts';
import type { IceError } from '../contracts/errors.ts';
import type { Theme } from './render/theme.ts';

/** Where a result is drawn. */
export interface View {
  theme: Theme;
  columns: number;
  /** A person looks at it; else it goes to a pipe or a file, whole. */
  isTTY: boolean;
}

/** What a command hands back; the base prints it in the form that was asked for. */
export interface Outcome {
  /** The document of `--json`, without `ok`, `warnings` and `error`, which the base adds. */
  body: Record<string, unknown>;
  /** The result as text on stdout. */
  text?: (view: View) => string[];
  /** What to do next, on stderr; commands to paste. */
  next?: string[];
  /**
   * The command did its work, and the result is a failure (the run failed, the file is not valid). Told like any
   * error, and its code is the exit.
   */
  error?: IceError;
  /** The view has shown the failure already: only the exit code and the document carry it. */
  told?: boolean;
  /** What a step of CI shows of it; asked for only where one runs. */
  ci?: () => Promise<CiReport>;
  /** 0 without an error. Only for what is no error: 6 after a detach. */
  exit?: number;
}

/** What a CI service shows beside the log. Files are named from the project's folder. */
export interface CiReport {
  /** Markdown, a line each. */
  summary: string[];
  findings?: Diagnostic[];
  notes?: { file: string; line?: number | undefined; title: string; message: string }[];
  /** The result itself is annotations already (`--format github`). */
  annotated?: boolean;
}

/** The `--json` document: one object, always with `ok` and `warnings`. */
export function documentOf(outcome: Outcome, warnings: string[]): Record<string, unknown> {
  const { error } = outcome;
  if (!error) {
    const exit = outcome.exit ?? 0;
    return { ok: true, ...outcome.body, ...(exit === 0 ? {} : { exitCode: exit }), warnings };
  }
  return {
    ok: false,
    ...outcome.body,
    error: errorDocument(error),
    exitCode: outcome.exit ?? error.exitCode,
    warnings,
  };
}

/** `{ code, message, hint, docs, details }`: never argv, the environment or a stack. */
export function errorDocument(error: IceError): Record<string, unknown> {
  const { terminal: _, ...body } = error.toBody();
  return body;
}

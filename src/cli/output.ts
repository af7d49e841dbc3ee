import { openSync, writeSync } from 'node:fs';
import { IceError } from '../contracts/errors.ts';
import { documentOf, type Outcome } from './outcome.ts';
import { errorLines } from './render/error-lines.ts';
import { type Theme, themeFor } from './render/theme.ts';
import { type TextSink, Writer } from './streams.ts';
import { isCI, readScreen, type Screen } from './terminal.ts';

export type OutputMode = 'text' | 'json' | 'events';

export interface OutputOptions {
  stdout: TextSink;
  stderr: TextSink;
  env: NodeJS.ProcessEnv;
  mode: OutputMode;
  quiet: boolean;
  verbose: boolean;
  noColor: boolean;
}

/**
 * stdout carries the result, stderr all else. With `--json` stdout is exactly one document; with `--events` it is JSON
 * lines, the last of which has the type `result` and the same body.
 */
export class Output {
  readonly mode: OutputMode;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly warnings: string[] = [];
  /** Errors whose findings have been shown in their sources: they are not listed again. */
  readonly findingsShown = new WeakSet<IceError>();
  readonly #options: OutputOptions;
  readonly #out: Writer;
  readonly #err: Writer;
  readonly #outTheme: Theme;
  readonly theme: Theme;
  /** The project's folder, once a command knows it: places in files are told from it. */
  root: string | undefined;
  #finished = false;
  /** ICE_OUTPUT_FILE, open. */
  #file: number | undefined;

  constructor(options: OutputOptions) {
    this.#options = options;
    this.mode = options.mode;
    this.quiet = options.quiet;
    this.verbose = options.verbose;
    this.#out = new Writer(options.stdout);
    this.#err = new Writer(options.stderr);
    this.#outTheme = themeFor(this.resultScreen);
    this.theme = themeFor(this.screen);
  }

  /** stderr, as it is now: a terminal can change its size. */
  get screen(): Screen {
    return readScreen(this.#options.stderr, this.#options);
  }

  /** stdout, as it is now. */
  get resultScreen(): Screen {
    return readScreen(this.#options.stdout, this.#options);
  }

  /** Whether a picture may move on stderr. */
  get live(): boolean {
    const { env } = this.#options;
    return this.screen.isTTY && this.mode === 'text' && !this.quiet && !isCI(env) && env['TERM'] !== 'dumb';
  }

  /** Aborted when the reader of stdout has gone: endless output ends. */
  get readerGone(): AbortSignal {
    return this.#out.closed;
  }

  /** A line for the person, on stderr; silent with `--quiet`, and for machines. */
  note(...lines: string[]): void {
    if (this.quiet || this.mode !== 'text') return;
    void this.#err.write(lines.map((line) => `${line}\n`).join(''));
  }

  /** Like `note`, but only with `--verbose`. */
  detail(...lines: string[]): void {
    if (this.verbose) this.note(...lines.map((line) => this.theme.dim(line)));
  }

  /** Something that is not as it should be, though the command goes on; also in `warnings[]`. */
  warn(message: string): void {
    if (this.warnings.includes(message)) return;
    this.warnings.push(message);
    if (this.mode === 'text')
      void this.#err.write(`${this.theme.warn(this.theme.mark.warn)} ${this.theme.warn(message)}\n`);
  }

  /** Raw text on stderr: frames of a moving picture. */
  draw(text: string): void {
    void this.#err.write(text);
  }

  /** A piece of the result that can be shown before the end (a log line that is followed). */
  async emit(...lines: string[]): Promise<void> {
    if (this.mode === 'text') await this.#out.write(lines.map((line) => `${line}\n`).join(''));
  }

  /** The theme of what goes to stdout. */
  get resultTheme(): Theme {
    return this.#outTheme;
  }

  /**
   * Opens ICE_OUTPUT_FILE, which receives the JSON lines of `--events` whatever the form that was asked for; lines are
   * added at its end. Errors: `usage` when it cannot be written, before anything was done.
   */
  openFile(): void {
    const name = this.#options.env['ICE_OUTPUT_FILE'];
    if (!name || this.#file !== undefined) return;
    try {
      this.#file = openSync(name, 'a', 0o600);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      throw new IceError('usage', `ICE_OUTPUT_FILE names ${name}, which cannot be written (${code}).`, {
        hint: 'Name a file in a folder that is there, or unset it',
      });
    }
  }

  /** Whether events go anywhere: a command that shows nothing need not ask for them. */
  get wantsEvents(): boolean {
    return this.mode === 'events' || this.#file !== undefined;
  }

  /** One JSON line of `--events`, and of ICE_OUTPUT_FILE whatever the form asked for. */
  async event(event: object): Promise<void> {
    if (!this.wantsEvents) return;
    const line = `${JSON.stringify(event)}\n`;
    this.#toFile(line);
    if (this.mode === 'events') await this.#out.write(line);
  }

  /** What a full disk takes away from the file is told once; the command goes on. */
  #toFile(line: string): void {
    if (this.#file === undefined) return;
    try {
      writeSync(this.#file, line);
    } catch (error) {
      this.#file = undefined;
      const { code } = error as NodeJS.ErrnoException;
      this.warn(`ICE_OUTPUT_FILE is not complete: it cannot be written any more (${code}).`);
    }
  }

  /**
   * The document of a command that goes on (`serve`): printed at once, since it tells how to reach what runs. The
   * end of the command then prints nothing more, so that stdout stays one document.
   */
  async announce(outcome: Outcome): Promise<void> {
    await this.#result(outcome);
    this.#finished = true;
  }

  /** Prints the result, tells the error once, waits until all is written; returns the exit code. */
  async finish(outcome: Outcome, command = ''): Promise<number> {
    const exit = outcome.exit ?? outcome.error?.exitCode ?? 0;
    if (!this.#finished) await this.#result(outcome);
    if (outcome.error && !outcome.told && (this.mode === 'text' || this.#finished)) this.#tell(outcome.error);
    await this.#report(outcome, command);
    if (outcome.next && outcome.next.length > 0) {
      const { dim, accent, mark } = this.theme;
      this.note(...outcome.next.map((line) => `${dim(mark.next)} ${accent(line)}`));
    }
    await this.#out.drained();
    await this.#err.drained();
    return exit;
  }

  /** Annotations and the step's summary, in GitHub Actions. They go to stderr, so that stdout stays the result. */
  async #report({ ci, error }: Outcome, command: string): Promise<void> {
    const { env } = this.#options;
    if (env['GITHUB_ACTIONS'] !== 'true') return;
    const { reportToActions } = await import('./actions.ts');
    void this.#err.write(reportToActions({ env, command, root: this.root, report: await ci?.(), error }));
  }

  #tell(error: IceError): void {
    void this.#err.write(
      `${errorLines(error, this.theme, this.screen.columns, {
        verbose: this.verbose,
        findings: !this.findingsShown.has(error),
      })
        .map((line) => `${line}\n`)
        .join('')}`,
    );
  }

  async #result(outcome: Outcome): Promise<void> {
    const body = documentOf(outcome, this.warnings);
    if (this.mode === 'text') {
      const { columns, isTTY } = this.resultScreen;
      const lines = outcome.text?.({ theme: this.#outTheme, columns, isTTY }) ?? [];
      await this.#out.write(lines.map((line) => `${line}\n`).join(''));
    } else if (this.mode === 'json')
      await this.#out.write(`${JSON.stringify(body, null, this.resultScreen.isTTY ? 2 : undefined)}\n`);
    await this.event({ v: 1, ts: Date.now(), type: 'result', ...body });
  }
}

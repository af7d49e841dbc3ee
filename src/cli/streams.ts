/** A stream of text out of the process; stdout or stderr, or a test's own. */
export interface TextSink {
  write(text: string, done?: (error?: Error | null) => void): boolean;
  on(event: 'error', listener: (error: NodeJS.ErrnoException) => void): unknown;
  isTTY?: boolean;
  columns?: number;
  rows?: number;
}

const GONE = new Set(['EPIPE', 'ECONNRESET', 'ERR_STREAM_DESTROYED', 'EIO']);

/**
 * Writes in order and waits until the reader has taken all of it, so that the end of the process cuts nothing off.
 * A reader that has gone (`| head -1`) is no error: what follows is dropped and `closed` says so.
 */
export class Writer {
  readonly #sink: TextSink;
  readonly #gone = new AbortController();
  /** Of the writes that the reader has not taken yet. */
  readonly #waiting = new Set<() => void>();
  #last: Promise<void> = Promise.resolve();
  #failure: Error | undefined;

  constructor(sink: TextSink) {
    this.#sink = sink;
    sink.on('error', (error) => this.#ended(error));
  }

  /** Aborted when the reader has gone. */
  get closed(): AbortSignal {
    return this.#gone.signal;
  }

  /** Hands the text over; resolves when it is written, or when there is nobody to write for. */
  write(text: string): Promise<void> {
    if (text === '' || this.#gone.signal.aborted) return this.#last;
    const written = new Promise<void>((resolve) => {
      // Not a listener of the signal for each write: a signal looks through all that it has for every new one.
      this.#waiting.add(resolve);
      try {
        this.#sink.write(text, (error) => {
          if (error) this.#ended(error);
          this.#waiting.delete(resolve);
          resolve();
        });
      } catch (error) {
        // A file behind `>` is written at once, and fails at once.
        this.#ended(error as NodeJS.ErrnoException);
      }
    });
    this.#last = this.#last.then(() => written);
    return this.#last;
  }

  /** Resolves when all that was handed over is written; throws what kept it from being (a full disk). */
  async drained(): Promise<void> {
    await this.#last;
    if (this.#failure) throw this.#failure;
  }

  #ended(error: NodeJS.ErrnoException): void {
    if (!GONE.has(error.code ?? '')) this.#failure = error;
    this.#gone.abort();
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

/** What a person or the system asked of a command that follows a run. */
export type Wish = 'detach' | 'cancel' | 'force' | 'leave';

export interface SignalOptions {
  /**
   * `run`: Ctrl-C cancels the run, and again forces it. `watch`: Ctrl-C only stops looking. Without a person at stdin,
   * or for a machine (`--json`), any signal detaches, so that a CI job that is killed leaves the run as it is.
   */
  mode: 'run' | 'watch';
  person: boolean;
  onWish(wish: Wish, signal: NodeJS.Signals | 'key'): void;
}

export interface Signals {
  /** A key that means what a signal means: `d`, `x`, Ctrl-C in raw mode. */
  key(key: 'd' | 'x' | 'ctrl-c'): void;
  release(): void;
}

const WATCHED: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** What a signal means, given how often one came before; see "Signals" in the reference of the command line. */
export function meaningOf(
  signal: NodeJS.Signals | 'd' | 'x',
  count: number,
  { mode, person }: Pick<SignalOptions, 'mode' | 'person'>,
): Wish {
  if (signal === 'd') return count === 0 ? 'detach' : 'leave';
  if (signal === 'x') return count === 0 ? 'cancel' : 'force';
  if (signal === 'SIGINT' && person && mode === 'run') return count === 0 ? 'cancel' : 'force';
  return count === 0 ? 'detach' : 'leave';
}

/** Listens until `release`. The second wish is always the stronger one, so that nobody is held up. */
export function listenForSignals(options: SignalOptions): Signals {
  let count = 0;
  const hear = (signal: NodeJS.Signals | 'd' | 'x', from: NodeJS.Signals | 'key'): void => {
    const wish = meaningOf(signal, count, options);
    count++;
    options.onWish(wish, from);
  };
  const listeners = new Map(WATCHED.map((signal) => [signal, () => hear(signal, signal)]));
  for (const [signal, listener] of listeners) process.on(signal, listener);
  return {
    key: (key) => hear(key === 'ctrl-c' ? 'SIGINT' : key, 'key'),
    release: () => {
      for (const [signal, listener] of listeners) process.off(signal, listener);
    },
  };
}

import { readKeys } from './keys.ts';
import type { Output } from './output.ts';
import { LiveScreen } from './render/live-screen.ts';
import { truncate } from './render/text-width.ts';
import type { InputStream } from './stdin.ts';

/** What a key of `ice dev` does. */
export interface Hotkey {
  key: string;
  does: string;
  run(): unknown;
}

/** Lines that stay, above a footer that names the keys. */
export interface DevScreen {
  say(...lines: string[]): void;
  /** Takes away what was said. */
  clear(): void;
  /** The footer is gone, and the terminal as it was. */
  end(): void;
}

/** Off a terminal, and where nobody can type, there are lines alone. */
export function openDevScreen(
  output: Output,
  stdin: InputStream | undefined,
  hotkeys: readonly Hotkey[],
): DevScreen {
  const say = (...lines: string[]): void => output.note(...lines);
  if (!stdin?.isTTY || !output.live) return { say, clear: () => {}, end: () => {} };

  const { theme } = output;
  const picture = new LiveScreen({ write: (text) => output.draw(text), size: () => output.screen });
  let ended = false;
  const draw = (): void => {
    if (ended) return;
    const keys = hotkeys.map(({ key, does }) => `${key} ${theme.dim(does)}`).join('   ');
    picture.draw(['', truncate(keys, output.screen.columns - 1, theme.mark.ellipsis)]);
  };
  const keyboard = readKeys(stdin, (key) => {
    // Raw mode takes Ctrl-C away from the terminal; whoever waits for the signal still gets it.
    if (key === 'ctrl-c') process.kill(process.pid, 'SIGINT');
    else hotkeys.find((one) => one.key === key.toLowerCase())?.run();
  });
  const restore = (): void => {
    keyboard?.close();
    picture.restore();
  };
  process.once('exit', restore);
  process.stderr.on('resize', draw);
  return {
    say: (...lines) => {
      picture.clear();
      say(...lines);
      draw();
    },
    clear: () => {
      picture.clear();
      output.draw('\x1B[2J\x1B[3J\x1B[H');
      draw();
    },
    end: () => {
      if (ended) return;
      ended = true;
      process.stderr.off('resize', draw);
      process.off('exit', restore);
      picture.clear();
      restore();
    },
  };
}

import { Chalk } from 'chalk';
import type { Screen } from '../terminal.ts';

type Paint = (text: string) => string;

/** Colours by meaning, from the terminal's own sixteen, so that they fit light and dark; and marks by meaning. */
export interface Theme {
  /** Whether there are colours at all, for what has its own palette. */
  color: boolean;
  /** A heading, a name that matters. */
  strong: Paint;
  /** What may be passed over: units, ids, hints of structure. */
  dim: Paint;
  good: Paint;
  bad: Paint;
  warn: Paint;
  /** Where the eye goes now: what runs, a command to paste. */
  accent: Paint;
  mark: {
    ok: string;
    fail: string;
    skip: string;
    pending: string;
    /** What runs, in a picture that does not move. */
    run: string;
    waiting: string;
    retry: string;
    cancel: string;
    warn: string;
    next: string;
    dot: string;
    ellipsis: string;
    fold: string;
    bar: string;
    /** Frames of what runs, one a redraw. */
    spin: string[];
  };
  branch: { tee: string; last: string; pipe: string; space: string };
}

const UNICODE: Pick<Theme, 'mark' | 'branch'> = {
  mark: {
    ok: '✓',
    fail: '✗',
    skip: '◌',
    pending: '·',
    run: '●',
    waiting: '◔',
    retry: '↻',
    cancel: '⊘',
    warn: '▲',
    next: '→',
    dot: '·',
    ellipsis: '…',
    fold: '▸',
    bar: '━',
    spin: ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'],
  },
  branch: { tee: '├─ ', last: '└─ ', pipe: '│  ', space: '   ' },
};

const ASCII: Pick<Theme, 'mark' | 'branch'> = {
  mark: {
    ok: '+',
    fail: 'x',
    skip: '-',
    pending: '.',
    run: '*',
    waiting: 'w',
    retry: 'r',
    cancel: 'c',
    warn: '!',
    next: '->',
    dot: '-',
    ellipsis: '..',
    fold: '>',
    bar: '=',
    spin: ['|', '/', '-', '\\'],
  },
  branch: { tee: '|- ', last: '`- ', pipe: '|  ', space: '   ' },
};

/** The theme of a stream. */
export function themeFor(screen: Pick<Screen, 'color' | 'unicode'>): Theme {
  const chalk = new Chalk({ level: screen.color ? 1 : 0 });
  return {
    color: screen.color,
    strong: chalk.bold,
    dim: chalk.dim,
    good: chalk.green,
    bad: chalk.red,
    warn: chalk.yellow,
    accent: chalk.cyan,
    ...(screen.unicode ? UNICODE : ASCII),
  };
}

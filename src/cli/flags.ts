import { Args, Flags } from '@oclif/core';
import { IceError } from '../contracts/errors.ts';

/** `30s`, `5m`, `500ms`, or milliseconds. */
export const durationFlag = Flags.custom<number>({
  helpValue: 'TIME',
  parse: async (text, _context, options) => {
    const { durationMs } = await import('../contracts/durations.ts');
    const ms = durationMs(/^\d+$/.test(text) ? Number(text) : text);
    if (ms === undefined)
      throw new IceError('usage', `--${options.name} is a length of time.`, {
        hint: 'For instance 500ms, 30s, 5m, 2h, 1d.',
      });
    return ms;
  },
});

/** US dollars, more than 0. */
export const moneyFlag = Flags.custom<number>({
  helpValue: 'USD',
  parse: async (text, _context, options) => {
    const amount = Number(text.replace(/^\$/, ''));
    if (!(amount > 0 && Number.isFinite(amount)))
      throw new IceError('usage', `--${options.name} is an amount in US dollars, more than 0.`, {
        hint: `For instance --${options.name} 0.50`,
      });
    return amount;
  },
});

/** A whole number in [min, max]. */
export const countFlag = (min: number, max: number) =>
  Flags.custom<number>({
    helpValue: 'N',
    parse: async (text, _context, options) => {
      const count = Number(text);
      if (!/^\d+$/.test(text) || count < min || count > max)
        throw new IceError('usage', `--${options.name} is a whole number from ${min} to ${max}.`);
      return count;
    },
  });

/** `--events`, for the commands whose work is worth following. */
export const eventsFlag = {
  events: Flags.boolean({
    description: 'JSON lines on stdout, one an event; the last has the type `result`',
  }),
};

/** `--locked`, for the commands in which references to what is not in the project mean something. */
export const lockedFlag = {
  locked: Flags.boolean({
    description: 'References mean what ice.lock.yaml says; what moved is exit 8',
  }),
};

/**
 * Flags of every command; they may stand anywhere on the line. `--json`, `--quiet`, `--verbose` and `--no-color` are
 * read before parsing (argv.ts), so that errors of parsing take their form as well.
 */
export const GLOBAL_FLAGS = {
  json: Flags.boolean({
    description: 'One JSON document on stdout, and no questions',
    helpGroup: 'GLOBAL',
  }),
  'no-input': Flags.boolean({
    description: 'Never ask; what is missing ends with exit 9',
    helpGroup: 'GLOBAL',
  }),
  yes: Flags.boolean({ char: 'y', description: 'Say yes to what would be asked', helpGroup: 'GLOBAL' }),
  quiet: Flags.boolean({ char: 'q', description: 'Only the result and errors', helpGroup: 'GLOBAL' }),
  verbose: Flags.boolean({ char: 'v', description: 'Say more on stderr', helpGroup: 'GLOBAL' }),
  'no-color': Flags.boolean({ description: 'No colours (also NO_COLOR)', helpGroup: 'GLOBAL' }),
  target: Flags.string({
    description: 'Where to: local, or a target of `ice target list`',
    helpValue: 'NAME',
    helpGroup: 'GLOBAL',
  }),
  project: Flags.string({ description: 'Project on the target', helpValue: 'NAME', helpGroup: 'GLOBAL' }),
  cwd: Flags.string({ description: 'Work as if started there', helpValue: 'DIR', helpGroup: 'GLOBAL' }),
  timeout: durationFlag({
    description: 'Stop waiting after this long, with exit 6; the run goes on',
    helpGroup: 'GLOBAL',
  }),
};

/** An argument; the library's own would read stdin when it is absent, which steals the input and waits. */
export const requiredArg = (description: string) =>
  Args.string({ description, required: true, ignoreStdin: true });
export const optionalArg = (description: string) => Args.string({ description, ignoreStdin: true });

import { type ErrorCode, IceError } from '../contracts/errors.ts';
import { suggest } from '../language/expressions/suggest.ts';

/** What the parser of the command line throws, by its fields: the classes have other names once bundled. */
interface ParseError extends Error {
  flags?: string[];
  args?: (string | { name: string; description?: string })[];
  oclif?: object;
}

export interface CommandShape {
  /** `runs list`, as it is typed. */
  id: string;
  flags: string[];
  args: number;
}

const SYSTEM: Record<string, { code: ErrorCode; say: (path: string) => string; hint?: string }> = {
  ENOSPC: {
    code: 'disk_full',
    say: (path) => `The disk is full${path}.`,
    hint: 'Free some space, then run the same command again.',
  },
  EDQUOT: { code: 'disk_full', say: (path) => `The disk quota is used up${path}.` },
  EROFS: { code: 'read_only', say: (path) => `The file system is read-only${path}.` },
  EACCES: { code: 'read_only', say: (path) => `Permission denied${path}.` },
  EPERM: { code: 'read_only', say: (path) => `Not permitted${path}.` },
  EADDRINUSE: {
    code: 'port_in_use',
    say: () => 'The port is in use.',
    hint: 'Take another with --port N, or any free one with --port 0.',
  },
  EMFILE: { code: 'machine', say: () => 'Too many files are open.', hint: 'Raise the limit: ulimit -n 4096' },
  ENOMEM: { code: 'machine', say: () => 'There is not enough memory.' },
};

/**
 * Any thrown thing as an IceError. What the parser throws is a usage error that repeats no value of the command line,
 * since a value can be a secret; what the system throws names the cause; the rest is a bug.
 */
export function toIceError(error: unknown, command?: CommandShape): IceError {
  if (error instanceof IceError) return parsedValue(error);
  if (isParseError(error)) return usageError(error, command);
  const { code, path } = (error ?? {}) as NodeJS.ErrnoException;
  const known = code === undefined ? undefined : SYSTEM[code];
  if (known) {
    return new IceError(known.code, known.say(path ? `: ${path}` : ''), { hint: known.hint, cause: error });
  }
  return IceError.from(error);
}

const isParseError = (error: unknown): error is ParseError =>
  error instanceof Error && ('oclif' in error || /^Parsing --/.test(error.message));

/** The parser writes its own words around the message of an error that a flag's parse threw. */
function parsedValue(error: IceError): IceError {
  const match = /^Parsing --[\w-]+ \n\t([\s\S]*)\nSee more help with --help$/.exec(error.message);
  return match ? new IceError(error.code, match[1]!, { hint: error.hint, details: error.details }) : error;
}

function usageError(error: ParseError, command: CommandShape | undefined): IceError {
  const help = command ? `ice ${command.id} --help` : 'ice --help';
  const usage = (message: string, hint = help) => new IceError('usage', message, { hint });

  if (error.flags && error.flags.length > 0) {
    const names = error.flags
      .map((flag) => (flag.startsWith('--') ? flag.replace(/=.*$/s, '') : flag.slice(0, 2)))
      .filter((flag) => /^--?[\w-]{1,40}$/.test(flag));
    const near = names.length === 1 ? suggest(names[0]!.replace(/^-+/, ''), command?.flags ?? []) : undefined;
    const what = names.length === 0 ? 'There is an unknown flag.' : `There is no flag ${names.join(', ')}.`;
    return usage(what, near ? `Did you mean --${near}? All flags: ${help}` : help);
  }
  const [first] = error.args ?? [];
  if (typeof first === 'object') {
    const missing = (error.args as { name: string; description?: string }[]).map((arg) =>
      arg.description ? `${arg.name.toUpperCase()} (${lowerFirst(arg.description)})` : arg.name.toUpperCase(),
    );
    return usage(`Missing: ${missing.join('; ')}.`);
  }
  if (typeof first === 'string') {
    const most = command?.args ?? 0;
    return usage(`Too many arguments: this command takes ${most === 0 ? 'none' : `at most ${most}`}.`);
  }

  const message = error.message.split('\nSee more help')[0]!;
  const options = /(?:Expected (--[\w-]+)?.* to be|(--[\w-]+) expects) one of(?: these values)?: (.*)$/s.exec(
    message,
  );
  if (options) return usage(`${options[1] ?? options[2] ?? 'The argument'} is one of: ${options[3]}.`);
  const value = /^Flag (--[\w-]+) expects a value/.exec(message);
  if (value) return usage(`${value[1]} needs a value.`);
  const once = /^Flag (--[\w-]+) can only be specified once/.exec(message);
  if (once) return usage(`${once[1]} may stand only once.`);
  const required = /Missing required flag ([\w-]+)/.exec(message);
  if (required) return usage(`--${required[1]} is needed.`);
  const names = [...new Set(message.match(/--[a-z][\w-]*/g) ?? [])];
  if (/cannot also be provided/.test(message)) return usage(`${names.join(' and ')} do not go together.`);
  if (/must be provided/.test(message)) return usage(`These go together: ${names.join(', ')}.`);
  return usage('The command line could not be read.');
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

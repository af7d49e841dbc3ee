export interface Routed {
  /** The command, `runs:list`; undefined when the words are none. */
  id: string | undefined;
  /** The words that were read as a command or as the start of one. */
  words: string[];
  /** What is left for the command: flags and arguments, in their order. */
  rest: string[];
  help: boolean;
}

/**
 * Finds the command in the command line. Flags may stand anywhere, also before the command, so it has to know which
 * flags take a value: `ice --target there runs list`. `--` ends both flags and command words.
 */
export function routeArgv(
  argv: readonly string[],
  ids: ReadonlySet<string>,
  valueFlags: ReadonlySet<string>,
): Routed {
  const prefixes = new Set<string>();
  for (const id of ids) {
    const parts = id.split(':');
    for (let i = 1; i <= parts.length; i++) prefixes.add(parts.slice(0, i).join(':'));
  }
  const words: string[] = [];
  const rest: string[] = [];
  let help = false;
  let found: string | undefined;
  let open = true;
  for (let i = 0; i < argv.length; i++) {
    const token = argv[i]!;
    if (token === '--') {
      rest.push(...argv.slice(i));
      break;
    }
    if (token.startsWith('-') && token !== '-') {
      if (token === '--help' || token === '-h') {
        help = true;
        continue;
      }
      rest.push(token);
      if (valueFlags.has(token) && i + 1 < argv.length) rest.push(argv[++i]!);
      continue;
    }
    if (open && words.length === 0 && token === 'help') {
      help = true;
      continue;
    }
    const next = [...words, token].join(':');
    if (open && prefixes.has(next)) {
      words.push(token);
      if (ids.has(next)) found = next;
      continue;
    }
    open = false;
    if (found === undefined) words.push(token);
    else rest.push(token);
  }
  return { id: found === words.join(':') ? found : undefined, words, rest, help };
}

/** What has to be known before anything is parsed: in which form an error is told. */
export function earlyFlags(argv: readonly string[]): {
  json: boolean;
  events: boolean;
  quiet: boolean;
  verbose: boolean;
  noColor: boolean;
} {
  const end = argv.indexOf('--');
  const flags = new Set(end < 0 ? argv : argv.slice(0, end));
  return {
    json: flags.has('--json'),
    events: flags.has('--events'),
    quiet: flags.has('--quiet') || flags.has('-q'),
    verbose: flags.has('--verbose') || flags.has('-v'),
    noColor: flags.has('--no-color'),
  };
}

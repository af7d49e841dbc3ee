import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { EXIT, IceError } from '../contracts/errors.ts';
import { suggest } from '../language/expressions/suggest.ts';
import { earlyFlags, type Routed, routeArgv } from './argv.ts';
import type { IceCommand, World } from './base-command.ts';
import { writeBugReport } from './bug-report.ts';
import { Catalogue, type CommandCard } from './catalogue.ts';
import type { Outcome } from './outcome.ts';
import { Output } from './output.ts';
import { commandHelp, rootHelp, topicHelp } from './render/help.ts';
import { type CommandShape, toIceError } from './thrown.ts';

export interface MainOptions {
  /** Folder of the package. */
  root: URL;
  /** Where the commands are: built, or as written. */
  commands: 'dist' | 'src';
  argv?: string[];
}

/** Commands that parse so much that it pays to have zod write a program for each schema. */
const PARSES_MUCH = new Set(['serve', 'dev', 'mcp', 'test']);

/** How long open handles may keep the process after its work is done. */
const LINGER_MS = 1000;

/**
 * The command line from argv to the exit code: finds the command in the manifest, loads its file only, runs it, prints
 * its outcome, and tells any error once. Never throws; the process ends by itself when its work does.
 */
export async function main({ root, commands, argv = process.argv.slice(2) }: MainOptions): Promise<void> {
  quietWarnings();
  // A command that waits for something that never comes would end the process with 0; it has to say that it is a bug.
  process.exitCode = EXIT.bug;
  const early = earlyFlags(argv);
  const output = new Output({
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    mode: early.json ? 'json' : early.events ? 'events' : 'text',
    ...early,
  });
  let shape: CommandShape | undefined;
  let outcome: Outcome;
  // What is thrown where nobody waits for it: told like any bug, instead of as a stack.
  const stray = (thrown: unknown): void => {
    void output.finish({ body: {}, error: tell(thrown, shape) }).finally(() => process.exit(EXIT.bug));
  };
  process.on('uncaughtException', stray);
  process.on('unhandledRejection', stray);
  try {
    const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
      version: string;
    };
    const catalogue = await Catalogue.open(fileURLToPath(root), commands, version);
    const routed = routeArgv(argv, catalogue.ids, catalogue.valueFlags);
    const card = routed.id === undefined ? undefined : catalogue.card(routed.id);
    if (card) shape = shapeOf(card);
    if (early.json && argv.includes('--version')) {
      outcome = {
        body: { version, node: process.versions.node, platform: `${process.platform}-${process.arch}` },
      };
    } else if (routed.help || !card) {
      outcome = helpOutcome(catalogue, routed, card, output.mode === 'text');
    } else {
      const world: World = {
        output,
        stdin: () => process.stdin,
        env: process.env,
        cwd: currentFolder(),
        root,
        commands,
        version,
      };
      output.openFile();
      outcome = await run(catalogue, card.id, routed.rest, world);
    }
  } catch (error) {
    outcome = { body: {}, error: tell(error, shape) };
  }
  try {
    process.exitCode = await output.finish(outcome, shape?.id);
  } catch (error) {
    // The result could not be written (a full disk behind `>`): the exit code is all that is left to say it with.
    process.exitCode = toIceError(error).exitCode;
  }
  setTimeout(() => process.exit(), LINGER_MS).unref();
}

async function run(catalogue: Catalogue, id: string, argv: string[], world: World): Promise<Outcome> {
  // Read by zod when it is loaded: to compile such a program takes longer than what other commands parse.
  if (!PARSES_MUCH.has(id)) Object.assign(globalThis, { __zod_globalConfig: { jitless: true } });
  const before = process.stdout.listeners('error');
  const Command = await catalogue.load(id);
  // The library throws what stdout says, as that the disk is full, out of every try; Output hears it, and tells it.
  for (const listener of process.stdout.listeners('error')) {
    if (!before.includes(listener)) process.stdout.off('error', listener as () => void);
  }
  // The library's configuration is left out: it reads plugins, themes and the shell, and throws where a user has no
  // name. The manifest says all that is needed.
  const command = new Command(argv, { bin: 'ice' } as never) as IceCommand;
  return command.start(world);
}

function tell(thrown: unknown, shape: CommandShape | undefined): IceError {
  const error = toIceError(thrown, shape);
  if (error.code !== 'internal') return error;
  const report = writeBugReport(thrown, shape?.id);
  return new IceError('internal', `This is a bug in ice: ${error.message}`, {
    hint: report
      ? `A report without your inputs is in ${report}; please send it with what you did.`
      : 'A report could not be written.',
    details: report ? { report } : {},
  });
}

function helpOutcome(
  catalogue: Catalogue,
  routed: Routed,
  card: CommandCard | undefined,
  text: boolean,
): Outcome {
  const topic = routed.words.join(':');
  if (card) return { body: { command: card }, text: (view) => commandHelp(card, view) };
  if (topic === '' && (text || routed.help))
    return { body: { commands: catalogue.cards }, text: (view) => rootHelp(catalogue, view) };
  const members = topic === '' ? [] : catalogue.cards.filter((one) => one.id.startsWith(`${topic}:`));
  if (members.length > 0 && (text || routed.help))
    return { body: { commands: members }, text: (view) => topicHelp(topic, members, view) };
  throw unknownCommand(catalogue, routed, members);
}

function unknownCommand(catalogue: Catalogue, routed: Routed, members: CommandCard[]): IceError {
  if (routed.words.length === 0) return new IceError('usage', 'No command is given.', { hint: 'ice --help' });
  const typed = routed.words.join(' ');
  if (members.length > 0)
    return new IceError('usage', `ice ${typed} needs a verb.`, {
      hint: members.map((one) => `ice ${spaced(one.id)}`).join(', '),
    });
  const names = [...catalogue.ids].map(spaced);
  const [noun = '', word = ''] = routed.words;
  const verbs = names.filter((name) => name.startsWith(`${noun} `));
  if (verbs.length > 0 && /^run_/.test(word))
    return new IceError('usage', `ice ${noun} needs a verb.`, { hint: `ice ${noun} show ${word}` });
  // A word may be an argument with a secret in it: only what looks like a command is repeated.
  const plain = routed.words.slice(0, verbs.length > 0 ? 2 : 1).join(' ');
  const shown = /^[a-z][a-z :-]{0,40}$/i.test(plain)
    ? `ice ${plain}`
    : verbs.length > 0
      ? `ice ${noun} …`
      : 'this';
  // Of a noun that there is, only its verbs are near: what is meant is said by the noun.
  const verb = suggest(
    word,
    verbs.map((one) => one.slice(noun.length + 1)),
  );
  const near =
    verbs.length > 0 ? verb && `${noun} ${verb}` : (suggest(typed, names) ?? suggest(noun, nouns(names)));
  return new IceError('usage', `There is no command ${shown}.`, {
    hint: near
      ? `Did you mean: ice ${near}`
      : `${verbs.length > 0 ? `ice ${noun}` : 'ice'} --help lists the commands`,
  });
}

const nouns = (names: string[]): string[] => names.map((name) => name.split(' ')[0]!);

const spaced = (id: string): string => id.replaceAll(':', ' ');

const shapeOf = (card: CommandCard): CommandShape => ({
  id: spaced(card.id),
  flags: Object.keys(card.flags),
  args: Object.keys(card.args).length,
});

/** Warnings of Node are for whoever writes ice: on Node 22 a line about node:sqlite would stand over every result. */
function quietWarnings(): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (process.env['ICE_LOG_LEVEL'] === 'debug')
      process.stderr.write(`${warning.name}: ${warning.message}\n`);
  });
}

/** Where the command was started. Errors: `machine` when another program removed it since. */
function currentFolder(): string {
  try {
    return process.cwd();
  } catch {
    throw new IceError('machine', 'The folder that this was started in is gone.', {
      hint: 'Change to a folder that is there, and run it again',
    });
  }
}

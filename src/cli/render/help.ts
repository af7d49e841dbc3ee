import type { Catalogue, CommandCard, FlagCard } from '../catalogue.ts';
import type { View } from '../outcome.ts';
import { pad, textWidth, wrap } from './text-width.ts';
import type { Theme } from './theme.ts';

/** Groups of `ice --help`, in the order of use; a command that is in none goes to the last. */
const GROUPS: [title: string, ids: string[]][] = [
  ['Make', ['init', 'new', 'import', 'validate', 'graph', 'test']],
  ['Share', ['push', 'pull', 'components']],
  ['Run', ['run', 'runs', 'dev', 'serve', 'mcp']],
  ['Targets', ['target', 'whoami', 'token', 'secret']],
  ['More', []],
];
const MOST_COLUMNS = 100;
/** For the names of commands in `ice --help`. */
const NAME_COLUMNS = 26;

interface Entry {
  name: string;
  summary: string;
}

/** `ice` and `ice --help`. */
export function rootHelp(catalogue: Catalogue, { theme, columns }: View): string[] {
  const entries = new Map<string, Entry>();
  for (const card of catalogue.cards) {
    if (card.hidden) continue;
    const [noun = '', verb] = card.id.split(':');
    const known = entries.get(noun);
    if (verb === undefined) entries.set(noun, { name: noun, summary: card.summary ?? '' });
    else if (known) known.name += `|${verb}`;
    else entries.set(noun, { name: `${noun} ${verb}`, summary: TOPICS[noun] ?? card.summary ?? '' });
  }
  const grouped = new Set(GROUPS.flatMap(([, ids]) => ids));
  const rest = [...entries.keys()].filter((noun) => !grouped.has(noun));
  const lines = [
    `${theme.strong('ice')} ${theme.dim(catalogue.version)}  Run tools that you did not write.`,
    '',
    `  ${theme.dim('ice COMMAND [ARGUMENTS] [FLAGS]')}`,
  ];
  for (const [title, ids] of GROUPS) {
    const members = (title === 'More' ? rest : ids).flatMap((id) => entries.get(id) ?? []);
    if (members.length === 0) continue;
    lines.push('', theme.strong(title));
    lines.push(
      ...definitions(
        members.map(({ name, summary }) => [shortVerbs(name), summary]),
        theme,
        columns,
        NAME_COLUMNS,
      ),
    );
  }
  lines.push(
    '',
    theme.strong('Start here'),
    ...definitions(
      [
        ['npx iceos init my-tool', 'a project with a tool and its test'],
        ['ice run price -i cost=10', 'run a tool or a workflow, and watch it'],
        ['ice COMMAND --help', 'flags and examples of a command'],
      ],
      theme,
      columns,
      NAME_COLUMNS,
      theme.accent,
    ),
  );
  return lines;
}

/** What the commands under a word are for. */
export const TOPICS: Record<string, string> = {
  components: 'What a target has, and its versions',
  db: 'The database of the local target',
  import: 'Tools and workflows from OpenAPI, MCP servers and older blueprints',
  new: 'Add a tool, an agent or a workflow to the project',
  runs: 'Follow, stop and resume runs',
  secret: 'Keys and passwords of tools and models',
  target: 'Where commands go',
  token: 'Who may use a target',
};

/** `runs list|show|watch|…` would fill the line: as many verbs as fit, `list` first, since it shows what there is. */
function shortVerbs(name: string): string {
  const [noun, verbs] = name.split(' ');
  if (!verbs) return name;
  const all = verbs.split('|').sort((a, b) => Number(b === 'list') - Number(a === 'list'));
  for (let count = all.length; count > 1; count--) {
    const short = `${noun} ${all.slice(0, count).join('|')}${count < all.length ? '|…' : ''}`;
    if (short.length <= NAME_COLUMNS - 2) return short;
  }
  return `${noun} ${all[0]}|…`;
}

/** `ice runs --help`. */
export function topicHelp(topic: string, members: CommandCard[], { theme, columns }: View): string[] {
  const summary = TOPICS[topic];
  return [
    `${theme.strong(`ice ${topic.replaceAll(':', ' ')}`)}${summary ? `  ${summary}` : ''}`,
    '',
    ...definitions(
      members
        .filter((card) => !card.hidden)
        .map((card) => [`ice ${card.id.replaceAll(':', ' ')}${usageArgs(card)}`, card.summary ?? '']),
      theme,
      columns,
      0,
      theme.accent,
    ),
  ];
}

/** `ice run --help`. */
export function commandHelp(card: CommandCard, { theme, columns }: View): string[] {
  const width = Math.min(columns, MOST_COLUMNS);
  const name = `ice ${card.id.replaceAll(':', ' ')}`;
  const flags = Object.values(card.flags).filter((flag) => !flag.hidden);
  const own = flags.filter((flag) => flag.helpGroup !== 'GLOBAL');
  const global = flags.filter((flag) => flag.helpGroup === 'GLOBAL');
  const lines = [
    `${theme.strong(name)}  ${card.summary ?? ''}`,
    '',
    `  ${theme.accent(`${name}${usageArgs(card)}`)}${theme.dim(' [FLAGS]')}`,
  ];
  if (card.description)
    lines.push('', ...wrap(card.description, width - 2).map((line) => (line ? `  ${line}` : '')));
  const args = Object.values(card.args);
  if (args.length > 0) {
    lines.push('', theme.strong('Arguments'));
    lines.push(
      ...definitions(
        args.map((arg) => [arg.name.toUpperCase(), arg.description ?? '']),
        theme,
        width,
        0,
      ),
    );
  }
  if (card.examples.length > 0) {
    lines.push('', theme.strong('Examples'));
    for (const example of card.examples) {
      const [command = '', note] = example.split(/\s+# /);
      const text = `  ${theme.dim('$')} ${theme.accent(command)}`;
      lines.push(note ? `${pad(text, 46)}  ${theme.dim(note)}` : text);
    }
  }
  const column = Math.min(30, Math.max(...flags.map((flag) => flagTerm(flag).length)) + 2);
  if (own.length > 0)
    lines.push('', theme.strong('Flags'), ...definitions(own.map(flagEntry), theme, width, column));
  lines.push(
    '',
    theme.strong('Flags of every command'),
    ...definitions(global.map(flagEntry), theme, width, column),
  );
  return lines;
}

const usageArgs = (card: CommandCard): string =>
  Object.values(card.args)
    .map(
      (arg) =>
        ` ${arg.required ? arg.name.toUpperCase() : `[${arg.name.toUpperCase()}]`}${arg.multiple ? '…' : ''}`,
    )
    .join('');

const flagTerm = (flag: FlagCard): string =>
  `${flag.char ? `-${flag.char}, ` : '    '}--${flag.name}${flag.type === 'option' ? ` ${flag.helpValue ?? (flag.options ? flag.options.join('|') : 'VALUE')}` : ''}`;

const flagEntry = (flag: FlagCard): [string, string] => {
  const fallback =
    flag.default === undefined || flag.default === false ? '' : ` (default: ${String(flag.default)})`;
  return [flagTerm(flag), `${flag.description ?? ''}${fallback}`];
};

/** Terms and what they mean, in two columns; a long term has a line of its own. */
function definitions(
  entries: [string, string][],
  theme: Theme,
  columns: number,
  column: number,
  paint: (text: string) => string = (text) => text,
): string[] {
  const width = Math.min(columns, MOST_COLUMNS);
  const at = column > 0 ? column : Math.min(40, Math.max(...entries.map(([term]) => textWidth(term))) + 2);
  const room = Math.max(20, width - at - 2);
  return entries.flatMap(([term, meaning]) => {
    const [first = '', ...more] = wrap(meaning, room);
    const indent = ' '.repeat(at + 2);
    if (textWidth(term) > at - 2)
      return [`  ${paint(term)}`, ...[first, ...more].map((line) => indent + theme.dim(line))];
    return [`  ${pad(paint(term), at)}${theme.dim(first)}`, ...more.map((line) => indent + theme.dim(line))];
  });
}

import type { CommandCard, FlagCard } from './catalogue.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** A script that completes commands, flags and fixed values, with everything in it. */
export function completionScript(shell: Shell, cards: CommandCard[]): string {
  const shown = cards.filter((card) => !card.hidden);
  if (shell === 'fish') return fish(shown);
  return shell === 'zsh' ? zsh(shown) : bash(shown);
}

const spaced = (card: CommandCard): string => card.id.replaceAll(':', ' ');
const flagsOf = (card: CommandCard): FlagCard[] => Object.values(card.flags).filter((flag) => !flag.hidden);

/** What may follow each beginning of a command: '' -> runs, run, …; runs -> list, show, … */
function nextWords(cards: CommandCard[]): Map<string, Map<string, string>> {
  const next = new Map<string, Map<string, string>>();
  for (const card of cards) {
    const words = spaced(card).split(' ');
    words.forEach((word, i) => {
      const before = words.slice(0, i).join(' ');
      const known = next.get(before) ?? new Map<string, string>();
      if (!known.has(word) || i === words.length - 1)
        known.set(word, i === words.length - 1 ? (card.summary ?? '') : '');
      next.set(before, known);
    });
  }
  return next;
}

function bash(cards: CommandCard[]): string {
  const words = [...nextWords(cards)].map(
    ([before, next]) => `    "${before}") words="${[...next.keys()].join(' ')}" ;;`,
  );
  const flags = cards.map(
    (card) =>
      `    "${spaced(card)}") flags="${flagsOf(card)
        .map((flag) => `--${flag.name}`)
        .join(' ')}" ;;`,
  );
  const values = fixedValues(cards).map(
    ([flag, options]) => `    --${flag}) COMPREPLY=($(compgen -W "${options}" -- "$cur")); return ;;`,
  );
  return `# bash completion for ice
_ice() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" path="" words="" flags="" word i
  case "$prev" in
${values.join('\n')}
    --cwd|--out) COMPREPLY=($(compgen -d -- "$cur")); return ;;
  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    [[ "$word" == -* ]] && continue
    case " ${[...new Set(cards.flatMap((card) => spaced(card).split(' ')))].join(' ')} " in
      *" $word "*) path="\${path:+$path }$word" ;;
    esac
  done
  case "$path" in
${words.join('\n')}
  esac
  case "$path" in
${flags.join('\n')}
  esac
  if [[ "$cur" == -* ]]; then COMPREPLY=($(compgen -W "$flags" -- "$cur"))
  elif [[ -n "$words" ]]; then COMPREPLY=($(compgen -W "$words" -- "$cur"))
  else COMPREPLY=($(compgen -f -- "$cur")); fi
}
complete -o filenames -F _ice ice
`;
}

function zsh(cards: CommandCard[]): string {
  const quote = (text: string) => text.replace(/'/g, "'\\''").replace(/[[\]:]/g, '\\$&');
  const next = [...nextWords(cards)].map(
    ([before, words]) =>
      `    '${before}') verbs=(${[...words].map(([word, summary]) => `'${word}:${quote(summary)}'`).join(' ')}) ;;`,
  );
  const flags = cards.map(
    (card) =>
      `    '${spaced(card)}') flags=(${flagsOf(card)
        .map((flag) => `'--${flag.name}:${quote(flag.description ?? '')}'`)
        .join(' ')}) ;;`,
  );
  const names = [...new Set(cards.flatMap((card) => spaced(card).split(' ')))].join('|');
  return `#compdef ice
_ice() {
  local -a verbs flags
  local at='' word
  local -i i
  for ((i = 2; i < CURRENT; i++)); do
    word="\${words[i]}"
    case "$word" in
      (${names}) at="\${at:+$at }$word" ;;
    esac
  done
  case "$at" in
${next.join('\n')}
  esac
  case "$at" in
${flags.join('\n')}
  esac
  if [[ "$PREFIX" == -* ]]; then _describe -o 'flag' flags
  elif (( \${#verbs} )); then _describe 'command' verbs
  else _files; fi
}
if [[ "$funcstack[1]" == _ice ]]; then _ice "$@"; else compdef _ice ice; fi
`;
}

function fish(cards: CommandCard[]): string {
  const quote = (text: string) => `'${text.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`;
  const lines = ['# fish completion for ice', 'complete -c ice -f'];
  for (const [before, words] of nextWords(cards)) {
    const when =
      before === ''
        ? '__fish_use_subcommand'
        : `__fish_seen_subcommand_from ${before}; and not __fish_seen_subcommand_from ${[...words.keys()].join(' ')}`;
    for (const [word, summary] of words)
      lines.push(`complete -c ice -n ${quote(when)} -a ${word} -d ${quote(summary)}`);
  }
  for (const card of cards) {
    const when = spaced(card)
      .split(' ')
      .map((word) => `__fish_seen_subcommand_from ${word}`)
      .join('; and ');
    for (const flag of flagsOf(card)) {
      const value =
        flag.type === 'option' ? ` -r${flag.options ? ` -a ${quote(flag.options.join(' '))}` : ' -F'}` : '';
      const char = flag.char ? ` -s ${flag.char}` : '';
      lines.push(
        `complete -c ice -n ${quote(when)}${char} -l ${flag.name}${value} -d ${quote(flag.description ?? '')}`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

/** Flags whose values are a fixed list, the same in every command that has them. */
function fixedValues(cards: CommandCard[]): [flag: string, options: string][] {
  const found = new Map<string, Set<string>>();
  for (const flag of cards.flatMap(flagsOf)) {
    if (!flag.options) continue;
    found.set(flag.name, new Set([...(found.get(flag.name) ?? []), ...flag.options]));
  }
  return [...found].map(([flag, options]) => [flag, [...options].join(' ')]);
}

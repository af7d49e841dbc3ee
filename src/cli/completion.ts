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

/** What may stand where a command takes an argument. */
type Offer = 'components' | 'runs' | 'shells' | 'files' | 'nothing';

const OFFERS: Record<string, Offer> = {
  ref: 'components',
  from: 'components',
  names: 'components',
  id: 'runs',
  shell: 'shells',
  file: 'files',
  files: 'files',
  source: 'files',
  dir: 'files',
  server: 'files',
};

/** The names of arguments are the same for the same thing in every command; what is new to everybody is not offered. */
function offerOf(card: CommandCard): Offer {
  const [first] = Object.keys(card.args);
  const offer = first === undefined ? 'nothing' : (OFFERS[first] ?? 'nothing');
  // Tokens have ids as well, which only the target knows.
  return offer === 'runs' && !card.id.startsWith('runs') ? 'nothing' : offer;
}

const offering = (cards: CommandCard[], offer: Offer): string[] =>
  cards.filter((card) => offerOf(card) === offer).map(spaced);

const takesFile = (flag: FlagCard): boolean => /^(FILE|DIR)$/.test(flag.helpValue ?? '');

/** Components are found by their place, as `ice` does where ice.yaml does not say otherwise. */
const PLACES = [
  'tools/*.ts',
  'tools/*.js',
  'workflows/*.yaml',
  'workflows/*.yml',
  'workflows/*.ts',
  'agents/*.yaml',
];
/** As patterns of a shell; what begins with _ only helps others. */
const places = (star: string): string => PLACES.map((place) => place.replace('*', star)).join(' ');

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
  const values = cards.flatMap((card) =>
    flagsOf(card)
      .filter((flag) => flag.options)
      .map((flag) => `    "${spaced(card)} --${flag.name}") words="${flag.options!.join(' ')}" ;;`),
  );
  const taking = (fits: (flag: FlagCard) => boolean): string => {
    const flags = cards.flatMap(flagsOf).filter((flag) => flag.type === 'option' && fits(flag));
    return [...new Set(flags.flatMap(({ name, char }) => [`--${name}`, ...(char ? [`-${char}`] : [])]))].join(
      '|',
    );
  };
  const paths = (offer: Offer): string =>
    offering(cards, offer)
      .map((path) => `"${path}"`)
      .join('|');
  return `# bash completion for ice
_ice_components() {
  local file
  for file in ${places('[!_]*')}; do
    [[ -e "$file" ]] && file="\${file##*/}" && printf '%s\\n' "\${file%.*}"
  done
}
_ice_words() {
  case "$1" in
${words.join('\n')}
    *) words="" ;;
  esac
}
_ice() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" path="" words="" flags="" word i
  COMPREPLY=()
  _ice_words ""
  for ((i = 1; i < COMP_CWORD; i++)); do
    word="\${COMP_WORDS[i]}"
    [[ -n "$words" && " $words " == *" $word "* ]] || continue
    path="\${path:+$path }$word"
    _ice_words "$path"
  done
  case "$path" in
${flags.join('\n')}
  esac
  if [[ "$cur" == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$cur"))
    return
  fi
  if [[ "$prev" == -* ]]; then
    local offered="$words"
    words=""
    case "$path $prev" in
${values.join('\n')}
    esac
    if [[ -n "$words" ]]; then
      COMPREPLY=($(compgen -W "$words" -- "$cur"))
      return
    fi
    words="$offered"
    case "$prev" in
      --cwd) COMPREPLY=($(compgen -d -- "$cur")); return ;;
      --target) COMPREPLY=($(compgen -W "local" -- "$cur")); return ;;
      ${taking(takesFile)}) COMPREPLY=($(compgen -f -- "$cur")); return ;;
      ${taking((flag) => !takesFile(flag))}) return ;;
    esac
  fi
  if [[ -n "$words" ]]; then
    COMPREPLY=($(compgen -W "$words" -- "$cur"))
    return
  fi
  case "$path" in
    ${paths('components')}) COMPREPLY=($(compgen -W "$(_ice_components)" -- "$cur") $(compgen -f -- "$cur")) ;;
    ${paths('runs')}) COMPREPLY=($(compgen -W "last" -- "$cur")) ;;
    ${paths('shells')}) COMPREPLY=($(compgen -W "${SHELLS.join(' ')}" -- "$cur")) ;;
    ${paths('files')}) COMPREPLY=($(compgen -f -- "$cur")) ;;
  esac
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
  const values = cards.flatMap((card) =>
    flagsOf(card)
      .filter((flag) => flag.options)
      .map((flag) => `    '${spaced(card)} --${flag.name}') values=(${flag.options!.join(' ')}) ;;`),
  );
  const paths = (offer: Offer): string =>
    offering(cards, offer)
      .map((path) => `'${path}'`)
      .join('|');
  return `#compdef ice
_ice_verbs() {
  verbs=()
  case "$1" in
${next.join('\n')}
  esac
}
_ice() {
  local -a verbs flags values names
  local at='' word
  local -i i
  _ice_verbs ''
  for ((i = 2; i < CURRENT; i++)); do
    word="\${words[i]}"
    (( \${verbs[(I)$word:*]} )) || continue
    at="\${at:+$at }$word"
    _ice_verbs "$at"
  done
  case "$at" in
${flags.join('\n')}
  esac
  case "$at \${words[CURRENT-1]}" in
${values.join('\n')}
  esac
  if [[ "$PREFIX" == -* ]]; then _describe -o 'flag' flags
  elif (( \${#values} )); then compadd -a values
  elif [[ "\${words[CURRENT-1]}" == --* ]]; then _files
  elif (( \${#verbs} )); then _describe 'command' verbs
  else
    case "$at" in
      (${paths('components')})
        setopt localoptions nullglob
        names=(${places('[^_]*')})
        names=(\${\${names:t}:r})
        compadd -a names
        _files ;;
      (${paths('runs')}) compadd last ;;
      (${paths('shells')}) compadd ${SHELLS.join(' ')} ;;
      (${paths('files')}) _files ;;
    esac
  fi
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
  const seen = (card: CommandCard): string =>
    spaced(card)
      .split(' ')
      .map((word) => `__fish_seen_subcommand_from ${word}`)
      .join('; and ');
  for (const card of cards) {
    const when = seen(card);
    for (const flag of flagsOf(card)) {
      const value =
        flag.type !== 'option'
          ? ''
          : flag.options
            ? ` -x -a ${quote(flag.options.join(' '))}`
            : takesFile(flag)
              ? ' -r -F'
              : ' -x';
      const char = flag.char ? ` -s ${flag.char}` : '';
      lines.push(
        `complete -c ice -n ${quote(when)}${char} -l ${flag.name}${value} -d ${quote(flag.description ?? '')}`,
      );
    }
  }
  lines.push(
    'function __ice_components',
    `  for file in ${places('*')}`,
    "    string replace -r '.*/' '' -- $file | string replace -r '[.][^.]*$' '' | string match -v -- '_*'",
    '  end',
    'end',
  );
  for (const card of cards) {
    const offer = offerOf(card);
    const what = {
      components: " -F -a '(__ice_components)'",
      runs: ' -a last',
      shells: ` -a ${quote(SHELLS.join(' '))}`,
      files: ' -F',
      nothing: '',
    }[offer];
    if (what !== '') lines.push(`complete -c ice -n ${quote(seen(card))}${what}`);
  }
  return `${lines.join('\n')}\n`;
}

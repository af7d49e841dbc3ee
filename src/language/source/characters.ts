/** Letters of other alphabets that look like a Latin letter, each with the one that it looks like. */
const LOOKS_LIKE: Record<string, string> = Object.fromEntries(
  (
    'а:a в:b с:c е:e һ:h і:i ј:j к:k м:m н:h о:o р:p ѕ:s т:t у:y х:x ԁ:d ԛ:q ԝ:w г:r п:n ь:b ' +
    'А:A В:B С:C Е:E Н:H І:I Ј:J К:K М:M О:O Р:P Ѕ:S Т:T У:Y Х:X ' +
    'α:a ε:e ι:i κ:k ν:v ο:o ρ:p τ:t υ:u χ:x γ:y η:n ω:w ' +
    'Α:A Β:B Ε:E Ζ:Z Η:H Ι:I Κ:K Μ:M Ν:N Ο:O Ρ:P Τ:T Υ:Y Χ:X ' +
    'ı:i ɡ:g ɑ:a ո:n ս:u օ:o հ:h ց:g ℓ:l ꞏ:. ‐:- ‑:- ‒:- –:- —:- −:- ＿:_ ‿:_ '
  )
    .trim()
    .split(' ')
    .map((pair) => [pair.slice(0, pair.indexOf(':')), pair.slice(pair.indexOf(':') + 1)]),
);

/** Characters that take no room on the screen, or turn the direction of what follows. */
const INVISIBLE =
  // biome-ignore lint/suspicious/noMisleadingCharacterClass: each stands for itself, none combines
  /[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0]/;
/** Those that can make a text read differently from what it says. */
const DIRECTION = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

export interface Confusion {
  /** What it was probably meant to be: plain ASCII. */
  meant: string;
  /** In words: `'о' (U+043E, looks like o)`. */
  what: string;
  /** Where the first such character stands. */
  at: number;
}

const point = (char: string) => `U+${char.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;

/** Says whether a name holds characters that cannot be told from ASCII by eye; undefined when it does not. */
export function confusable(name: string): Confusion | undefined {
  if (/^[\x00-\x7f]*$/.test(name)) return undefined;
  let meant = '';
  let what: string | undefined;
  let at = -1;
  let index = 0;
  for (const char of name) {
    if (INVISIBLE.test(char)) {
      what ??= `an invisible character (${point(char)})`;
      if (at < 0) at = index;
    } else if (char > '\x7f') {
      const plain = LOOKS_LIKE[char] ?? asciiForm(char);
      if (plain === undefined) return undefined;
      what ??= `'${char}' (${point(char)}), which looks like '${plain}'`;
      if (at < 0) at = index;
      meant += plain;
    } else meant += char;
    index += char.length;
  }
  return what === undefined ? undefined : { meant, what, at };
}

/** Full-width and mathematical forms decompose into ASCII; letters with accents do not count as look-alikes. */
function asciiForm(char: string): string | undefined {
  const form = char.normalize('NFKC');
  return form !== char && /^[\x20-\x7e]+$/.test(form) ? form : undefined;
}

/** The first character of a text that turns the direction of reading: what is shown is not what is said. */
export function directionMark(text: string): { at: number; name: string } | undefined {
  const match = DIRECTION.exec(text);
  return match ? { at: match.index, name: point(match[0]) } : undefined;
}

/**
 * The subset of RE2 that `matches` understands, compiled to a small program: literals, `.`, classes, groups,
 * alternatives, `* + ? {m,n}`, the anchors `^ $ \A \z \b \B`, and the flags (?i) (?m) (?s) at the start. What needs
 * backtracking (back references, look-around) is refused.
 */
export type Step =
  | { op: 'test'; accepts: (code: number) => boolean }
  | { op: 'split'; to: number; other: number }
  | { op: 'jump'; to: number }
  | { op: 'assert'; what: 'start' | 'end' | 'lineStart' | 'lineEnd' | 'word' | 'notWord' }
  | { op: 'match' };
export type Program = Step[];

export class RegexError extends Error {}

const MAX_PATTERN = 1000;
/** Repeats are written out, so nested ones would grow without this. */
const MAX_PROGRAM = 3000;
const MAX_REPEAT = 1000;
const MAX_NESTING = 50;

type Test = (code: number) => boolean;
type Part =
  | { kind: 'test'; accepts: Test }
  | { kind: 'assert'; what: Extract<Step, { op: 'assert' }>['what'] }
  | { kind: 'sequence'; parts: Part[] }
  | { kind: 'either'; parts: Part[] }
  | { kind: 'repeat'; part: Part; min: number; max: number };

const between =
  (low: number, high: number): Test =>
  (code) =>
    code >= low && code <= high;
const not =
  (test: Test): Test =>
  (code) =>
    !test(code);
const anyOf =
  (tests: Test[]): Test =>
  (code) =>
    tests.some((test) => test(code));

const digit = between(48, 57);
const word = anyOf([digit, between(65, 90), between(97, 122), (code) => code === 95]);
const space: Test = (code) => code === 32 || (code >= 9 && code <= 13 && code !== 11);
const CLASSES: Record<string, Test> = {
  d: digit,
  w: word,
  s: space,
  D: not(digit),
  W: not(word),
  S: not(space),
};
const CONTROLS: Record<string, number> = { n: 10, r: 13, t: 9, f: 12, v: 11, a: 7, '0': 0 };

class Reader {
  readonly chars: string[];
  at = 0;
  nesting = 0;
  ignoreCase = false;
  lines = false;
  dotAll = false;

  constructor(pattern: string) {
    const flags = /^\(\?([ims]+)\)/.exec(pattern);
    if (flags) {
      this.ignoreCase = flags[1]!.includes('i');
      this.lines = flags[1]!.includes('m');
      this.dotAll = flags[1]!.includes('s');
    }
    this.chars = Array.from(flags ? pattern.slice(flags[0].length) : pattern);
  }

  get next(): string | undefined {
    return this.chars[this.at];
  }

  alternatives(): Part {
    if (++this.nesting > MAX_NESTING) throw new RegexError('The pattern nests its groups too deeply');
    const parts = [this.sequence()];
    while (this.next === '|') {
      this.at++;
      parts.push(this.sequence());
    }
    this.nesting--;
    return parts.length === 1 ? parts[0]! : { kind: 'either', parts };
  }

  sequence(): Part {
    const parts: Part[] = [];
    while (this.next !== undefined && this.next !== '|' && this.next !== ')') parts.push(this.repeated());
    return { kind: 'sequence', parts };
  }

  repeated(): Part {
    let part = this.atom();
    for (let times = 0; ; times++) {
      const count = this.quantifier();
      if (!count) return part;
      if (times > 0) throw new RegexError('The pattern repeats a repetition; put it in a group');
      part = { kind: 'repeat', part, ...count };
      // A lazy `?` finds the same texts; `+` would make it possessive, which RE2 does not have.
      if (this.next === '?') this.at++;
    }
  }

  quantifier(): { min: number; max: number } | undefined {
    const sign = this.next;
    if (sign === '*' || sign === '+' || sign === '?') {
      this.at++;
      return { min: sign === '+' ? 1 : 0, max: sign === '?' ? 1 : Number.POSITIVE_INFINITY };
    }
    if (sign !== '{') return undefined;
    const found = /^\{(\d{1,4})(,(\d{1,4})?)?\}/.exec(this.chars.slice(this.at, this.at + 12).join(''));
    if (!found) return undefined;
    this.at += found[0].length;
    const min = Number(found[1]);
    const max =
      found[2] === undefined ? min : found[3] === undefined ? Number.POSITIVE_INFINITY : Number(found[3]);
    if (max < min) throw new RegexError(`The pattern repeats from ${min} to ${max}`);
    if (min > MAX_REPEAT || (max !== Number.POSITIVE_INFINITY && max > MAX_REPEAT)) {
      throw new RegexError(`The pattern repeats more than ${MAX_REPEAT} times`);
    }
    return { min, max };
  }

  atom(): Part {
    const char = this.chars[this.at++]!;
    switch (char) {
      case '(':
        return this.group();
      case '[':
        return { kind: 'test', accepts: this.set() };
      case '.':
        return { kind: 'test', accepts: this.dotAll ? () => true : (code) => code !== 10 };
      case '^':
        return { kind: 'assert', what: this.lines ? 'lineStart' : 'start' };
      case '$':
        return { kind: 'assert', what: this.lines ? 'lineEnd' : 'end' };
      case '*':
      case '+':
      case '?':
        throw new RegexError(`The pattern has nothing to repeat before '${char}'`);
      case '\\':
        return this.escape();
      default:
        return { kind: 'test', accepts: this.literal(char.codePointAt(0)!) };
    }
  }

  group(): Part {
    if (this.next === '?') {
      const head = this.chars.slice(this.at, this.at + 4).join('');
      if (head.startsWith('?:')) this.at += 2;
      else if (/^\?(=|!|<=|<!)/.test(head))
        throw new RegexError('The pattern looks around ((?=…), (?!…)), which is not linear');
      else {
        const name = /^\?P?<\w{1,64}>/.exec(this.chars.slice(this.at, this.at + 70).join(''));
        if (!name) throw new RegexError('The pattern has a group of an unknown kind');
        this.at += name[0].length;
      }
    }
    const inside = this.alternatives();
    if (this.next !== ')') throw new RegexError("The pattern does not close a '('");
    this.at++;
    return inside;
  }

  escape(): Part {
    const char = this.chars[this.at];
    if (char === 'b' || char === 'B') {
      this.at++;
      return { kind: 'assert', what: char === 'b' ? 'word' : 'notWord' };
    }
    if (char === 'A' || char === 'z') {
      this.at++;
      return { kind: 'assert', what: char === 'A' ? 'start' : 'end' };
    }
    const found = this.escaped();
    return { kind: 'test', accepts: typeof found === 'number' ? this.literal(found) : found };
  }

  /** After a backslash: a class, or the code of one character. */
  escaped(): Test | number {
    const char = this.chars[this.at++];
    if (char === undefined) throw new RegexError("The pattern ends with '\\'");
    if (CLASSES[char]) return CLASSES[char];
    if (char === 'x' || char === 'u') {
      const digits = char === 'x' ? 2 : 4;
      const hex = this.chars.slice(this.at, this.at + digits).join('');
      if (!new RegExp(`^[0-9a-fA-F]{${digits}}$`).test(hex))
        throw new RegexError(`The pattern has a bad \\${char} escape`);
      this.at += digits;
      return Number.parseInt(hex, 16);
    }
    if (/[1-9k]/.test(char)) throw new RegexError('The pattern refers back to a group, which is not linear');
    const control = CONTROLS[char];
    if (control !== undefined) return control;
    if (/[A-Za-z0-9]/.test(char)) throw new RegexError(`The pattern has an unknown escape: \\${char}`);
    return char.codePointAt(0)!;
  }

  set(): Test {
    const negative = this.next === '^';
    if (negative) this.at++;
    const tests: Test[] = [];
    for (let first = true; first || this.next !== ']'; first = false) {
      if (this.next === undefined) throw new RegexError("The pattern does not close a '['");
      const low = this.inSet();
      if (typeof low !== 'number') {
        tests.push(low);
        continue;
      }
      let high = low;
      if (this.next === '-' && this.chars[this.at + 1] !== ']' && this.chars[this.at + 1] !== undefined) {
        this.at++;
        const found = this.inSet();
        if (typeof found !== 'number' || found < low)
          throw new RegexError('The pattern has a bad range in [ ]');
        high = found;
      }
      tests.push(this.caseless(between(low, high)));
    }
    this.at++;
    const test = anyOf(tests);
    return negative ? not(test) : test;
  }

  inSet(): Test | number {
    const char = this.chars[this.at++]!;
    if (char === '\\') return this.escaped();
    if (char === '[' && this.next === ':')
      throw new RegexError('The pattern has a [:class:]; write \\d, \\w or \\s');
    return char.codePointAt(0)!;
  }

  literal(code: number): Test {
    return this.caseless((other) => other === code);
  }

  caseless(test: Test): Test {
    if (!this.ignoreCase) return test;
    return (code) => {
      if (test(code)) return true;
      const char = String.fromCodePoint(code);
      return test(char.toLowerCase().codePointAt(0)!) || test(char.toUpperCase().codePointAt(0)!);
    };
  }
}

/** `budget.left` counts calls, for parts that are repeated and yet emit nothing: `((){1000}){1000}`. */
function emit(part: Part, program: Program, budget: { left: number }): void {
  if (program.length > MAX_PROGRAM || --budget.left < 0) throw new RegexError('The pattern is too large');
  switch (part.kind) {
    case 'test':
      program.push({ op: 'test', accepts: part.accepts });
      break;
    case 'assert':
      program.push({ op: 'assert', what: part.what });
      break;
    case 'sequence':
      for (const each of part.parts) emit(each, program, budget);
      break;
    case 'either': {
      const jumps: Extract<Step, { op: 'jump' }>[] = [];
      const last = part.parts.at(-1);
      for (const each of part.parts) {
        if (each === last) {
          emit(each, program, budget);
          break;
        }
        const split = { op: 'split' as const, to: program.length + 1, other: 0 };
        program.push(split);
        emit(each, program, budget);
        const jump = { op: 'jump' as const, to: 0 };
        program.push(jump);
        jumps.push(jump);
        split.other = program.length;
      }
      for (const jump of jumps) jump.to = program.length;
      break;
    }
    case 'repeat':
      repeat(part, program, budget);
  }
}

function repeat(
  { part, min, max }: Extract<Part, { kind: 'repeat' }>,
  program: Program,
  budget: { left: number },
): void {
  for (let i = 0; i < min; i++) emit(part, program, budget);
  if (max === Number.POSITIVE_INFINITY) {
    const split = { op: 'split' as const, to: program.length + 1, other: 0 };
    program.push(split);
    emit(part, program, budget);
    program.push({ op: 'jump', to: split.to - 1 });
    split.other = program.length;
    return;
  }
  const splits = [];
  for (let i = min; i < max; i++) {
    const split = { op: 'split' as const, to: program.length + 1, other: 0 };
    program.push(split);
    splits.push(split);
    emit(part, program, budget);
  }
  for (const split of splits) split.other = program.length;
}

/** The program of a pattern. Throws RegexError, with a sentence for people, when it is not in the subset. */
export function compileRegex(pattern: string): Program {
  if (pattern.length > MAX_PATTERN)
    throw new RegexError(`The pattern is longer than ${MAX_PATTERN} characters`);
  const reader = new Reader(pattern);
  const whole = reader.alternatives();
  if (reader.next === ')') throw new RegexError("The pattern closes a ')' that it did not open");
  const program: Program = [];
  emit(whole, program, { left: 4 * MAX_PROGRAM });
  program.push({ op: 'match' });
  return program;
}

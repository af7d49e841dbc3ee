const MAX_PATTERN = 500;
const MAX_REPEAT = 1000;

/**
 * Whether a regular expression of a stranger may be run by the JavaScript engine, which backtracks. Refused are the
 * forms that take exponential or high polynomial time: a repetition inside a repetition, a repeated choice whose
 * branches can begin alike, look-around, back references, and more than two unbounded repetitions of overlapping
 * sets beside each other. A refused pattern may be harmless; it can always be written without nesting.
 */
export function patternProblem(pattern: string): { message: string; help: string } | undefined {
  if (pattern.length > MAX_PATTERN) {
    return {
      message: `The pattern is longer than ${MAX_PATTERN} characters`,
      help: 'Check less by pattern.',
    };
  }
  try {
    new RegExp(pattern, 'u');
  } catch {
    return {
      message: 'The pattern is not a regular expression (ECMAScript, flag u)',
      help: 'Check its brackets and escapes.',
    };
  }
  const reader = new PatternReader(pattern);
  reader.choice(0);
  return reader.problem === undefined
    ? undefined
    : {
        message: `The pattern ${reader.problem}, which can take very long`,
        help: 'Write it without nested repetitions, look-around and back references, or use `format`, `maxLength` and `enum`.',
      };
}

interface Piece {
  /** Repeats without a small bound. */
  unbounded: boolean;
  /** Holds an unbounded repetition inside. */
  repeats: boolean;
  /** May be empty. */
  optional: boolean;
  /** The source of what it matches, to compare neighbours; undefined = anything. */
  set: string | undefined;
  choices: number;
}

/** A reader of regular expressions that knows only what the question needs. */
class PatternReader {
  readonly source: string;
  at = 0;
  problem: string | undefined;

  constructor(source: string) {
    this.source = source;
  }

  choice(depth: number): { repeats: boolean; choices: number; first: (string | undefined)[] } {
    if (depth > 20) {
      this.problem ??= 'is nested more than 20 deep';
      this.at = this.source.length;
    }
    let repeats = false;
    const first: (string | undefined)[] = [];
    let choices = 0;
    do {
      const sequence = this.sequence(depth);
      repeats ||= sequence.repeats;
      first.push(sequence.first);
      choices++;
    } while (this.take('|'));
    return { repeats, choices, first };
  }

  private sequence(depth: number): { repeats: boolean; first: string | undefined } {
    let repeats = false;
    let first: string | undefined = '';
    let started = false;
    let run: Piece[] = [];
    while (this.at < this.source.length && this.source[this.at] !== '|' && this.source[this.at] !== ')') {
      const piece = this.piece(depth);
      if (piece === undefined) continue;
      if (!started) first = piece.set;
      started = true;
      repeats ||= piece.unbounded || piece.repeats;
      if (piece.unbounded) {
        run.push(piece);
        // x*x*x* walks every way of sharing out: each one more is one power more of the length.
        if (run.length > 2 && run.slice(-3).every((each) => overlaps(each.set, run.at(-1)!.set))) {
          this.problem ??= 'has three repetitions in a row that can match the same text';
        }
      } else if (!piece.optional) {
        // Something that must be there keeps repetitions apart only if they can't match it.
        run = run.filter((each) => overlaps(each.set, piece.set));
      }
    }
    return { repeats, first };
  }

  private piece(depth: number): Piece | undefined {
    const start = this.at;
    const char = this.source[this.at]!;
    if (char === '^' || char === '$') {
      this.at++;
      return undefined;
    }
    let inner = { repeats: false, choices: 1, first: [] as (string | undefined)[] };
    let set: string | undefined;
    let group = false;
    if (char === '(') {
      this.at++;
      group = true;
      if (this.take('?')) {
        if (this.take('=') || this.take('!')) this.problem ??= 'looks ahead';
        else if (this.take('<')) {
          if (this.take('=') || this.take('!')) this.problem ??= 'looks behind';
          else while (this.at < this.source.length && this.source[this.at++] !== '>');
        } else while (this.at < this.source.length && this.source[this.at++] !== ':');
      }
      inner = this.choice(depth + 1);
      this.take(')');
      set = inner.choices === 1 && !inner.repeats ? inner.first[0] : undefined;
    } else if (char === '[') {
      this.at++;
      while (this.at < this.source.length && this.source[this.at] !== ']')
        this.at += this.source[this.at] === '\\' ? 2 : 1;
      this.at++;
      set = this.source.slice(start, this.at);
    } else if (char === '\\') {
      const next = this.source[this.at + 1] ?? '';
      if (/[1-9k]/.test(next)) this.problem ??= 'has a back reference';
      this.at += 2;
      if (next === 'u' || next === 'p' || next === 'P') {
        if (this.source[this.at] === '{')
          while (this.at < this.source.length && this.source[this.at++] !== '}');
        else if (next === 'u') this.at += 4;
      } else if (next === 'x') this.at += 2;
      if (next === 'b' || next === 'B') return undefined;
      set = this.source.slice(start, this.at);
    } else {
      this.at++;
      set = char === '.' ? undefined : char;
    }
    const { max, min } = this.quantifier();
    const unbounded = max > 50;
    if (max > MAX_REPEAT && Number.isFinite(max)) this.problem ??= `repeats more than ${MAX_REPEAT} times`;
    if (group && max > 1) {
      if (inner.repeats && unbounded) this.problem ??= 'has a repetition inside a repetition';
      else if (inner.choices > 1 && unbounded && alike(inner.first))
        this.problem ??= 'repeats a choice whose branches can begin alike';
    }
    return { unbounded, repeats: inner.repeats, optional: min === 0, set, choices: inner.choices };
  }

  private quantifier(): { min: number; max: number } {
    const char = this.source[this.at];
    let range = { min: 1, max: 1 };
    if (char === '*') range = { min: 0, max: Number.POSITIVE_INFINITY };
    else if (char === '+') range = { min: 1, max: Number.POSITIVE_INFINITY };
    else if (char === '?') range = { min: 0, max: 1 };
    else if (char === '{') {
      const match = /^\{(\d+)(,(\d*))?\}/.exec(this.source.slice(this.at, this.at + 30));
      if (!match) return range;
      this.at += match[0].length;
      const min = Number(match[1]);
      range = {
        min,
        max: match[2] === undefined ? min : match[3] === '' ? Number.POSITIVE_INFINITY : Number(match[3]),
      };
      this.take('?');
      return range;
    } else return range;
    this.at++;
    this.take('?');
    return range;
  }

  private take(char: string): boolean {
    if (this.source[this.at] !== char) return false;
    this.at++;
    return true;
  }
}

/** Whether two sets may match one character in common; in doubt they do. */
function overlaps(a: string | undefined, b: string | undefined): boolean {
  if (a === undefined || b === undefined) return true;
  if (a === b) return true;
  const one = probe(a);
  const other = probe(b);
  if (!one || !other) return true;
  for (let code = 0; code < 256; code++) {
    const char = String.fromCharCode(code);
    if (one.test(char) && other.test(char)) return true;
  }
  // Beyond Latin: only sets that name such characters, or negate, reach there.
  return /[^\x00-\xff]|\\[upP]|\[\^|\\[DSW]/.test(a) && /[^\x00-\xff]|\\[upP]|\[\^|\\[DSW]/.test(b);
}

function probe(set: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${set})`, 'u');
  } catch {
    return undefined;
  }
}

const alike = (first: (string | undefined)[]): boolean =>
  first.some((one, i) => first.some((other, j) => j > i && overlaps(one, other)));

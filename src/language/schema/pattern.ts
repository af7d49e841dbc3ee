const MAX_PATTERN = 500;
const MAX_REPEAT = 1000;

/**
 * Whether a regular expression of a stranger may be run by the JavaScript engine, which backtracks. Refused are the
 * forms that take exponential or high polynomial time: a repetition inside a repetition, a repeated choice whose
 * branches can begin alike, look-around, back references, and repetitions of overlapping sets beside each other (bounded
 * ones too, and those that a group repeats) that can share out one text in too many ways. A refused pattern may be harmless; it can always be written without nesting.
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

/** Steps of the engine that are still soon over: a few seconds at worst, mostly far less. */
const MOST_STEPS = 400_000_000;

/**
 * The longest text that a pattern may be tried on: two repetitions beside each other take the square of its length, and
 * a pattern that is not anchored is tried at each of its characters. Infinity for what takes its length once.
 */
export function longestText(pattern: string): number {
  const reader = new PatternReader(pattern);
  reader.choice(0);
  const ways = reader.most * (reader.anchored ? 1 : UNBOUNDED_WAYS);
  const power = Math.floor(Math.log(ways) / Math.log(UNBOUNDED_WAYS) + 1e-9);
  if (power === 0) return Number.POSITIVE_INFINITY;
  return Math.floor((MOST_STEPS / (ways / UNBOUNDED_WAYS ** power)) ** (1 / power));
}

interface Piece {
  /** How many lengths it may have: what a backtracking engine tries, one after another. */
  ways: number;
  /** May be empty. */
  optional: boolean;
  /** The source of what it begins with, to compare neighbours; undefined = anything. */
  set: string | undefined;
  /** Of a group that may be left out: its pieces. */
  inside?: Piece[];
}

/** What a group holds. */
interface Inside {
  /** Holds an unbounded repetition. */
  repeats: boolean;
  choices: number;
  /** What each choice begins with. */
  first: (string | undefined)[];
  /** Its pieces, in order; of several choices one piece that stands for all. */
  pieces: Piece[];
}

/** Of a repetition without a bound: as many lengths as a text that is still short may have. */
const UNBOUNDED_WAYS = 1000;
/** Sharing out one text in more ways takes too long: two unbounded repetitions beside each other may, three may not. */
const MOST_WAYS = 20_000_000;
/** As many pieces as the longest pattern has without nested counts. */
const MOST_PIECES = MAX_PATTERN;

/** A reader of regular expressions that knows only what the question needs. */
class PatternReader {
  readonly source: string;
  at = 0;
  problem: string | undefined;
  /** The most ways in which pieces beside each other share out a text. */
  most = 1;
  /** Whether every choice begins with ^. */
  anchored = true;
  private readonly known = new Map<string, boolean>();

  constructor(source: string) {
    this.source = source;
  }

  choice(depth: number): Inside {
    if (depth > 20) {
      this.problem ??= 'is nested more than 20 deep';
      this.at = this.source.length;
    }
    let repeats = false;
    const first: (string | undefined)[] = [];
    const branches: Piece[][] = [];
    do {
      const sequence = this.sequence(depth);
      repeats ||= sequence.repeats;
      first.push(sequence.pieces.length === 0 ? '' : sequence.pieces[0]!.set);
      branches.push(sequence.pieces);
    } while (this.take('|'));
    const choices = branches.length;
    if (choices === 1) return { repeats, choices, first, pieces: branches[0]! };
    const ways = Math.max(...branches.map(waysOf)) * (alike(first) ? choices : 1);
    const optional = branches.some((branch) => branch.every((piece) => piece.optional));
    return { repeats, choices, first, pieces: [{ ways, optional, set: undefined }] };
  }

  private sequence(depth: number): { repeats: boolean; pieces: Piece[] } {
    let repeats = false;
    const pieces: Piece[] = [];
    let run: Piece[] = [];
    if (depth === 0) this.anchored &&= this.source[this.at] === '^';
    while (this.at < this.source.length && this.source[this.at] !== '|' && this.source[this.at] !== ')') {
      const item = this.item(depth);
      if (item === undefined) continue;
      repeats ||= item.repeats;
      pieces.push(...item.pieces);
      if (sizeOf(pieces) > MOST_PIECES) this.problem ??= 'repeats too much inside what it repeats';
      else run = this.after(item.pieces, run);
      // One finding is enough, and reading on would cost more than it tells.
      if (this.problem !== undefined) this.at = this.source.length;
    }
    return { repeats, pieces };
  }

  /**
   * The variable pieces that nothing keeps apart from what comes after `pieces`, when `run` were those before them.
   * Together they are tried in the product of their ways: x*x*x* is one power more of the length for each.
   */
  private after(pieces: readonly Piece[], run: Piece[]): Piece[] {
    for (const piece of pieces) {
      const beside = run.filter((each) => this.overlaps(each.set, piece.set));
      const ways = piece.ways > 1 ? waysOf(beside) * piece.ways : 1;
      this.most = Math.max(this.most, ways);
      if (ways > MOST_WAYS) this.problem ??= 'has repetitions in a row that can match the same text';
      if (this.problem !== undefined) return run;
      const taken = piece.inside ? this.after(piece.inside, run) : [];
      // What must be there keeps repetitions apart that can't match it.
      const left = piece.optional ? run : beside;
      run = [...left, ...without(taken, left), ...(piece.ways > 1 ? [piece] : [])];
    }
    return run;
  }

  /** One character, set or group with its quantifier, as the pieces that it stands for; undefined for what matches none. */
  private item(depth: number): { repeats: boolean; pieces: Piece[] } | undefined {
    const start = this.at;
    const char = this.source[this.at]!;
    if (char === '^' || char === '$') {
      this.at++;
      return undefined;
    }
    let inner: Inside | undefined;
    let set: string | undefined;
    if (char === '(') {
      this.at++;
      if (this.take('?')) {
        if (this.take('=') || this.take('!')) this.problem ??= 'looks ahead';
        else if (this.take('<')) {
          if (this.take('=') || this.take('!')) this.problem ??= 'looks behind';
          else while (this.at < this.source.length && this.source[this.at++] !== '>');
        } else while (this.at < this.source.length && this.source[this.at++] !== ':');
      }
      inner = this.choice(depth + 1);
      this.take(')');
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
    const ways = unbounded && max !== min ? UNBOUNDED_WAYS : max - min + 1;
    if (!inner) return { repeats: unbounded, pieces: [{ ways, optional: min === 0, set }] };
    if (max > 1 && unbounded) {
      if (inner.repeats) this.problem ??= 'has a repetition inside a repetition';
      else if (inner.choices > 1 && alike(inner.first))
        this.problem ??= 'repeats a choice whose branches can begin alike';
    }
    return { repeats: inner.repeats || unbounded, pieces: repeated(inner.pieces, min, max, ways) };
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

  private overlaps(a: string | undefined, b: string | undefined): boolean {
    const key = `${a}\n${b}`;
    let known = this.known.get(key);
    if (known === undefined) {
      known = overlaps(a, b);
      this.known.set(key, known);
    }
    return known;
  }

  private take(char: string): boolean {
    if (this.source[this.at] !== char) return false;
    this.at++;
    return true;
  }
}

/** In how many ways pieces beside each other can share out a text. */
const waysOf = (pieces: readonly Piece[]): number =>
  pieces.reduce((ways, { ways: own, inside }) => ways * own * (inside ? waysOf(inside) : 1), 1);

/** What `taken` has more than `left`; copies of one piece count each. */
function without(taken: readonly Piece[], left: readonly Piece[]): Piece[] {
  const rest = [...left];
  return taken.filter((each) => {
    const at = rest.indexOf(each);
    if (at >= 0) rest.splice(at, 1);
    return at < 0;
  });
}

const sizeOf = (pieces: readonly Piece[]): number =>
  pieces.reduce((size, { inside }) => size + 1 + (inside ? sizeOf(inside) : 0), 0);

/** The pieces of a group that is repeated: written out as often as it may be, where that makes a difference. */
function repeated(pieces: Piece[], min: number, max: number, ways: number): Piece[] {
  if (min === 1 && max === 1) return pieces;
  const set = pieces[0]?.set;
  // Of a fixed text only how often it comes is open.
  if (waysOf(pieces) === 1) return [{ ways, optional: min === 0 || pieces.length === 0, set }];
  const left: Piece = { ways: 2, optional: true, set, inside: pieces };
  const copies = Math.min(max, 50, Math.ceil(MOST_PIECES / Math.max(1, sizeOf(pieces))) + 1);
  return Array.from({ length: copies }, (_, i) => (i < min ? pieces : [left])).flat();
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

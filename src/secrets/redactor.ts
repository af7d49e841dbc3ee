import { CUT } from '../contracts/cut.ts';
import type { Json } from '../contracts/json.ts';
import { decodings, textIn, unescaped } from './encodings.ts';

/** What stands where a secret was. */
export const MASK = '***';
/** Shorter values are left alone: replacing them would destroy the text and hide nothing. */
const SHORTEST = 4;
/** Shorter values are not looked for over several strings of one document, where they stand by chance. */
const SHORTEST_SPREAD = 8;
/** Encodings on top of each other that are followed: base64 in JSON in base64 is three. */
const DEEPEST_CODE = 4;
/** Characters read for each character of a text, decoded ones counted; then the text is masked as a whole. */
const MOST_WORK = 24;
/** What is left of a secret where a text was cut is looked for from so many characters on. */
const SHORTEST_CUT = 8;
/** Deeper JSON is masked as a whole. */
const DEEPEST = 500;

/**
 * Takes secrets out. A secret is found as it is, in base64 (both alphabets, at any offset, wrapped), hex, escaped for
 * URLs, JSON or HTML, as a list of its bytes, and in these within each other, four deep. What is no encoding but a
 * cipher of the tool's own (reversed, shifted, one letter here and one there) is not.
 */
export interface Redactor {
  text(value: string): string;
  /**
   * Strings, keys, and numbers that are written like a secret, at any depth, and a secret that is spread over the
   * strings or the bytes of a list. The same object when nothing was found.
   */
  json<T extends Json>(value: T): T;
  /** For text that comes in pieces: a secret that is split over pieces is found too. */
  stream(): RedactedStream;
  /** For lines of a log, each told by `tell`: a secret that is split over lines is found too. */
  lines<T extends { message: string }>(tell: (line: T) => void): RedactedLines<T>;
}

export interface RedactedLines<T> {
  /** Tells the line, or holds it back for a moment if it may end in the beginning of a secret. */
  push(line: T): void;
  /** Tells what is held back. */
  end(): void;
}

export interface RedactedStream {
  /** What may be shown so far; what could be the beginning of a secret is held back. */
  push(piece: string): string;
  /** The rest. */
  end(): string;
}

type Range = [from: number, to: number];

/** What stands for one secret in a text that no encoding is on. */
function formsOf(secret: string): string[] {
  const forms = new Set([secret]);
  // A value that was pasted with a newline at its end is also used without it; one of many lines is printed by line.
  forms.add(secret.trim());
  forms.add(secret.replace(/\s*[\r\n]\s*/g, ''));
  forms.add(secret.replaceAll(' ', '+'));
  // Names of hosts and headers are lowered, methods raised; ice does so itself.
  if (secret.length >= SHORTEST_SPREAD)
    for (const form of [...forms]) forms.add(form.toLowerCase()).add(form.toUpperCase());
  // A byte is one character where it was decoded.
  for (const form of [...forms]) forms.add(Buffer.from(form).toString('latin1'));
  // Parts of it that look escaped are unescaped with what is around them.
  for (const form of forms) forms.add(unescaped(form));
  return [...forms].filter((form) => form.length >= SHORTEST);
}

/** Takes secrets out of text, JSON and streams, in time linear in the text. Values under four characters stay. */
export function createRedactor(secrets: Iterable<string>): Redactor {
  const kept = [...secrets].filter((secret) => secret.length >= SHORTEST);
  const all = new Finder(kept.flatMap(formsOf));
  if (all.isEmpty)
    return {
      text: (value) => value,
      json: (value) => value,
      stream: () => ({ push: (piece) => piece, end: () => '' }),
      lines: (tell) => ({ push: tell, end: () => {} }),
    };
  const spread = new Finder(kept.flatMap(formsOf).filter((form) => form.length >= SHORTEST_SPREAD));

  const text = (value: string): string => masked(value, all.find(value).ranges);

  const json = (value: Json, depth: number): Json => {
    if (typeof value === 'string') return text(value);
    if (typeof value === 'number') return text(String(value)) === String(value) ? value : MASK;
    if (typeof value !== 'object' || value === null) return value;
    if (depth > DEEPEST) return MASK;
    const bytes = bytesIn(value);
    if (bytes !== undefined) {
      const { ranges } = all.find(bytes);
      if (ranges.length > 0) {
        const isHidden = (_: Json, i: number): Json =>
          isWithin(ranges, i) ? MASK : Object.values(value)[i]!;
        const shown = Object.values(value).map(isHidden);
        return Array.isArray(value)
          ? shown
          : Object.fromEntries(Object.keys(value).map((key, i) => [key, shown[i]!]));
      }
    }
    if (Array.isArray(value)) {
      const out = value.map((item) => json(item, depth + 1));
      return out.some((item, i) => item !== value[i]) ? out : value;
    }
    const entries = Object.entries(value).map(
      ([key, field]) => [text(key), json(field, depth + 1), key, field] as const,
    );
    const changed = entries.some(([key, field, oldKey, old]) => key !== oldKey || field !== old);
    return changed ? Object.fromEntries(entries.map(([key, field]) => [key, field])) : value;
  };

  /** A secret whose parts are several strings of one document, in the order in which they are read. */
  const joined = (value: Json): Json => {
    const parts: string[] = [];
    eachString(value, (part) => void parts.push(part));
    if (parts.length < 2 || spread.isEmpty) return value;
    const { ranges } = spread.find(parts.join(''));
    if (ranges.length === 0) return value;
    let at = 0;
    return mapStrings(value, (part) => {
      const from = at;
      at += part.length;
      const own = ranges
        .filter(([begin, end]) => begin < at && end > from)
        .map(([begin, end]): Range => [Math.max(0, begin - from), Math.min(part.length, end - from)]);
      return masked(part, own);
    });
  };

  return {
    text,
    json: <T extends Json>(value: T): T => joined(json(value, 0)) as T,
    stream: () => createStream(all),
    lines: (tell) => createLines(spread, text, tell),
  };
}

/** Characters before what is looked at: where an encoding begins says how its characters are read. */
const CONTEXT = 32;

function createStream(finder: Finder): RedactedStream {
  let before = '';
  let held = '';
  return {
    push(piece) {
      const value = before + held + piece;
      const { ranges, cut } = finder.findUpTo(value, before.length);
      const shown = masked(value, ranges, before.length, cut);
      held = value.slice(cut);
      before = value.slice(Math.max(0, cut - CONTEXT), cut);
      return shown;
    },
    end() {
      const value = before + held;
      const shown = masked(value, finder.find(value).ranges, before.length);
      before = '';
      held = '';
      return shown;
    },
  };
}

/** A line is held back for so long; what comes later than that was not split by accident. */
const HOLD_MS = 250;

function createLines<T extends { message: string }>(
  finder: Finder,
  text: (value: string) => string,
  tell: (line: T) => void,
): RedactedLines<T> {
  let before = '';
  let held: T[] = [];
  let timer: NodeJS.Timeout | undefined;
  const tellUpTo = (value: string, ranges: readonly Range[], cut: number): void => {
    let at = before.length;
    let told = 0;
    for (const line of held) {
      const end = at + line.message.length;
      if (end > cut) break;
      tell({ ...line, message: masked(value, ranges, at, end) });
      at = end;
      told += 1;
    }
    held = held.slice(told);
    before = value.slice(Math.max(0, at - CONTEXT), at);
  };
  const joinedText = (): string => before + held.map((line) => line.message).join('');
  const end = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (held.length === 0) return;
    const value = joinedText();
    tellUpTo(value, finder.find(value).ranges, value.length);
  };
  return {
    push(line) {
      held.push({ ...line, message: text(line.message) });
      const value = joinedText();
      const { ranges, cut } = finder.findUpTo(value, before.length);
      tellUpTo(value, ranges, cut);
      if (held.length === 0) clearTimeout(timer);
      else timer ??= setTimeout(end, HOLD_MS).unref();
      if (held.length === 0) timer = undefined;
    },
    end,
  };
}

class TooMuch extends Error {}
type Found = (from: number, to: number) => void;
interface Job {
  /** Characters that may still be looked at. */
  left: number;
}

/** Looks for forms in a text, and in what it reads as when encodings are taken off. */
class Finder {
  private readonly forms: string[];
  private readonly shortest: number;
  /** The codes that a form, or an encoded one, begins with. */
  private readonly firsts: number[];
  private readonly textIn: ReturnType<typeof textIn>;
  /** The longest that a form gets by encoding, twice over. */
  readonly longest: number;

  constructor(forms: readonly string[]) {
    // The longest first, so that no part of one is left by another.
    this.forms = [...new Set(forms)].sort((a, b) => b.length - a.length);
    this.shortest = this.forms.at(-1)?.length ?? 0;
    this.longest = (this.forms[0]?.length ?? 0) * 6;
    this.textIn = textIn(this.forms);
    this.firsts = [...new Set(this.forms.map((form) => form.charCodeAt(0)))].filter((code) => code < 256);
  }

  get isEmpty(): boolean {
    return this.forms.length === 0;
  }

  /**
   * Where secrets are, in order and apart from each other. `goesOn`: the text is not at its end; `open` is where what
   * may be the beginning of a secret begins.
   */
  find(text: string, goesOn = false): { ranges: Range[]; open: number } {
    const ranges: Range[] = [];
    const job: Job = { left: text.length * MOST_WORK + 50_000 };
    try {
      const open = this.scan(text, DEEPEST_CODE, goesOn, job, (from, to) => void ranges.push([from, to]));
      return { ranges: apart(ranges), open };
    } catch (error) {
      if (!(error instanceof TooMuch)) throw error;
      return { ranges: [[0, text.length]], open: text.length };
    }
  }

  /** For a text that goes on: what is in it, and up to where it may be shown now. */
  findUpTo(text: string, from: number): { ranges: Range[]; cut: number } {
    const { ranges, open } = this.find(text, true);
    let cut = Math.max(open, from);
    // What is found and may go on waits too; but a text that is nothing but overlaps is let go as it stands.
    for (const [begin, end] of ranges.toReversed()) if (begin < cut && end > cut) cut = Math.max(begin, from);
    return { ranges, cut: text.length - cut > 4 * this.longest ? text.length : cut };
  }

  private scan(
    text: string,
    depth: number,
    goesOn: boolean,
    job: Job,
    found: Found,
    { isBinary = false, isCut = false } = {},
  ): number {
    job.left -= text.length;
    if (job.left < 0) throw new TooMuch();
    for (const form of this.forms)
      for (let at = text.indexOf(form); at >= 0; at = text.indexOf(form, at + form.length))
        found(at, at + form.length);
    for (let at = text.indexOf(CUT); at >= 0; at = text.indexOf(CUT, at + 1)) this.left(text, at, job, found);
    if (isCut) this.left(text, text.length, job, found);
    let open = goesOn ? this.begun(text) : text.length;
    if (depth === 0) return open;
    const parts: Iterable<Range> = isBinary ? this.textIn(text, this.shortest) : [[0, text.length]];
    for (const [from, to] of parts) {
      const part = to - from === text.length ? text : text.slice(from, to);
      for (const view of decodings(part, this.shortest, this.firsts)) {
        const mayGoOn = goesOn && view.last && to === text.length;
        if (view.text.length < this.shortest && !mayGoOn) continue;
        const hit: Found = (first, end) => found(from + view.start(first), from + view.end(end - 1));
        const isCutHere = view.text.length > 0 && part[view.end(view.text.length - 1)] === CUT;
        const kind = { isBinary: view.isBinary ?? false, isCut: isCutHere };
        const inner = this.scan(view.text, depth - 1, mayGoOn, job, hit, kind);
        if (!mayGoOn) continue;
        if (inner < view.text.length) open = Math.min(open, from + view.start(inner));
        if (view.rest !== undefined) open = Math.min(open, from + view.rest);
      }
    }
    return open;
  }

  /** What is left of a form where the text was cut. */
  private left(text: string, end: number, job: Job, found: Found): void {
    for (const form of this.forms) {
      const from = Math.max(0, end - form.length + 1);
      job.left -= end - from;
      if (job.left < 0) throw new TooMuch();
      const beginning = form.slice(0, SHORTEST_CUT);
      for (let at = text.indexOf(beginning, from); at >= 0 && at < end; at = text.indexOf(beginning, at + 1))
        if (end - at >= SHORTEST_CUT && form.startsWith(text.slice(at, end))) found(at, end);
    }
  }

  /** Where the longest end of a text begins that is the beginning of a form. */
  private begun(text: string): number {
    let least = text.length;
    for (const form of this.forms) {
      let at = text.indexOf(form[0]!, Math.max(0, text.length - form.length + 1));
      for (; at >= 0 && at < least; at = text.indexOf(form[0]!, at + 1))
        if (form.startsWith(text.slice(at))) least = at;
    }
    return least;
  }
}

/** In order; what overlaps is one. */
function apart(ranges: Range[]): Range[] {
  const out: Range[] = [];
  for (const [from, to] of ranges.sort((a, b) => a[0] - b[0] || b[1] - a[1])) {
    const before = out.at(-1);
    if (before !== undefined && from < before[1]) before[1] = Math.max(before[1], to);
    else out.push([from, to]);
  }
  return out;
}

/** What is between `start` and `end`, with a mask in the place of each range that reaches into it. */
function masked(text: string, ranges: readonly Range[], start = 0, end = text.length): string {
  let out = '';
  let at = start;
  for (const [from, to] of ranges) {
    if (to <= start || from >= end) continue;
    out += text.slice(at, Math.max(from, start)) + MASK;
    at = Math.min(to, end);
  }
  return out + text.slice(at, end);
}

const isWithin = (ranges: readonly Range[], i: number): boolean =>
  ranges.some(([from, to]) => i >= from && i < to);

/** The values of a list of bytes, or of what JSON makes of a typed array, as text of one character each. */
function bytesIn(value: Json[] | { [key: string]: Json }): string | undefined {
  const values = Object.values(value);
  if (values.length < SHORTEST) return undefined;
  for (const one of values)
    if (typeof one !== 'number' || one < 0 || one > 255 || !Number.isInteger(one)) return undefined;
  return Buffer.from(values as number[]).toString('latin1');
}

function eachString(value: Json, each: (text: string) => void): void {
  if (typeof value === 'string') each(value);
  else if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(value)) eachString(inner, each);
}

function mapStrings(value: Json, map: (text: string) => string): Json {
  if (typeof value === 'string') return map(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, map));
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, mapStrings(field, map)]));
}

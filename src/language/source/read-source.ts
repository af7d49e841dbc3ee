import { type Document, type Node, parseDocument } from 'yaml';
import type { Diagnostic } from '../../contracts/diagnostics.ts';
import { finding } from '../diagnostics/finding.ts';
import { checkCharacters, checkJson } from './check-text.ts';
import { tooDeep } from './depth.ts';
import { applyEdits, type Edit, LineIndex } from './line-index.ts';
import { type Mended, ParsedSource } from './parsed-source.ts';
import { quoteSlip } from './quote-slips.ts';
import { quoted } from './quoted.ts';
import { type Converted, MAX_DEPTH, toJson } from './to-json.ts';
import { cover, plainWithTemplate, unquotedTemplates } from './unquoted.ts';
import { explainYamlErrors } from './yaml-errors.ts';

/** The most that a document may have: 4 Mi characters, as the API accepts. */
export const MAX_TEXT = 4 * 1024 * 1024;

export interface ReadResult {
  source: ParsedSource;
  diagnostics: Diagnostic[];
  /** False when the text has errors after which its value can't be trusted. */
  readable: boolean;
  /** Lines that were read with a mended error: what is found there may only follow from it. */
  repairedLines: ReadonlySet<number>;
}

/** Rounds of mending and reading again; fewer for a long text, which takes longer to read. */
const MAX_REPAIRS = 8;
const LONG_TEXT = 200_000;
const roundsFor = (text: string, most: number): number => (text.length > LONG_TEXT ? 1 : most);

/** The last text that had nothing to be said of it: a build reads a document, and then checks it. */
let last: { text: string; file: string; result: ReadResult } | undefined;
/** Longer ones are read again rather than kept. */
const MAX_KEPT = 1_000_000;

/**
 * Reads YAML (1.2) or JSON. What it gives is shared by those who read the same text one after the other, so it must not
 * be changed. An unquoted `{{ … }}` is reported and read as it was meant; other errors of the text
 * end the reading, because what follows them would only be guessed. `begin` says how a document of this kind begins,
 * for one that is empty.
 */
export function readSource(input: { text: string; file: string; begin: string }): ReadResult {
  const { text, file, begin } = input;
  if (last?.text === text && last.file === file) return { ...last.result, diagnostics: [] };
  const result = readAnew({ text, file });
  for (const each of result.diagnostics) if (each.code === 'ICE1007') each.help = begin;
  if (result.readable && result.diagnostics.length === 0 && text.length <= MAX_KEPT)
    last = { text, file, result };
  return result;
}

function readAnew({ text, file }: { text: string; file: string }): ReadResult {
  const lines = new LineIndex(text);
  const stop = (diagnostic: Diagnostic): ReadResult => ({
    source: new ParsedSource({ file, lines, value: undefined, root: null, anchors: new Map(), mended: [] }),
    diagnostics: [diagnostic],
    readable: false,
    repairedLines: new Set(),
  });
  if (text.length > MAX_TEXT) {
    return stop(
      finding('ICE1008', file, `The document has ${text.length} characters; ${MAX_TEXT} is the most`, {
        range: lines.range(0, 0),
      }),
    );
  }
  const deep = tooDeep(text);
  if (deep !== undefined) {
    return stop(
      finding('ICE1009', file, `Lists and maps are nested more than ${MAX_DEPTH} deep`, {
        range: lines.range(deep, deep + 1),
      }),
    );
  }
  const isJson = file.toLowerCase().endsWith('.json');
  const jsonProblem = isJson ? checkJson(file, lines) : undefined;
  const { document, mended, converted, lines: read, errors, repaired } = readWithRepairs(file, lines);
  const diagnostics: Diagnostic[] = mended.map((region) => unquoted(file, read, region, isJson));
  diagnostics.push(...errors);
  if (jsonProblem && diagnostics.length === 0) diagnostics.push(jsonProblem);
  diagnostics.push(...checkCharacters(file, lines));
  const { value, anchors, findings } = converted;
  for (const each of findings) {
    // Too deep to be read says too deep once.
    if (diagnostics.some((other) => other.code === 'ICE1009' && other.code === each.diagnostic.code))
      continue;
    diagnostics.push(withOriginFix(each.diagnostic, read));
  }
  const fatal = (errors.length > 0 && !repaired) || findings.some((each) => each.fatal);
  const source = new ParsedSource({
    file,
    lines: read,
    value: fatal ? undefined : value,
    root: document.contents as Node | null,
    anchors,
    mended,
  });
  return {
    source,
    diagnostics,
    readable: !fatal,
    // Only of an indentation is it a guess what was meant.
    repairedLines: new Set(errors.filter(isGuess).map(lineOf)),
  };
}

const isGuess = (each: Diagnostic): boolean => each.code === 'ICE1002';
const lineOf = (each: Diagnostic): number => each.range?.start.line ?? 0;

interface Reading {
  document: Document.Parsed;
  mended: Mended[];
  converted: Converted;
  /** Of the text that was read at last. */
  lines: LineIndex;
  errors: Diagnostic[];
  /** Whether the text could be read after all, with the errors mended. */
  repaired: boolean;
}

/**
 * Reads a text; where all of its errors have a fix, reads on in a copy with the fixes applied, so that one wrong
 * blank does not hide what else is wrong. Positions stay those of the original.
 */
function readWithRepairs(file: string, original: LineIndex): Reading {
  let lines = original;
  let edits: Edit[] = [];
  const errors: Diagnostic[] = [];
  const most = roundsFor(original.text, MAX_REPAIRS);
  for (let round = 0; ; round++) {
    const { document, mended } = parse(lines.text, lines);
    const converted = toJson(document, file, lines, mended);
    let found = explainYamlErrors(file, lines, document);
    // A missing dash is no error of YAML, and all that follows would be taken for parts of the node before.
    if (found.length === 0 && round < most) {
      found = converted.findings.filter((each) => each.missingDash).map((each) => each.diagnostic);
    }
    const reading = { document, mended, converted, lines, errors };
    if (found.length === 0) return { ...reading, repaired: true };
    // On a line whose indentation was a guess, what is found next only follows from the guess.
    const guessed = new Set(errors.filter(isGuess).map(lineOf));
    found = found.filter((each) => !guessed.has(lineOf(each)));
    if (found.length === 0) return { ...reading, repaired: false };
    found = found.map((each) => withOriginFix(each, lines));
    const next = merged(
      edits,
      found.flatMap((each) => each.fix?.edits ?? []),
    );
    if (round === most || found.some((each) => !each.fix) || next === undefined) {
      return { ...reading, errors: [...errors, ...found], repaired: false };
    }
    errors.push(...found);
    edits = next;
    lines = new LineIndex(applyEdits(original.text, edits), original, edits);
  }
}

/** Both lists in order; undefined when they overlap or touch line breaks, or when nothing is new. */
function merged(before: Edit[], more: Edit[]): Edit[] | undefined {
  const all = [...before, ...more].sort((a, b) => a.start - b.start || a.end - b.end);
  for (const [index, edit] of all.entries()) {
    const next = all[index + 1];
    if (next && (next.start < edit.end || next.start === edit.start)) return undefined;
    if (edit.text.includes('\n')) return undefined;
  }
  return more.length === 0 ? undefined : all;
}

/** A finding whose fix was made for a mended copy, with the fix for the original. */
function withOriginFix(diagnostic: Diagnostic, lines: LineIndex): Diagnostic {
  if (!diagnostic.fix) return diagnostic;
  const edits = diagnostic.fix.edits.map((edit) => ({
    ...edit,
    start: lines.origin(edit.start),
    end: lines.origin(edit.end),
  }));
  return { ...diagnostic, fix: { ...diagnostic.fix, edits } };
}

function parse(text: string, lines: LineIndex): { document: Document.Parsed; mended: Mended[] } {
  const read = (source: string) =>
    parseDocument(source, {
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'error',
      maxAliasCount: -1,
    } as object);
  let document = read(text);
  if (!text.includes('{{')) return { document, mended: [] };
  const [cause] = document.errors;
  // Behind a quote that is not closed, all that was quoted looks unquoted.
  if (cause && quoteSlip('', lines, lines.position(cause.pos[1]).line)) return { document, mended: [] };
  let mended = document.errors.length > 0 || MAY_BE_UNQUOTED.test(text) ? unquotedTemplates(text) : [];
  if (mended.length > 0) document = read(cover(text, mended));
  // A plain text that YAML cuts at `: `: cover it too and look again, as long as that helps.
  for (let round = roundsFor(text, 20); round > 0 && document.errors.length > 0; round--) {
    const region = plainWithTemplate(lines, document.errors[0]!.pos[0]);
    if (!region || mended.some((each) => each.start === region.start && each.end === region.end)) break;
    const apart = mended.filter((each) => region.end <= each.start || each.end <= region.start);
    const more = [...apart, region].sort((a, b) => a.start - b.start);
    const next = read(cover(text, more));
    if (next.errors.length >= document.errors.length) break;
    document = next;
    mended = more;
  }
  return { document, mended };
}

/** A cheap look before the lexer: `{{` right after what begins a value. */
const MAY_BE_UNQUOTED = /(?:^|[:\-,[{])[ \t]*\{\{/m;

function unquoted(file: string, lines: LineIndex, region: Mended, isJson: boolean): Diagnostic {
  const diagnostic = finding('ICE1005', file, 'An expression must stand in quotes', {
    range: lines.range(region.start, region.end),
    help: `${region.value.startsWith('{{') ? 'YAML reads braces as a map.' : 'Braces, colons and # have a meaning in YAML.'} Write ${quoted(region.value)}.`,
    fix: {
      title: 'Put it in quotes',
      safe: true,
      edits: [
        {
          start: region.start,
          end: region.end,
          text: isJson ? JSON.stringify(region.value) : quoted(region.value),
        },
      ],
    },
  });
  return withOriginFix(diagnostic, lines);
}

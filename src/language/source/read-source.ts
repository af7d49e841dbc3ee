import { type Document, type Node, parseDocument } from 'yaml';
import type { Diagnostic } from '../../contracts/diagnostics.ts';
import { finding } from '../diagnostics/finding.ts';
import { checkCharacters, checkJson } from './check-text.ts';
import { LineIndex } from './line-index.ts';
import { type Mended, ParsedSource } from './parsed-source.ts';
import { toJson } from './to-json.ts';
import { cover, plainWithTemplate, quoted, unquotedTemplates } from './unquoted.ts';
import { explainYamlErrors } from './yaml-errors.ts';

/** The most that a document may have: 4 Mi characters, as the API accepts. */
export const MAX_TEXT = 4 * 1024 * 1024;

export interface ReadResult {
  source: ParsedSource;
  diagnostics: Diagnostic[];
  /** False when the text has errors after which its value can't be trusted. */
  readable: boolean;
}

/**
 * Reads YAML (1.2) or JSON. An unquoted `{{ … }}` is reported and read as it was meant; other errors of the text
 * end the reading, because what follows them would only be guessed.
 */
export function readSource(input: { text: string; file: string }): ReadResult {
  const { text, file } = input;
  const lines = new LineIndex(text);
  const stop = (diagnostic: Diagnostic): ReadResult => ({
    source: new ParsedSource({ file, lines, value: undefined, root: null, anchors: new Map(), mended: [] }),
    diagnostics: [diagnostic],
    readable: false,
  });
  if (text.length > MAX_TEXT) {
    return stop(
      finding('ICE1008', file, `The document has ${text.length} characters; ${MAX_TEXT} is the most`, {
        range: lines.range(0, 0),
      }),
    );
  }
  const isJson = file.toLowerCase().endsWith('.json');
  const jsonProblem = isJson ? checkJson(file, lines) : undefined;
  const { document, mended } = parse(text, lines);
  const diagnostics: Diagnostic[] = mended.map((region) => unquoted(file, lines, region, isJson));
  const errors = explainYamlErrors(file, lines, document);
  diagnostics.push(...errors);
  if (jsonProblem && diagnostics.length === 0) diagnostics.push(jsonProblem);
  diagnostics.push(...checkCharacters(file, lines));
  const { value, anchors, findings } = toJson(document, file, lines, mended);
  const fatal = errors.length > 0 || findings.some((each) => each.fatal);
  diagnostics.push(...findings.map((each) => each.diagnostic));
  const source = new ParsedSource({
    file,
    lines,
    value: fatal ? undefined : value,
    root: document.contents as Node | null,
    anchors,
    mended,
  });
  return { source, diagnostics, readable: !fatal };
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
  let mended = document.errors.length > 0 || MAY_BE_UNQUOTED.test(text) ? unquotedTemplates(text) : [];
  if (mended.length > 0) document = read(cover(text, mended));
  // A plain text that YAML cuts at `: `: cover it too and look again, as long as that helps.
  for (let round = 0; round < 20 && document.errors.length > 0; round++) {
    const region = plainWithTemplate(lines, document.errors[0]!.pos[0]);
    if (!region || mended.some((each) => region.start < each.end && each.start < region.end)) break;
    const more = [...mended, region].sort((a, b) => a.start - b.start);
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
  return finding('ICE1005', file, 'An expression must stand in quotes', {
    range: lines.range(region.start, region.end),
    help: `YAML reads braces as a map. Write ${quoted(region.value)}.`,
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
}

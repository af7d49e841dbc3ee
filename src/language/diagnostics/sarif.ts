import type { Diagnostic, SourceRange } from '../../contracts/diagnostics.ts';
import { CODES } from './codes.ts';

/** Where the pages of codes live; the docs folder of the package has the same files. */
export const diagnosticDocs = (code: string): string => `https://iceos.dev/diagnostics/${code}`;

/** Findings as SARIF 2.1.0 (OASIS), the format of code scanning services. */
export function sarif(diagnostics: readonly Diagnostic[], version: string): string {
  const codes = [...new Set(diagnostics.map((each) => each.code))].sort();
  const rules = codes.map((code) => ruleOf(code));
  const log = {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: { name: 'ice', informationUri: 'https://iceos.dev', semanticVersion: version, rules },
        },
        columnKind: 'utf16CodeUnits',
        results: diagnostics.map((each) => resultOf(each, codes.indexOf(each.code))),
      },
    ],
  };
  return JSON.stringify(log, undefined, 2);
}

function ruleOf(code: string) {
  const entry = CODES[code];
  return {
    id: code,
    ...(entry
      ? {
          name: nameOf(entry.title),
          shortDescription: { text: entry.title },
          fullDescription: { text: entry.explain },
        }
      : {}),
    helpUri: diagnosticDocs(code),
  };
}

/** `Unknown field` -> `UnknownField`: SARIF wants names of rules as identifiers. */
const nameOf = (title: string): string =>
  title
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');

const LEVEL = { error: 'error', warning: 'warning', info: 'note' } as const;

function resultOf(diagnostic: Diagnostic, ruleIndex: number) {
  const text = diagnostic.help ? `${diagnostic.message}\n${diagnostic.help}` : diagnostic.message;
  return {
    ruleId: diagnostic.code,
    ruleIndex,
    level: LEVEL[diagnostic.severity],
    message: { text },
    locations: [
      {
        ...locationOf(diagnostic.file, diagnostic.range),
        ...(diagnostic.path ? { logicalLocations: [{ fullyQualifiedName: diagnostic.path }] } : {}),
      },
    ],
    ...(diagnostic.related && diagnostic.related.length > 0
      ? {
          relatedLocations: diagnostic.related.map((each, id) => ({
            id,
            ...locationOf(each.file, each.range),
            message: { text: each.message },
          })),
        }
      : {}),
    ...(diagnostic.fix ? { fixes: [fixOf(diagnostic.file, diagnostic.fix)] } : {}),
  };
}

function locationOf(file: string, range: SourceRange | undefined) {
  return {
    physicalLocation: {
      artifactLocation: { uri: uriOf(file) },
      ...(range
        ? {
            region: {
              startLine: range.start.line,
              startColumn: range.start.column,
              endLine: range.end.line,
              endColumn: range.end.column,
              charOffset: range.start.offset,
              charLength: range.end.offset - range.start.offset,
            },
          }
        : {}),
    },
  };
}

function fixOf(file: string, fix: NonNullable<Diagnostic['fix']>) {
  return {
    description: { text: fix.title },
    artifactChanges: [
      {
        artifactLocation: { uri: uriOf(file) },
        replacements: fix.edits.map((edit) => ({
          deletedRegion: { charOffset: edit.start, charLength: edit.end - edit.start },
          insertedContent: { text: edit.text },
        })),
      },
    ],
  };
}

/** A relative path as a URI reference: each part encoded, with slashes. */
const uriOf = (file: string): string =>
  file.replaceAll('\\', '/').split('/').map(encodeURIComponent).join('/') || 'blueprint';

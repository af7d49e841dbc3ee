import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diagnosticSchema } from '../../src/contracts/diagnostics.ts';
import { applyFixes, checkBlueprint, formatDiagnostics } from '../../src/language/index.ts';
import { fixtureCatalog } from './fixture-catalog.ts';

const catalog = fixtureCatalog();
const FIXTURES = join(import.meta.dirname, 'fixtures');
const documents = [
  readFileSync(join(import.meta.dirname, 'broken/00-valid.yaml'), 'utf8'),
  ...readdirSync(FIXTURES)
    .filter((file) => file.includes('.good.'))
    .map((file) => readFileSync(join(FIXTURES, file), 'utf8')),
];

/** Mulberry32: the same numbers for the same seed. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const PIECES = ['{{', '}}', '"', "'", ': ', '- ', '\n', '\t', '  ', '[', ']', '{', '}', '#', '&a ', '*a', '|', '>', '!!str ', '?', '\\', '\r\n',
  '\u202e', '\u0430', 'null', 'true', '0', '-1', '1e999', 'nodes', 'id', 'inputs', 'load', '$', '@', '__proto__', '\0']; // biome-ignore format: a list

function mutate(text: string, random: (below: number) => number): string {
  let out = text;
  for (let round = random(4); round >= 0; round--) {
    const at = random(out.length + 1);
    const length = random(12);
    switch (random(5)) {
      case 0:
        out = out.slice(0, at) + out.slice(at + length);
        break;
      case 1:
        out = out.slice(0, at) + PIECES[random(PIECES.length)]! + out.slice(at);
        break;
      case 2: {
        const lines = out.split('\n');
        const [line] = lines.splice(random(lines.length), 1);
        lines.splice(random(lines.length + 1), 0, line!);
        out = lines.join('\n');
        break;
      }
      case 3: {
        const lines = out.split('\n');
        const line = random(lines.length);
        lines[line] = ' '.repeat(random(8)) + lines[line]!.trimStart();
        out = lines.join('\n');
        break;
      }
      default:
        out = out.slice(0, at) + out.slice(random(out.length), random(out.length)) + out.slice(at);
    }
  }
  return out.slice(0, 20_000);
}

describe('mutated documents', () => {
  it.each([1, 2, 3, 4])('seed %i: never throw, and every range lies in the text', (seed) => {
    const random = randomFrom(seed * 7919);
    for (let round = 0; round < 150; round++) {
      const text = mutate(documents[random(documents.length)]!, random);
      const { ok, diagnostics } = checkBlueprint({ text, file: 'flow.yaml' }, catalog);
      expect(ok).toBe(!diagnostics.some((each) => each.severity === 'error'));
      for (const each of diagnostics) {
        if (!diagnosticSchema.safeParse(each).success)
          throw new Error(`Not a diagnostic: ${JSON.stringify(each)} in ${JSON.stringify(text)}`);
        const { start, end } = each.range!;
        if (start.offset > end.offset || end.offset > text.length) {
          throw new Error(`Out of the text: ${JSON.stringify(each)} in ${JSON.stringify(text)}`);
        }
        for (const edit of each.fix?.edits ?? []) {
          if (edit.start > edit.end || edit.start < 0 || edit.end > text.length) {
            throw new Error(`A fix out of the text: ${JSON.stringify(each)} in ${JSON.stringify(text)}`);
          }
        }
      }
      const sources = new Map([['flow.yaml', text]]);
      // No text of a document reaches the terminal as a control character.
      const shown = formatDiagnostics(diagnostics, sources, 'pretty', { width: 60 });
      expect(/[\x00-\x08\x0b-\x1f\x7f\u202e]/.test(shown)).toBe(false);
      JSON.parse(formatDiagnostics(diagnostics, sources, 'sarif'));
      applyFixes(text, diagnostics);
    }
  });
});

import type { Diagnostic } from '../../contracts/diagnostics.ts';
import { finding } from '../diagnostics/finding.ts';
import { directionMark } from './characters.ts';
import type { LineIndex } from './line-index.ts';

/** What no document may hold: control characters, and marks that make a text read differently from what it says. */
export function checkCharacters(file: string, lines: LineIndex): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const control = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/.exec(lines.text);
  if (control) {
    const code = control[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    diagnostics.push(
      finding('ICE1019', file, `The text holds a control character (U+${code})`, {
        range: lines.range(control.index, control.index + 1),
        help: 'Remove it; inside double quotes it can be written as an escape, as "\\x1b".',
      }),
    );
  }
  const replaced = lines.text.indexOf('\ufffd');
  if (replaced >= 0) {
    diagnostics.push(
      finding('ICE1019', file, 'The text is not UTF-8: a character could not be decoded', {
        range: lines.range(replaced, replaced + 1),
        help: 'Save the file as UTF-8.',
      }),
    );
  }
  const mark = directionMark(lines.text);
  if (mark) {
    diagnostics.push(
      finding(
        'ICE1018',
        file,
        `An invisible mark (${mark.name}) changes the direction in which the text is shown`,
        {
          severity: 'warning',
          range: lines.range(mark.at, mark.at + 1),
          help: 'What is read on the screen is not what is written. Remove it, or write it as an escape in double quotes.',
        },
      ),
    );
  }
  return diagnostics;
}

/** A `.json` file must be JSON, and not merely the YAML that JSON is a part of. */
export function checkJson(file: string, lines: LineIndex): Diagnostic | undefined {
  const text = lines.text.charCodeAt(0) === 0xfeff ? lines.text.slice(1) : lines.text;
  if (text.trim() === '') return undefined;
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const offset =
      Number(/position (\d+)/.exec(message)?.[1] ?? text.length) + lines.text.length - text.length;
    return finding('ICE1012', file, 'This is not JSON', {
      range: lines.range(offset, Math.min(offset + 1, lines.text.length)),
      help: `${jsonHint(lines.text, offset)} A file that ends in .yaml may also hold comments, unquoted texts and trailing commas.`,
    });
  }
}

function jsonHint(text: string, offset: number): string {
  const before = text.slice(Math.max(0, offset - 50), offset).trimEnd();
  const char = text[offset];
  if ((char === '}' || char === ']') && before.endsWith(',')) return 'Remove the comma before it.';
  if (char === "'") return 'Texts stand in double quotes.';
  if (char === '/' || char === '#') return 'JSON has no comments.';
  if (char === undefined) return 'It ends too early: a brace, bracket or quote is not closed.';
  if (char === '"') return 'A comma may be missing before it.';
  return 'Keys and texts stand in double quotes.';
}

import { NODE_ID } from '../../contracts/ids.ts';
import type { Collector } from '../diagnostics/collector.ts';
import { replaceValue } from '../diagnostics/fixes.ts';
import { RESERVED_IDS } from '../expressions/builtins.ts';
import { confusable } from '../source/characters.ts';
import type { Path } from '../source/path.ts';

const reserved: ReadonlySet<string> = new Set(RESERVED_IDS);

/**
 * Checks the form of an id (or of a loop's `as`), and gives the id under which the rest of the document knows it:
 * with its look-alike letters mended. A bad id is used as it is, so that what refers to it isn't reported again.
 */
export function checkId(out: Collector, id: string, path: Path, what: string): string {
  const confusion = confusable(id);
  if (confusion) {
    const { meant } = confusion;
    out.within('ICE1018', path, confusion.at, confusion.at + 1, `The ${what} holds ${confusion.what}`, {
      help: `Write '${meant}' in plain letters.`,
      fix: NODE_ID.test(meant) ? replaceValue(out.source, path, meant, `Write '${meant}'`, true) : undefined,
    });
    return meant;
  }
  if (!NODE_ID.test(id)) {
    const meant = idFrom(id);
    out.atValue('ICE1108', path, `'${shorten(id)}' cannot be a ${what}`, {
      help: `${reasonOf(id, what)}${meant ? ` Write '${meant}'.` : ''}`,
      fix: meant ? replaceValue(out.source, path, meant, `Write '${meant}'`, false) : undefined,
    });
    return id;
  }
  if (reserved.has(id)) {
    out.atValue('ICE1110', path, `'${id}' cannot be a ${what}: the word is taken in expressions`, {
      help: `Choose another name, as '${id}_1' or one that says what it does.`,
    });
  }
  return id;
}

function reasonOf(id: string, what: string): string {
  const article = /^[aeiou]/.test(what) ? 'An' : 'A';
  if (id === '') return `${article} ${what} has at least one letter.`;
  if (id.length > 64) return `${article} ${what} has at most 64 characters.`;
  if (/^[0-9_]/.test(id)) return `${article} ${what} begins with a letter.`;
  if (id.includes('-')) return 'A dash would be a minus in expressions.';
  if (id.includes('.')) return 'A dot separates the parts of a path.';
  if (/\s/.test(id)) return `${article} ${what} has no blanks.`;
  return `${article} ${what} is made of the letters a to z and A to Z, digits and _.`;
}

/** The nearest id of the right form; undefined when nothing of it would be left. */
function idFrom(id: string): string | undefined {
  const plain = id
    .normalize('NFKD')
    .replaceAll(/[\u0300-\u036f]/g, '')
    .replaceAll(/[^A-Za-z0-9_]+/g, '_')
    .replaceAll(/^[^A-Za-z]+|_+$/g, '')
    .slice(0, 64);
  return NODE_ID.test(plain) && !reserved.has(plain) ? plain : undefined;
}

const shorten = (text: string): string => (text.length > 40 ? `${text.slice(0, 40)}…` : text);

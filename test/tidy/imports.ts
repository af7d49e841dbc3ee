import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { transformSync } from 'esbuild';

/** One import of a source file; `to` is a path relative to the root (ours) or a package name. */
export interface Import {
  from: string;
  to: string;
  ours: boolean;
  /** `import type` and type-only names: no edge at run time, but still knowledge of the other room. */
  typeOnly: boolean;
  dynamic: boolean;
}

export function sourceFiles(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mts|js)$/.test(entry.name))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    .sort();
}

// Types are erased by the compiler before it tells imports, so that it can be asked for what is left at run time;
// the tokens of the text itself tell the type-only ones. Comments and strings are blanked first.
const STATEMENT =
  /\b(?:import|export)\s+(type\s+)?(?:[\w*{}\s,$]+?\s+from\s+)?(['"])([^'"\n]+)\2|\bimport\s*\(\s*(['"])([^'"\n]+)\4\s*[,)]/g;

/** The text without comments, same length, so that an import in a comment does not count. */
function withoutComments(text: string): string {
  let out = '';
  for (let i = 0; i < text.length; ) {
    const two = text.slice(i, i + 2);
    if (two === '//' || two === '/*') {
      const end = two === '//' ? text.indexOf('\n', i) : text.indexOf('*/', i + 2) + 2;
      const stop = end < (two === '//' ? 0 : 2) ? text.length : end;
      out += text.slice(i, stop).replace(/[^\n]/g, ' ');
      i = stop;
    } else if (text[i] === "'" || text[i] === '"' || text[i] === '`') {
      const quote = text[i]!;
      let j = i + 1;
      while (j < text.length && text[j] !== quote && (quote === '`' || text[j] !== '\n'))
        j += text[j] === '\\' ? 2 : 1;
      const literal = text.slice(i, j + 1);
      // A template literal holds text, often code: its words are no imports.
      out += quote === '`' ? literal.replace(/[^\n]/g, ' ') : literal;
      i = j + 1;
    } else {
      out += text[i++];
    }
  }
  return out;
}

/** All imports of a file: static, `export from`, bare, dynamic `import()`, `import('…')` in types, and of itself. */
export function importsOf(root: string, file: string): Import[] {
  const text = readFileSync(join(root, file), 'utf8');
  const found: Import[] = [];
  for (const match of withoutComments(text).matchAll(STATEMENT)) {
    const specifier = match[3] ?? match[5]!;
    const ours = specifier.startsWith('.');
    const to = ours ? normalize(join(dirname(file), specifier)) : specifier;
    found.push({ from: file, to, ours, typeOnly: match[1] !== undefined, dynamic: match[5] !== undefined });
  }
  return found;
}

/** Throws if a file is not TypeScript that can be stripped: guards the parser above against text it would misread. */
export function assertParses(root: string, file: string): void {
  transformSync(readFileSync(join(root, file), 'utf8'), {
    loader: file.endsWith('.js') ? 'js' : 'ts',
    sourcefile: file,
  });
}

import { join } from 'node:path';
import type { Message } from 'esbuild';
import { suggest } from '../language/expressions/suggest.ts';
import { iceosEntry } from './iceos-package.ts';

/** What the module `iceos` has to import, besides its types. */
export const IMPORTABLE = ['defineTool', 'workflow', 'expr', 'text', 'RetryableError', 'TerminalError'];

/** What the bundler says, in words that help. `before` is the text of the file up to the place. */
export function explainMessage(
  root: string,
  { text, location }: Pick<Message, 'text' | 'location'>,
  before: string,
): { message: string; help?: string } {
  const missing = /^Could not resolve "([^"]+)"/.exec(text)?.[1];
  if (missing !== undefined)
    return { message: `The module ${missing} is not found`, help: helpMissing(missing) };

  const [, from, name] = /^No matching export in "([^"]+)" for import "([^"]+)"/.exec(text) ?? [];
  if (from !== undefined && name !== undefined) {
    const own = join(root, from) === iceosEntry();
    const meant = own ? suggest(name, IMPORTABLE) : undefined;
    const default_ = name === 'default' ? 'has no default export' : `exports no ${name}`;
    return {
      message: `${own ? 'iceos' : from} ${default_}`,
      help:
        meant !== undefined
          ? `Did you mean ${meant}?`
          : own
            ? `It exports ${IMPORTABLE.join(', ')}${name === 'default' ? ": import { defineTool } from 'iceos'" : ''}.`
            : undefined,
    };
  }

  const [, found] = /^Expected .+ but found (.+)$/.exec(text) ?? [];
  const last = before.trimEnd().at(-1) ?? '';
  if (found !== undefined && location !== null && /["'`]/.test(last) && before.endsWith(last))
    return {
      message: text,
      help: `The text ends at ${last} before it: write \\${last}, or use other quotes around it.`,
    };
  // Two things that follow each other on two lines: what should be between them stands at the end of the first.
  if (
    found !== undefined &&
    /[\w"'`)\]}]/.test(last) &&
    /^"(?:[\w$]+)"$|^string/.test(found) &&
    /\n\s*$/.test(before)
  )
    return {
      message: text,
      help: `A comma may be missing at the end of line ${before.trimEnd().split('\n').length}.`,
    };
  return { message: text === '' ? 'It cannot be bundled' : text.slice(0, 1000) };
}

const helpMissing = (name: string): string =>
  name.startsWith('.') || name.startsWith('/')
    ? 'Check the path; it is relative to the file that imports it'
    : `npm install ${name
        .split('/')
        .slice(0, name.startsWith('@') ? 2 : 1)
        .join('/')}`;

/** Templates in the manner of Mustache: names, sections, inverted sections, partials, comments; no code. */

export type Part =
  | { kind: 'text'; text: string }
  | { kind: 'value'; name: string; raw: boolean; line: number }
  | { kind: 'section'; name: string; inverted: boolean; parts: Part[]; line: number }
  | { kind: 'partial'; name: string; line: number };

/** A template that is none, or a value that is not there; the message names the line. */
export class TemplateError extends Error {}

const MOST_DEPTH = 50;
const MOST_CHARS = 16 * 1024 * 1024;

/** Reads a template. A tag other than a value that stands alone on its line takes the line with it. */
export function parseTemplate(template: string, open: string, close: string, name = 'the template'): Part[] {
  const root: Part[] = [];
  const above: { section: Part & { kind: 'section' }; parts: Part[] }[] = [];
  let parts = root;
  let at = 0;
  let line = 1;
  const fail = (message: string, where = line): never => {
    throw new TemplateError(`${name === 'the template' ? 'Line' : `${name}, line`} ${where}: ${message}`);
  };
  const text = (value: string): void => {
    if (value !== '') parts.push({ kind: 'text', text: value });
    line += value.split('\n').length - 1;
  };
  while (at < template.length) {
    const start = template.indexOf(open, at);
    if (start < 0) {
      text(template.slice(at));
      break;
    }
    const end = template.indexOf(close, start + open.length);
    if (end < 0) {
      text(template.slice(at, start));
      return fail(`${open} is not closed`);
    }
    const inner = template.slice(start + open.length, end).trim();
    const sign = /^[#^/!>&]/.exec(inner)?.[0] ?? '';
    const tag = inner.slice(sign.length).trim();
    let before = template.slice(at, start);
    let after = end + close.length;
    if (sign !== '' && sign !== '&') {
      const lineStart = before.lastIndexOf('\n') + 1;
      const isStart = lineStart > 0 || at === 0 || template[at - 1] === '\n';
      const rest = /^[ \t]*(\r?\n|$)/.exec(template.slice(after, after + 1000));
      if (isStart && before.slice(lineStart).trim() === '' && rest !== null) {
        before = before.slice(0, lineStart);
        after += rest[0].length;
      }
    }
    text(before);
    const tagLine = line;
    line += template.slice(start, after).split('\n').length - 1;
    if (tag === '' && sign !== '!') fail('a tag without a name', tagLine);
    switch (sign) {
      case '!':
        break;
      case '#':
      case '^': {
        if (above.length >= MOST_DEPTH) fail('sections are nested too deeply', tagLine);
        const section: Part & { kind: 'section' } = {
          kind: 'section',
          name: tag,
          inverted: sign === '^',
          parts: [],
          line: tagLine,
        };
        parts.push(section);
        above.push({ section, parts });
        parts = section.parts;
        break;
      }
      case '/': {
        const opened = above.pop();
        if (opened === undefined) return fail(`${tag} is closed and was not opened`, tagLine);
        if (opened.section.name !== tag)
          fail(
            `${tag} is closed, but ${opened.section.name} of line ${opened.section.line} is open`,
            tagLine,
          );
        parts = opened.parts;
        break;
      }
      case '>':
        parts.push({ kind: 'partial', name: tag, line: tagLine });
        break;
      default:
        parts.push({ kind: 'value', name: tag, raw: sign === '&', line: tagLine });
    }
    at = after;
  }
  const open_ = above.at(-1);
  if (open_ !== undefined) fail(`${open_.section.name} is not closed`, open_.section.line);
  return root;
}

export interface RenderOptions {
  partials: ReadonlyMap<string, Part[]>;
  escape(text: string): string;
  missing: 'error' | 'empty';
}

/** Fills a template. A section runs for each item of a list, once for anything else that is not empty. */
export function renderTemplate(
  template: Part[],
  data: Record<string, unknown>,
  options: RenderOptions,
): string {
  const out: string[] = [];
  let chars = 0;
  const put = (text: string): void => {
    chars += text.length;
    if (chars > MOST_CHARS) throw new TemplateError(`The text is longer than ${MOST_CHARS} characters`);
    out.push(text);
  };
  const visit = (parts: Part[], stack: readonly unknown[], depth: number): void => {
    if (depth > MOST_DEPTH) throw new TemplateError('Partials are nested too deeply: one holds itself');
    for (const part of parts) {
      if (part.kind === 'text') {
        put(part.text);
        continue;
      }
      if (part.kind === 'partial') {
        const partial = options.partials.get(part.name);
        if (partial === undefined)
          throw new TemplateError(`Line ${part.line}: there is no partial ${part.name}`);
        visit(partial, stack, depth + 1);
        continue;
      }
      const value = find(stack, part.name);
      if (part.kind === 'value') {
        if (value === undefined && options.missing === 'error')
          throw new TemplateError(
            `Line ${part.line}: there is no value ${part.name}; missing: empty leaves it out`,
          );
        put(part.raw ? show(value) : options.escape(show(value)));
        continue;
      }
      const isEmpty =
        value === undefined ||
        value === null ||
        value === false ||
        value === '' ||
        value === 0 ||
        (Array.isArray(value) && value.length === 0);
      if (part.inverted) {
        if (isEmpty) visit(part.parts, stack, depth);
      } else if (Array.isArray(value)) for (const item of value) visit(part.parts, [...stack, item], depth);
      else if (!isEmpty) visit(part.parts, [...stack, value], depth);
    }
  };
  visit(template, [data], 0);
  return out.join('');
}

/** The innermost value that has the first part of the name; `.` is the item itself. */
function find(stack: readonly unknown[], name: string): unknown {
  if (name === '.') return stack.at(-1);
  const [first, ...rest] = name.split('.');
  for (let i = stack.length - 1; i >= 0; i--) {
    const own = field(stack[i], first!);
    if (own !== undefined) return rest.reduce<unknown>(field, own);
  }
  return undefined;
}

const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;

/** As blueprints show values in text: null is empty, objects are compact JSON. */
const show = (value: unknown): string =>
  value === undefined || value === null
    ? ''
    : typeof value === 'object'
      ? JSON.stringify(value)
      : String(value);

import type { Element } from './parse.ts';

/** CSS selectors over a page: types, classes, ids, attributes, combinators, and the structural pseudo-classes. */

interface Compound {
  /** How it stands to what is left of it. */
  combinator: ' ' | '>' | '+' | '~';
  tests: ((element: Element) => boolean)[];
}
export type Selector = Compound[][];

/** A selector that is none, or uses what is not supported. */
export class SelectorError extends Error {}

const IDENT = /-?(?:[_a-zA-Z\u0080-\uffff]|\\.)(?:[\w-]|[\u0080-\uffff]|\\.)*/y;
const ATTR = /\[\s*([\w:-]+)\s*(?:([~|^$*]?=)\s*(?:"([^"]*)"|'([^']*)'|([^\s\]]+))\s*([iI])?\s*)?\]/y;

export function parseSelector(text: string): Selector {
  const groups: Selector = [];
  let at = 0;
  const fail = (message: string): never => {
    throw new SelectorError(
      `The selector ${JSON.stringify(text.slice(0, 100))}: ${message} at character ${at + 1}`,
    );
  };
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) at = pattern.lastIndex;
    return match ?? undefined;
  };
  const ident = (): string => (take(IDENT)?.[0] ?? fail('expected a name')).replace(/\\(.)/g, '$1');
  const blank = (): boolean => take(/\s+/y) !== undefined;

  const compound = (combinator: Compound['combinator'], inNot: boolean): Compound => {
    const tests: Compound['tests'] = [];
    for (;;) {
      const char = text[at];
      if (char === '*') at += 1;
      else if (char === '#') {
        at += 1;
        const id = ident();
        tests.push((it) => it.attributes.get('id') === id);
      } else if (char === '.') {
        at += 1;
        const name = ident();
        tests.push((it) => words(it.attributes.get('class')).includes(name));
      } else if (char === '[') {
        tests.push(attribute());
      } else if (char === ':') {
        if (text[at + 1] === ':') fail('pseudo-elements are not supported');
        tests.push(pseudo(inNot));
      } else if (tests.length === 0 && char !== undefined && /[\w\\\u0080-\uffff-]/.test(char)) {
        const tag = ident().toLowerCase();
        tests.push((it) => it.tag === tag);
      } else {
        if (tests.length === 0 && text[at - 1] !== '*') fail('expected a selector');
        return { combinator, tests };
      }
    }
  };

  const attribute = (): Compound['tests'][number] => {
    const match = take(ATTR) ?? fail('expected an attribute, as [href^="https:"]');
    const name = match[1]!.toLowerCase();
    const op = match[2];
    const fold = (value: string): string => (match[6] === undefined ? value : value.toLowerCase());
    const wanted = fold(match[3] ?? match[4] ?? match[5] ?? '');
    return (it) => {
      const given = it.attributes.get(name);
      if (given === undefined) return false;
      const value = fold(given);
      switch (op) {
        case undefined:
          return true;
        case '=':
          return value === wanted;
        case '~=':
          return words(value).includes(wanted);
        case '|=':
          return value === wanted || value.startsWith(`${wanted}-`);
        case '^=':
          return wanted !== '' && value.startsWith(wanted);
        case '$=':
          return wanted !== '' && value.endsWith(wanted);
        default:
          return wanted !== '' && value.includes(wanted);
      }
    };
  };

  const pseudo = (inNot: boolean): Compound['tests'][number] => {
    at += 1;
    const name = ident().toLowerCase();
    switch (name) {
      case 'first-child':
        return (it) => siblings(it)[0] === it;
      case 'last-child':
        return (it) => siblings(it).at(-1) === it;
      case 'only-child':
        return (it) => siblings(it).length === 1;
      case 'first-of-type':
        return (it) => siblings(it).find((one) => one.tag === it.tag) === it;
      case 'last-of-type':
        return (it) => siblings(it).findLast((one) => one.tag === it.tag) === it;
      case 'empty':
        return (it) => it.children.length === 0;
      case 'root':
        return (it) => it.parent?.parent === undefined;
      case 'nth-child':
      case 'nth-of-type':
      case 'nth-last-child': {
        const [step, offset] = nth();
        return (it) => {
          const among =
            name === 'nth-of-type' ? siblings(it).filter((one) => one.tag === it.tag) : siblings(it);
          const place = name === 'nth-last-child' ? among.length - among.indexOf(it) : among.indexOf(it) + 1;
          const distance = place - offset;
          return step === 0 ? distance === 0 : distance % step === 0 && distance / step >= 0;
        };
      }
      case 'not': {
        if (inNot) fail(':not inside of :not is not supported');
        if (text[at] !== '(') fail('expected (');
        at += 1;
        blank();
        const inner = compound(' ', true);
        blank();
        if (text[at] !== ')') fail('expected ), :not takes one simple selector');
        at += 1;
        return (it) => !inner.tests.every((one) => one(it));
      }
      default:
        return fail(`:${name} is not supported`);
    }
  };

  const nth = (): [number, number] => {
    const match =
      take(/\(\s*(?:(odd|even)|([+-]?\d*)n\s*([+-]\s*\d+)?|([+-]?\d+))\s*\)/y) ??
      fail('expected (2n+1), (odd) or (3)');
    if (match[1] !== undefined) return [2, match[1] === 'odd' ? 1 : 0];
    if (match[4] !== undefined) return [0, Number(match[4])];
    const step = match[2] === '' || match[2] === '+' ? 1 : match[2] === '-' ? -1 : Number(match[2]);
    return [step, Number((match[3] ?? '0').replace(/\s/g, ''))];
  };

  do {
    blank();
    const group = [compound(' ', false)];
    for (;;) {
      const spaced = blank();
      const sign = take(/[>+~]/y)?.[0] as Compound['combinator'] | undefined;
      if (sign !== undefined) blank();
      else if (!spaced || at >= text.length || text[at] === ',') break;
      group.push(compound(sign ?? ' ', false));
    }
    groups.push(group);
  } while (take(/,/y) !== undefined);
  if (at < text.length) fail('unexpected text');
  return groups;
}

const words = (value: string | undefined): string[] => (value ?? '').split(/\s+/);
const siblings = (it: Element): Element[] =>
  (it.parent?.children ?? []).filter((one) => typeof one !== 'string');

/** The elements under `from` that match, in the order of the page. */
export function selectAll(from: Element, selector: Selector): Element[] {
  const found: Element[] = [];
  const visit = (element: Element): void => {
    for (const child of element.children) {
      if (typeof child === 'string') continue;
      if (selector.some((group) => matches(child, group, group.length - 1))) found.push(child);
      visit(child);
    }
  };
  visit(from);
  return found;
}

function matches(element: Element, group: Compound[], at: number): boolean {
  const { tests, combinator } = group[at]!;
  if (element.tag === '#root' || !tests.every((test) => test(element))) return false;
  if (at === 0) return true;
  const near = (): Element[] => {
    const all = siblings(element);
    return all.slice(0, all.indexOf(element));
  };
  switch (combinator) {
    case '>':
      return element.parent !== undefined && matches(element.parent, group, at - 1);
    case '+': {
      const before = near().at(-1);
      return before !== undefined && matches(before, group, at - 1);
    }
    case '~':
      return near().some((one) => matches(one, group, at - 1));
    default:
      for (let up = element.parent; up !== undefined; up = up.parent)
        if (matches(up, group, at - 1)) return true;
      return false;
  }
}

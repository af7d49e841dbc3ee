import { describe, expect, test } from 'vitest';
import { Meter } from '../../../src/language/expressions/meter.ts';
import { matchRegex, regexProblem } from '../../../src/language/expressions/regex.ts';
import { randomOf } from './random.ts';

const meter = () => new Meter('', { get: () => undefined }, 0, 1_000_000);
const found = (pattern: string, text: string): boolean => matchRegex(meter(), pattern, text);

describe('agrees with JavaScript where both understand the pattern', () => {
  const patterns = [
    'a',
    'abc',
    'a*',
    'a+b',
    'a?b',
    '^a',
    'a$',
    '^$',
    '^a|b$',
    'a|b|c',
    '(ab)+c',
    '(?:ab|c)*d',
    '[abc]',
    '[^abc]',
    '[a-cx-z]+',
    '[]a]',
    '[a\\-z]',
    '[-a]',
    '[a-]',
    '\\d+',
    '\\w\\s\\S',
    '\\bab\\b',
    'a\\Bb',
    'a{2}',
    '^a{2,3}$',
    '^a{2,}$',
    'a{0}b',
    '(a|ab)(c|bcd)(d*)',
    '.',
    'a.c',
    '\\.',
    '\\x61b',
    '^(a?){3}a{3}$',
    '(a*)*b',
    '(a|a)*b',
    '^\\d{4}-\\d\\d-\\d\\d$',
    '(?<name>a)b',
    'a*?b',
    '^((a|b)*c)+$',
    'x{,2}',
    'x{a}',
  ];
  const texts = [
    '',
    'a',
    'b',
    'ab',
    'aab',
    'abc',
    'aaa',
    'aaaa',
    'abcd',
    'a c',
    'a\nc',
    'b\na',
    '-',
    'z',
    'x y',
    'ab ab',
    'cabd',
    '2026-01-02',
    'aaab',
    ']',
    'x{,2}',
    'x{a}',
    'é',
  ];

  test.each(patterns)('%s', (pattern) => {
    // A leading `]` in brackets is a character in RE2 and ends them in JavaScript.
    const same = new RegExp(pattern === '[]a]' ? '[\\]a]' : pattern);
    for (const text of texts) expect(found(pattern, text), JSON.stringify(text)).toBe(same.test(text));
  });

  test('random patterns', () => {
    const random = randomOf(7);
    const make = (depth: number): string => {
      const kind = random(depth > 3 ? 3 : 8);
      if (kind < 3) return 'abc'[kind]!;
      if (kind === 3) return `(${make(depth + 1)}|${make(depth + 1)})`;
      if (kind === 4) return `${make(depth + 1)}${make(depth + 1)}`;
      if (kind === 5) return `(${make(depth + 1)})*`;
      if (kind === 6) return `(${make(depth + 1)}){1,2}`;
      return `[^${'abc'[random(3)]}]`;
    };
    for (let i = 0; i < 500; i++) {
      const pattern = `^${make(0)}$`;
      const text = Array.from({ length: random(6) }, () => 'abc'[random(3)]).join('');
      expect(found(pattern, text), `${pattern} on ${text}`).toBe(new RegExp(pattern).test(text));
    }
  });
});

test('flags, code points and anchors of RE2', () => {
  expect(found('(?i)straße', 'STRAßE')).toBe(true);
  expect(found('(?i)[a-c]+$', 'xABC')).toBe(true);
  expect(found('(?s)a.c', 'a\nc')).toBe(true);
  expect(found('(?m)^b$', 'a\nb\nc')).toBe(true);
  expect(found('^.$', '👋')).toBe(true);
  expect(found('^[👋-👍]$', '👌')).toBe(true);
  expect(found('\\Aa\\z', 'a')).toBe(true);
  expect(found('(?P<y>\\d+)', '12')).toBe(true);
});

test.each([
  '(?=a)',
  '(?!a)',
  '(?<=a)b',
  '(?<!a)b',
  '(a)\\1',
  '\\k<a>',
  '(',
  ')',
  '[a',
  'a**',
  '*a',
  '+',
  '\\',
  'a{3,2}',
  'a{2000}',
  '[b-a]',
  '\\q',
  '\\xzz',
  '[[:alpha:]]',
  '(?z)a',
  '((a{500}){500}){500}',
  '((){1000}){1000}',
  '((((){1000}){1000}){1000}){1000}',
  'a'.repeat(1001),
  '('.repeat(100),
])('%s is refused with a reason', (pattern) => {
  expect(regexProblem(pattern)).toMatch(/^The pattern /);
});

test('what makes other engines explode takes linear time, and is metered', () => {
  const before = performance.now();
  expect(found('^(a+)+$', `${'a'.repeat(20_000)}!`)).toBe(false);
  expect(found('(x+x+)+y', 'x'.repeat(20_000))).toBe(false);
  expect(found('(.*)*=(.*)*;', 'z'.repeat(20_000))).toBe(false);
  expect(performance.now() - before).toBeLessThan(2_000);
  expect(() => found('(a|b|c|d|e|[a-z]{1,100})*$', 'q'.repeat(100_000))).toThrow(/steps/);
});

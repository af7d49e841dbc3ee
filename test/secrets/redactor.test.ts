import { describe, expect, test } from 'vitest';
import type { Json } from '../../src/contracts/json.ts';
import { createRedactor } from '../../src/secrets/redactor.ts';

const SECRET = 'p@ss/wörd+"k\\y"&1=~';
const redactor = createRedactor([SECRET, 'short-one', 'abc']);
const base64 = (text: string) => Buffer.from(text).toString('base64');

/** Ways to print a secret: each result must show no form of it. */
const WAYS: Record<string, (secret: string) => string> = {
  plain: (s) => s,
  'in a sentence': (s) => `the key is ${s}, keep it`,
  base64: base64,
  'base64 without padding': (s) => base64(s).replace(/=+$/, ''),
  base64url: (s) => Buffer.from(s).toString('base64url'),
  btoa: (s) => btoa(`user:${s}`),
  'basic authentication': (s) => `Basic ${base64(`user:${s}`)}`,
  'base64 after one byte': (s) => base64(`x${s}`),
  'base64 after two bytes, with more behind': (s) => base64(`xy${s}and more`),
  'base64url after one byte': (s) => Buffer.from(`x${s}`).toString('base64url'),
  encodeURIComponent: encodeURIComponent,
  encodeURI: encodeURI,
  'a form': (s) => new URLSearchParams({ key: s }).toString(),
  'a query, in lower case': (s) => encodeURIComponent(s).replace(/%../g, (x) => x.toLowerCase()),
  'every byte percent-encoded': (s) =>
    [...Buffer.from(s)].map((b) => `%${b.toString(16).padStart(2, '0')}`).join(''),
  hex: (s) => Buffer.from(s).toString('hex'),
  HEX: (s) => Buffer.from(s).toString('hex').toUpperCase(),
  JSON: (s) => JSON.stringify({ key: s }),
  'JSON in JSON': (s) => JSON.stringify({ body: JSON.stringify({ key: s }) }),
  'JSON in ASCII': (s) =>
    JSON.stringify(s).replace(
      /[\u007f-\uffff]/g,
      (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
  HTML: (s) => `<a href="${s.replace(/&/g, '&amp;').replace(/"/g, '&quot;')}">`,
  twice: (s) => s + s,
};

describe('a secret is taken out', () => {
  test.each(Object.entries(WAYS))('%s', (_, print) => {
    const shown = redactor.text(print(SECRET));
    expect(shown).toContain('***');
    // Decoding what is left gives nothing back: no six characters of it in a row.
    const decoded = [shown, Buffer.from(shown, 'base64').toString(), Buffer.from(shown, 'hex').toString()];
    for (const text of decoded)
      for (let i = 0; i + 6 <= SECRET.length; i++) expect(text).not.toContain(SECRET.slice(i, i + 6));
  });

  test.each(Object.entries(WAYS))('%s, at every split of a stream', (_, print) => {
    const printed = `before ${print(SECRET)} after`;
    const whole = redactor.text(printed);
    for (let at = 0; at <= printed.length; at++) {
      const stream = redactor.stream();
      expect(stream.push(printed.slice(0, at)) + stream.push(printed.slice(at)) + stream.end()).toBe(whole);
    }
    const stream = redactor.stream();
    expect([...printed].map((piece) => stream.push(piece)).join('') + stream.end()).toBe(whole);
  });

  test('from JSON: values, keys, numbers, at any depth', () => {
    const numbers = createRedactor(['12345678']);
    expect(numbers.json({ pin: 12345678, list: [1, '12345678'], '12345678': { x: 'a12345678b' } })).toEqual({
      pin: '***',
      list: [1, '***'],
      '***': { x: 'a***b' },
    });
    let deep: Json = SECRET;
    for (let i = 0; i < 100_000; i++) deep = [deep];
    let at: Json = redactor.json(deep);
    while (Array.isArray(at)) at = at[0]!;
    expect(at).toBe('***');
  });

  test('a key called __proto__ stays a key', () => {
    const value = JSON.parse(`{"__proto__": ${JSON.stringify(SECRET)}}`) as Json;
    expect(JSON.stringify(redactor.json(value))).toBe('{"__proto__":"***"}');
  });
});

test('what holds no secret comes back as the same object', () => {
  const value = { a: [1, 'x', { b: null }] };
  expect(redactor.json(value)).toBe(value);
});

test('values of fewer than four characters are left alone', () => {
  expect(redactor.text('abcdef abc')).toBe('abcdef abc');
});

test('of two secrets, one within the other, the longer goes whole, in a stream too', () => {
  const both = createRedactor(['secret', 'secret-and-more']);
  expect(both.text('secret-and-more secret')).toBe('*** ***');
  const stream = both.stream();
  expect(stream.push('my secret') + stream.push('-and-more!') + stream.end()).toBe('my ***!');
  const other = both.stream();
  expect(other.push('my secret') + other.push(' is') + other.end()).toBe('my *** is');
});

test('a stream holds back only what may be a beginning', () => {
  const stream = createRedactor(['sk-live-1234567890']).stream();
  expect(stream.push('all of this ')).toBe('all of this ');
  expect(stream.push('sk-li')).toBe('');
  // Its last letter may be the beginning of another.
  expect(stream.push('near miss')).toBe('sk-linear mis');
  expect(stream.end()).toBe('s');
});

test('a stream of overlaps is let go, and costs no more than its length', () => {
  const stream = createRedactor(['aaaa']).stream();
  let shown = '';
  for (let i = 0; i < 5000; i++) shown += stream.push('aaa');
  shown += stream.end();
  expect(shown).toMatch(/^[*a]+$/);
  expect(shown.includes('aaaa')).toBe(false);
});

test('a secret that was pasted with a newline is found without it', () => {
  expect(createRedactor(['token-1234\n']).text('x token-1234 y')).toBe('x *** y');
});

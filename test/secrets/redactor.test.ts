import { randomBytes } from 'node:crypto';
import { describe, expect, test, vi } from 'vitest';
import { cut } from '../../src/contracts/cut.ts';
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
  'base64, wrapped': (s) => base64(`${'x'.repeat(100)}${s}`).replace(/.{76}/g, '$&\n'),
};

/** Encodings of encodings. */
const NESTED: Record<string, (secret: string) => string> = {
  'base64 of base64': (s) => base64(base64(s)),
  'base64 of base64url, each after something': (s) =>
    base64(`a: ${Buffer.from(`bc${s}`).toString('base64url')} d`),
  'base64 three times': (s) => base64(base64(base64(s))),
  'base64 of JSON with base64': (s) => base64(JSON.stringify({ auth: base64(JSON.stringify({ key: s })) })),
  'base64 of a URL': (s) => base64(`https://example.com/?key=${encodeURIComponent(s)}`),
  'URL of a URL': (s) => encodeURIComponent(`https://example.com/?u=${encodeURIComponent(s)}`),
  'URL of URL of URL': (s) => encodeURIComponent(encodeURIComponent(encodeURIComponent(s))),
  'hex of base64': (s) => Buffer.from(base64(s)).toString('hex'),
  'base64 of hex': (s) => base64(Buffer.from(s).toString('hex')),
  'JSON in JSON in JSON': (s) => JSON.stringify(JSON.stringify(JSON.stringify(s))),
  'HTML by number': (s) => [...s].map((c) => `&#${c.codePointAt(0)};`).join(''),
  'every character as \\u': (s) =>
    [...s].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''),
};

/** Ways that no stream can hold back to the end of, but that a whole text shows. */
const LISTS: Record<string, (secret: string) => string> = {
  'a list of bytes': (s) => JSON.stringify([...Buffer.from(s)]),
  'a typed array as a console shows it': (s) => `Uint8Array [\n  ${[...Buffer.from(s)].join(',  ')}\n]`,
  'a buffer as a console shows it': (s) =>
    `<Buffer ${[...Buffer.from(s)].map((b) => b.toString(16).padStart(2, '0')).join(' ')}>`,
  'a list in C': (s) =>
    `{ ${[...Buffer.from(s)].map((b) => `0x${b.toString(16).padStart(2, '0')}`).join(', ')} }`,
};

describe('a secret is taken out', () => {
  test.each(Object.entries({ ...WAYS, ...NESTED }))('%s', (_, print) => {
    const shown = redactor.text(print(SECRET));
    expect(shown).toContain('***');
    // Decoding what is left gives nothing back: no six characters of it in a row.
    const twice = Buffer.from(Buffer.from(shown, 'base64').toString('latin1'), 'base64');
    const decoded = [
      shown,
      ...[Buffer.from(shown, 'base64'), Buffer.from(shown, 'hex'), twice].map((bytes) => bytes.toString()),
    ];
    for (const text of decoded)
      for (let i = 0; i + 6 <= SECRET.length; i++) expect(text).not.toContain(SECRET.slice(i, i + 6));
  });

  test.each(Object.entries(LISTS))('%s', (_, print) => {
    const shown = redactor.text(`bytes: ${print(SECRET)}.`);
    expect(shown).toContain('***');
    expect(shown.replace('Uint8', '').replace('0x', '')).not.toMatch(/\d/);
  });

  test.each(Object.entries(WAYS))('%s, at every split of a stream', (_, print) => {
    const printed = `before ${print(SECRET)} after`;
    // How base64 ends is only known at its end.
    const unfilled = (text: string): string => text.replace(/(\*\*\*)+[\w+/-]{0,3}=*/g, '***');
    const whole = unfilled(redactor.text(printed));
    for (let at = 0; at <= printed.length; at++) {
      const stream = redactor.stream();
      const shown = stream.push(printed.slice(0, at)) + stream.push(printed.slice(at)) + stream.end();
      expect(unfilled(shown)).toBe(whole);
    }
    const stream = redactor.stream();
    expect(unfilled([...printed].map((piece) => stream.push(piece)).join('') + stream.end())).toBe(whole);
  });

  test.each(Object.entries(NESTED))('%s, split, but for the first characters', (_, print) => {
    const printed = `before ${print(SECRET)} after`;
    const whole = redactor.text(printed);
    for (let at = 0; at <= printed.length; at++) {
      const stream = redactor.stream();
      const shown = stream.push(printed.slice(0, at)) + stream.push(printed.slice(at)) + stream.end();
      // Of what comes first only some bits are the secret's: they tell nothing.
      expect(shown.length).toBeLessThanOrEqual(whole.length + 9);
      expect(shown).toContain('***');
    }
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

  test.each(Object.entries({ ...WAYS, ...NESTED }).filter(([name]) => !name.includes('more behind')))(
    '%s looks the same for a value of any length',
    (_, print) => {
      const shown = ['key-of-some-length', 'key-of-some-length-x', 'key-of-some-length-xy'].map((key) =>
        createRedactor([key]).text(print(key)),
      );
      expect(new Set(shown)).toEqual(new Set([shown[0]]));
    },
  );

  test('from JSON: spread over strings, and as bytes', () => {
    const key = 'sk-live-9f8e7d6c5b4a';
    const { json } = createRedactor([key]);
    const halves = json({
      a: `x ${key.slice(0, 9)}`,
      more: [{ b: key.slice(9, 15) }, `${key.slice(15)} y`],
      c: 'c',
    });
    expect(halves).toEqual({ a: 'x ***', more: [{ b: '***' }, '*** y'], c: 'c' });
    expect(json([...key, 'rest'])).toEqual([...Array.from(key, () => '***'), 'rest']);
    expect(json([...Buffer.from(`a${key}b`)])).toEqual([97, ...Array.from(key, () => '***'), 98]);
    expect(
      JSON.stringify(json(JSON.parse(JSON.stringify({ ...new Uint8Array(Buffer.from(key)) })) as Json)),
    ).not.toMatch(/\d{2,3},/);
    expect(JSON.stringify(json(Buffer.from(key).toJSON() as unknown as Json))).not.toContain('115');
    expect(json(['sk-live-', 7, 'not', '-9f8e7d6c5b4a'])).toEqual(['sk-live-', 7, 'not', '-9f8e7d6c5b4a']);
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

describe('what ice itself makes of a text', () => {
  const key = `Sk-Live-${'9f8E7d6C5b4A'.repeat(40)}`;
  const { text } = createRedactor([key, 'https://hooks.example.com/T0/B1?key=xyz']);
  test.each([
    ['names of hosts are lowered', `${key.toLowerCase()}.example.com is not among the hosts`],
    ['methods are raised', `The method ${key.toUpperCase()} is not allowed`],
    ['a long text is cut', `Not a URL: ${cut(`a ${key}`, 100)} (or so)`],
    ['a long text is cut and escaped', JSON.stringify(`say "${cut(key, 60)}"`)],
    ['a long text is cut, in base64', `sent ${base64(`user:${key}`).slice(0, 99)}… to you`],
  ])('%s', (_, printed) => {
    expect(text(printed)).toContain('***');
    expect(text(printed)).not.toMatch(/sk-live|9f8e7d|U2st/i);
  });
  test('what only begins like a secret and was not cut stays', () => {
    const honest = 'https://hooks.example.com/ and https://hooks.example.com';
    expect(text(honest)).toBe(honest);
    expect(text('Sk-L… and more')).toBe('Sk-L… and more');
  });
  test('a text of nothing but cuts costs no more than its length', () => {
    const many = '…'.repeat(300_000);
    expect([many, '***']).toContain(text(many));
  });
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

describe('lines of a log', () => {
  const key = 'sk-live-9f8e7d6c5b4a';
  const linesOf = (parts: string[]): string[] => {
    const told: string[] = [];
    const lines = createRedactor([key, 'four']).lines<{ message: string }>(
      ({ message }) => void told.push(message),
    );
    for (const message of parts) lines.push({ message });
    lines.end();
    return told;
  };

  test.each([
    [
      'halves',
      [`key: ${key.slice(0, 7)}`, `${key.slice(7)} it is`, 'next'],
      ['key: ***', '*** it is', 'next'],
    ],
    ['letters', [...key], Array.from(key, () => '***')],
    ['letters of base64', [...base64(key)], Array.from(base64(key), () => '***')],
    ['nothing of it', ['sk-live', 'is how they begin', 'so'], ['sk-live', 'is how they begin', 'so']],
    ['a short one is looked for within lines', ['fo', 'ur', 'four'], ['fo', 'ur', '***']],
  ])('split in %s', (_, parts, told) => {
    expect(linesOf(parts)).toEqual(told);
  });

  test('a line that may be a beginning is told in a moment', async () => {
    const told: string[] = [];
    const lines = createRedactor([key]).lines<{ message: string }>(({ message }) => void told.push(message));
    lines.push({ message: 'plain ' });
    expect(told).toEqual(['plain ']);
    lines.push({ message: 'ends in s' });
    expect(told).toEqual(['plain ']);
    await vi.waitFor(() => expect(told).toEqual(['plain ', 'ends in s']), 2000);
  });
});

test('what would take too long is masked whole; what is long is not', () => {
  const { text } = createRedactor(['sk-live-9f8e7d6c5b4a']);
  let nested = 'V'.repeat(300_000);
  for (let i = 0; i < 3; i++) nested = base64(nested);
  for (const long of [
    '%25'.repeat(300_000),
    nested,
    'V'.repeat(1_000_000),
    '1,'.repeat(500_000),
    '\\'.repeat(1_000_000),
  ])
    expect([long, '***']).toContain(text(long));
  const image = randomBytes(3_000_000).toString('base64');
  expect(text(image)).toBe(image);
});

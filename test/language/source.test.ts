import { describe, expect, it } from 'vitest';
import { checkBlueprint } from '../../src/language/index.ts';
import { readSource } from '../../src/language/source/read-source.ts';
import { fixtureCatalog } from './fixture-catalog.ts';

const read = (text: string, file = 'a.yaml') => readSource({ text, file, begin: '' });

/** What each `{{ … }}` of a value is pointed at in the source. */
function pointed(text: string, key: string): string[] {
  const { source } = read(text);
  const value = (source.value as Record<string, string>)[key]!;
  return [...value.matchAll(/\{\{[^}]*\}\}/g)].map((match) => {
    const { start, end } = source.within([key], match.index, match.index + match[0].length);
    return text.slice(start.offset, end.offset);
  });
}

describe('an expression is found at its characters, however its text is written', () => {
  it.each([
    ['plain', 'k: Sell {{ a }} for {{ b }}\n', ['{{ a }}', '{{ b }}']],
    ['plain over lines', 'k: Sell {{ a }}\n  and\n  {{ b }}\n', ['{{ a }}', '{{ b }}']],
    ['single quotes', "k: 'it''s {{ a }} and ''{{ b }}'\n", ['{{ a }}', '{{ b }}']],
    ['double quotes with escapes', 'k: "\\u00e9\\n\\t{{ a }} \\x41 {{ b }}"\n', ['{{ a }}', '{{ b }}']],
    ['double quotes over lines', 'k: "one\n  {{ a }}\n\n  two \\\n  {{ b }}"\n', ['{{ a }}', '{{ b }}']],
    ['a literal block', 'k: |\n  one\n    {{ a }}\n\n  {{ b }}\n', ['{{ a }}', '{{ b }}']],
    ['a literal block with an indicator', 'k: |2-\n    one\n   {{ a }}\n  {{ b }}\n', ['{{ a }}', '{{ b }}']],
    ['a folded block', 'k: >-\n  one\n  {{ a }}\n\n    more\n  {{ b }}\n', ['{{ a }}', '{{ b }}']],
    ['CRLF', 'k: |\r\n  one\r\n  {{ a }}\r\n  {{ b }}\r\n', ['{{ a }}', '{{ b }}']],
    ['a byte order mark', '\ufeffk: "{{ a }}"\n', ['{{ a }}']],
    ['no quotes', 'k: {{ a }}\n', ['{{ a }}']],
    ['no quotes, in a list', 'k: x\nl: [ {{ a }} ]\n', []],
  ])('%s', (_name, text, expected) => {
    expect(pointed(text, 'k')).toEqual(expected);
  });

  it('counts columns in UTF-16 units, and none for a byte order mark', () => {
    const { source } = read('\ufeffa: "😀{{ x }}"\r\nb: 1\r\n');
    expect(source.within(['a'], 2, 9)).toMatchObject({
      start: { line: 1, column: 7 },
      end: { line: 1, column: 14 },
    });
    expect(source.valueRange(['b'])).toMatchObject({
      start: { line: 2, column: 4 },
      end: { line: 2, column: 5 },
    });
  });
});

describe('places', () => {
  const { source } = read('nodes:\n  - id: a\n    args: &shared { x: 1 }\n  - id: b\n    args: *shared\n');

  it('finds keys, values and items', () => {
    expect(source.keyRange(['nodes', 1, 'args'])).toMatchObject({
      start: { line: 5, column: 5 },
      end: { column: 9 },
    });
    expect(source.valueRange(['nodes', 0, 'id'])).toMatchObject({ start: { line: 2, column: 9 } });
    expect(source.keyRange(['nodes', 0])).toMatchObject({
      start: { line: 2, column: 5 },
      end: { line: 2, column: 10 },
    });
  });

  it('points at an alias where it is used, and inside it at what is repeated', () => {
    expect(source.valueRange(['nodes', 1, 'args'])).toMatchObject({ start: { line: 5, column: 11 } });
    expect(source.valueRange(['nodes', 1, 'args', 'x'])).toMatchObject({ start: { line: 3 } });
    expect(source.shared(['nodes', 1, 'args', 'x'])).toBe(true);
    expect(source.shared(['nodes', 0, 'args', 'x'])).toBe(false);
  });

  it('points at the nearest thing there is for what is missing', () => {
    expect(source.valueRange(['nodes', 0, 'args', 'nope'])).toMatchObject({ start: { line: 3, column: 5 } });
  });
});

describe('an error of the text that can be mended', () => {
  it('does not hide what else is wrong, and every place is one of the original', () => {
    const text = `blueprint: 2
name: demo
version: 1.0.0
nodes:
  - id: a
    type: set
   values: { x: 1 }
  - id: b
    type: set
\t\tvalues: { x: 'it's', y: "{{ a.y }}" }
  - id: c
    type: tool
    tool: pirce
outputs:
  x: Note: {{ b.z }}
`;
    const { diagnostics } = checkBlueprint({ text, file: 'a.yaml' }, fixtureCatalog());
    const found = diagnostics.map((each) => [
      each.code,
      text.slice(each.range!.start.offset, each.range!.end.offset),
    ]);
    expect(found).toEqual([
      ['ICE1002', 'values: { x: 1 }'],
      ['ICE1003', '\t\t'],
      ['ICE1023', "s'"],
      ['ICE1005', 'Note: {{ b.z }}'],
      ['ICE1201', 'pirce'],
      ['ICE1401', 'y'],
      ['ICE1401', 'z'],
    ]);
  });
});

describe('hostile texts end soon, with a finding', () => {
  const list = (n: number, item: (i: number) => string) =>
    Array.from({ length: n }, (_, i) => item(i)).join('\n');
  const head = 'blueprint: 2\nname: demo\nnodes:\n';
  it.each([
    ['brackets in brackets', '['.repeat(200_000), 'ICE1009'],
    ['maps in maps', '{a: '.repeat(100_000), 'ICE1009'],
    ['dashes', '- '.repeat(100_000), 'ICE1009'],
    [
      'a million blanks in a text',
      `${head}  - id: a\n    type: set\n    values:\n      x: "${' '.repeat(1_000_000)}{{ y }}"\n`,
      'ICE1307',
    ],
    ['braces without end', '{{'.repeat(100_000), 'ICE1009'],
    ['thousands of expressions without quotes', 'a: {{ x }}\n'.repeat(5_000), 'ICE1005'],
    ['a line of four million characters', `a: ${'x'.repeat(4_000_000)}`, 'ICE1102'],
    [
      'an alias bomb',
      `a: &a [x, x, x, x, x, x, x, x, x]\n${list(
        20,
        (i) =>
          `${String.fromCharCode(98 + i)}: &${String.fromCharCode(98 + i)} [${Array(9)
            .fill(`*${String.fromCharCode(97 + i)}`)
            .join(', ')}]`,
      )}`,
      'ICE1010',
    ],
    ['a value that repeats itself', 'a: &a [*a]', 'ICE1010'],
    ['an odd number of quotes', '"'.repeat(10_001), 'ICE10'],
  ])('%s', (_name, text, code) => {
    const { diagnostics, ok } = checkBlueprint({ text, file: 'a.yaml' }, fixtureCatalog());
    expect(ok).toBe(false);
    expect(diagnostics[0]!.code.startsWith(code)).toBe(true);
    expect(diagnostics.length).toBeLessThanOrEqual(501);
  });

  it('follows a chain of 5,000 nodes, in either direction', () => {
    for (const next of [
      (i: number) => (i === 0 ? '1' : `n${i - 1}.x`),
      (i: number) => (i === 4999 ? '1' : `n${i + 1}.x`),
    ]) {
      const text = `${head}${list(5_000, (i) => `  - { id: n${i}, type: set, values: { x: "{{ ${next(i)} }}" } }`)}\noutputs: { a: "{{ n0.x }}", b: "{{ n4999.x }}" }\n`;
      expect(checkBlueprint({ text, file: 'a.yaml' }, fixtureCatalog()).diagnostics).toEqual([]);
    }
  });
});

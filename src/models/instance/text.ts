import { compileRegex, type Program, RegexError } from '../../language/expressions/regex-compile.ts';
import { draw } from './draw.ts';

const WORDS =
  'amber birch cedar delta ember fjord grove harbor indigo juniper kite lagoon maple north onyx pearl quartz river sable topaz umber valley willow yarrow zephyr'.split(
    ' ',
  );

const word = (seed: string, place: string): string => WORDS[draw(seed, place, WORDS.length)]!;
const two = (number: number): string => String(number).padStart(2, '0');

/** format -> a text of it. Formats not listed here are annotations, which any text satisfies. */
const FORMATS: Record<string, (seed: string, place: string) => string> = {
  'date-time': (seed, place) => `${FORMATS['date']!(seed, place)}T${FORMATS['time']!(seed, place)}`,
  date: (seed, place) =>
    `20${two(10 + draw(seed, `${place}y`, 20))}-${two(1 + draw(seed, `${place}m`, 12))}-${two(1 + draw(seed, `${place}d`, 28))}`,
  time: (seed, place) =>
    `${two(draw(seed, `${place}H`, 24))}:${two(draw(seed, `${place}M`, 60))}:${two(draw(seed, `${place}S`, 60))}Z`,
  duration: (seed, place) => `PT${1 + draw(seed, place, 59)}M`,
  email: (seed, place) => `${word(seed, place)}@example.com`,
  'idn-email': (seed, place) => `${word(seed, place)}@example.com`,
  hostname: (seed, place) => `${word(seed, place)}.example.com`,
  'idn-hostname': (seed, place) => `${word(seed, place)}.example.com`,
  ipv4: (seed, place) => `192.0.2.${1 + draw(seed, place, 254)}`,
  ipv6: (seed, place) => `2001:db8::${(1 + draw(seed, place, 65_535)).toString(16)}`,
  uri: (seed, place) => `https://example.com/${word(seed, place)}`,
  iri: (seed, place) => `https://example.com/${word(seed, place)}`,
  'uri-reference': (seed, place) => `/${word(seed, place)}`,
  'iri-reference': (seed, place) => `/${word(seed, place)}`,
  'uri-template': (seed, place) => `/${word(seed, place)}/{id}`,
  uuid: (seed, place) => {
    const hex = (part: string) =>
      draw(seed, place + part, 0xffff_ffff)
        .toString(16)
        .padStart(8, '0');
    const all = hex('a') + hex('b') + hex('c') + hex('d');
    return `${all.slice(0, 8)}-${all.slice(8, 12)}-4${all.slice(13, 16)}-a${all.slice(17, 20)}-${all.slice(20)}`;
  },
  'json-pointer': (seed, place) => `/${word(seed, place)}`,
  'relative-json-pointer': () => '0',
  regex: (seed, place) => `^${word(seed, place)}$`,
};

/** More than this nobody asks of an example, and it bounds what a schema can make us build. */
const LONGEST = 50_000;

/**
 * A text for a string schema: of its format or pattern if it has one, else words, within `minLength` and `maxLength`
 * (in code points). Undefined when there is none that we can find.
 */
export function sampleText(
  schema: { readonly [keyword: string]: unknown },
  seed: string,
  place: string,
): string | undefined {
  const min = typeof schema['minLength'] === 'number' ? schema['minLength'] : 0;
  const max = typeof schema['maxLength'] === 'number' ? schema['maxLength'] : Number.POSITIVE_INFINITY;
  if (min > max || min > LONGEST) return undefined;
  if (typeof schema['pattern'] === 'string') return sampleOfPattern(schema['pattern'], min, max, seed, place);
  const format = typeof schema['format'] === 'string' ? FORMATS[schema['format']] : undefined;
  if (format) {
    const text = format(seed, place);
    if (text.length >= min && text.length <= max) return text;
  }
  let text = `${word(seed, `${place}1`)} ${word(seed, `${place}2`)}`;
  for (let i = 3; text.length < min; i++) text += ` ${word(seed, place + i)}`;
  if (text.length > max) text = text.slice(0, max);
  // A cut may end in the space between two words, which reads as a mistake.
  return text.endsWith(' ') ? `${text.slice(0, -1)}s` : text;
}

/** Characters to try for one place of a pattern: the plain ones, then what patterns ask for more rarely. */
const codes = (...ranges: [number, number][]): number[] =>
  ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, i) => from + i));
const PLAIN = codes([97, 122], [48, 57], [65, 90]);
const RARE = codes([32, 126], [0xa1, 0x24f], [0x370, 0x52f], [0x4e00, 0x4e20], [9, 13]);

/** A character that the place accepts: a drawn one of the plain, else the first of the rare. */
function pick(accepts: (code: number) => boolean, seed: string, place: string): number | undefined {
  const start = draw(seed, place, PLAIN.length);
  for (let i = 0; i < PLAIN.length; i++) {
    const code = PLAIN[(start + i) % PLAIN.length]!;
    if (accepts(code)) return code;
  }
  return RARE.find(accepts);
}

const MOST_STATES = 50_000;

/** One way through a pattern: where it is, and the characters written so far, from the last one back. */
interface Way {
  pc: number;
  length: number;
  /** The last character; -1 before the first. */
  code: number;
  back: Way | undefined;
  /** The match may only end here: an end anchor was passed. */
  closed: boolean;
}

/**
 * The shortest text of at least `min` and at most `max` characters that the pattern finds: a breadth-first walk over
 * the compiled pattern, so it ends and needs no guessing. A text in which the pattern is found may be longer than the
 * match; what is missing to `min` is added at an open end.
 */
export function sampleOfPattern(
  pattern: string,
  min: number,
  max: number,
  seed = '',
  place = '',
): string | undefined {
  let program: Program;
  try {
    program = compileRegex(pattern);
  } catch (error) {
    if (error instanceof RegexError) return undefined;
    throw error;
  }
  const size = program.length;
  const wanted = Math.min(min, LONGEST);
  // A state is a place in the program and how many characters have been written, capped at what is wanted.
  const seen = new Set<number>();
  let layer: Way[] = [{ pc: 0, length: 0, code: -1, back: undefined, closed: false }];
  while (layer.length > 0) {
    const next: Way[] = [];
    const open = [...layer].reverse();
    while (open.length > 0) {
      const way = open.pop()!;
      const key = (Math.min(way.length, wanted) * size + way.pc) * 2 + (way.closed ? 1 : 0);
      if (seen.has(key)) continue;
      seen.add(key);
      if (seen.size > MOST_STATES) return undefined;
      const step = program[way.pc]!;
      switch (step.op) {
        case 'match': {
          const text = textOf(way);
          if (way.length >= wanted) return text;
          // Only an open end can be padded; a closed one goes on looking for a longer way.
          if (!way.closed && wanted <= max) return text + 'a'.repeat(wanted - way.length);
          break;
        }
        case 'jump':
          open.push({ ...way, pc: step.to });
          break;
        case 'split':
          open.push({ ...way, pc: step.other }, { ...way, pc: step.to });
          break;
        case 'assert':
          if (step.what === 'start' || step.what === 'lineStart') {
            if (way.length === 0) open.push({ ...way, pc: way.pc + 1 });
          } else {
            const end = step.what === 'end' || step.what === 'lineEnd';
            open.push({ ...way, pc: way.pc + 1, closed: way.closed || end });
          }
          break;
        default: {
          if (way.closed || way.length >= max) break;
          const code = pick(step.accepts, seed, `${place}@${way.length}`);
          if (code !== undefined)
            next.push({ pc: way.pc + 1, length: way.length + 1, code, back: way, closed: false });
        }
      }
    }
    layer = next;
  }
  return undefined;
}

function textOf(way: Way): string {
  const codes: number[] = [];
  for (let at: Way | undefined = way; at !== undefined && at.code !== -1; at = at.back) codes.push(at.code);
  return String.fromCodePoint(...codes.reverse());
}

import { z } from 'zod';
import { defineTool, TerminalError } from '../authoring/index.ts';

const MOST_ROWS = 1_000_000;
const columnType = z.enum(['string', 'number', 'integer', 'boolean']);

export default defineTool({
  name: 'std/csv-parse',
  version: '1.0.0',
  description: 'Parses CSV text (RFC 4180) into rows',
  input: z.object({
    text: z
      .string()
      .describe('The CSV text; a byte order mark is dropped, lines may end with CRLF, LF or CR'),
    header: z
      .union([z.boolean(), z.array(z.string()).min(1)])
      .default(true)
      .describe('true: the first line names the columns; false: rows are arrays; a list: the names'),
    delimiter: z.string().length(1).default(',').describe('One character; not a quote or a line end'),
    quote: z.string().length(1).default('"'),
    trim: z.boolean().default(false).describe('Drop blanks around cells that are not quoted'),
    skipEmptyLines: z.boolean().default(true),
    comment: z.string().length(1).optional().describe('Lines that begin with this character are skipped'),
    types: z
      .union([z.enum(['text', 'infer']), z.record(z.string(), columnType)])
      .default('infer')
      .describe(
        'infer: numbers, true and false, empty as null (quoted cells and numbers with leading zeros stay text); text: every cell is a string; or the type of each column by name',
      ),
    uneven: z
      .enum(['error', 'allow'])
      .default('error')
      .describe(
        'A row with more or fewer cells than columns: error, or allow (missing cells are left out, cells beyond are dropped)',
      ),
    limit: z.int().min(1).max(MOST_ROWS).optional().describe('Stop after so many rows'),
  }),
  output: z.object({
    columns: z.array(z.string()).describe('Empty when there is no header'),
    // What type a cell has is known only when the text is read, so nothing is promised that a blueprint must guard.
    rows: z
      .array(z.union([z.record(z.string(), z.unknown()), z.array(z.unknown())]))
      .describe('Cells are text, numbers, true, false or null'),
    count: z.int(),
  }),
  run(input) {
    for (const [name, char] of [
      ['delimiter', input.delimiter],
      ['quote', input.quote],
    ] as const)
      if (/[\r\n]/.test(char)) throw new TerminalError(`${name} must not be a line end`);
    if (input.delimiter === input.quote) throw new TerminalError('delimiter and quote must differ');

    const reader = readRows(input);
    let columns: string[] = Array.isArray(input.header) ? input.header : [];
    if (input.header === true) {
      const first = reader.next();
      if (first.done) return { columns: [], rows: [], count: 0 };
      columns = first.value.cells.map(({ text }) => text.trim());
    }
    assertColumns(columns);
    const types = columnTypes(input.types, columns, input.header !== false);

    const rows: (Record<string, Cell> | Cell[])[] = [];
    let width = columns.length;
    for (const { cells, line } of reader) {
      if (rows.length >= MOST_ROWS) throw new TerminalError(`More than ${MOST_ROWS} rows`);
      if (width === 0) width = cells.length;
      if (cells.length !== width && input.uneven === 'error')
        throw new TerminalError(
          `Row ${rows.length + 1} (line ${line}) has ${cells.length} cells, expected ${width}; uneven: allow accepts it`,
        );
      const values = cells.map((it, i) =>
        convert(it, types(i), columns[i] ?? `column ${i + 1}`, rows.length + 1, line),
      );
      rows.push(columns.length === 0 ? values : toRecord(columns, values));
      if (rows.length === input.limit) break;
    }
    return { columns, rows, count: rows.length };
  },
  examples: [
    {
      name: 'a header and quoted cells',
      input: { text: 'name,city\r\n"Smith, Ann","Os""lo"\r\n' },
      output: { columns: ['name', 'city'], rows: [{ name: 'Smith, Ann', city: 'Os"lo' }], count: 1 },
    },
    {
      name: 'types',
      input: { text: 'id;price;sold\n1;2.5;true\n2;;false', delimiter: ';' },
      output: {
        columns: ['id', 'price', 'sold'],
        rows: [
          { id: 1, price: 2.5, sold: true },
          { id: 2, price: null, sold: false },
        ],
        count: 2,
      },
    },
    {
      name: 'no header',
      input: { text: '1,2\n3,4', header: false },
      output: {
        columns: [],
        rows: [
          [1, 2],
          [3, 4],
        ],
        count: 2,
      },
    },
  ],
});

type Cell = string | number | boolean | null;
interface RawCell {
  text: string;
  quoted: boolean;
}
interface Options {
  text: string;
  delimiter: string;
  quote: string;
  trim: boolean;
  skipEmptyLines: boolean;
  comment?: string | undefined;
}

/** The rows of a text, one at a time, with the line on which each begins. */
function* readRows(options: Options): Generator<{ cells: RawCell[]; line: number }, void> {
  const { delimiter, quote, trim, skipEmptyLines, comment } = options;
  const text = options.text.startsWith('\u{feff}') ? options.text.slice(1) : options.text;
  const stops = new Set([delimiter, '\n', '\r']);
  let at = 0;
  let line = 1;
  while (at < text.length) {
    const began = line;
    if (comment !== undefined && text[at] === comment) {
      while (at < text.length && text[at] !== '\n' && text[at] !== '\r') at += 1;
      at = afterLineEnd(text, at);
      line += 1;
      continue;
    }
    const cells: RawCell[] = [];
    for (;;) {
      let start = at;
      if (trim) while (text[start] === ' ' || text[start] === '\t') start += 1;
      if (text[start] === quote && quote !== '') {
        let value = '';
        at = start + 1;
        for (;;) {
          const end = text.indexOf(quote, at);
          if (end < 0) throw new TerminalError(`Line ${began}: a quoted cell is not closed`);
          value += text.slice(at, end);
          at = end + 1;
          if (text[at] !== quote) break;
          value += quote;
          at += 1;
        }
        line += lineEnds(value);
        if (trim) while (text[at] === ' ' || text[at] === '\t') at += 1;
        if (at < text.length && !stops.has(text[at]!))
          throw new TerminalError(`Line ${line}: unexpected ${JSON.stringify(text[at])} after a quoted cell`);
        cells.push({ text: value, quoted: true });
      } else {
        while (at < text.length && !stops.has(text[at]!)) at += 1;
        const value = text.slice(start, at);
        cells.push({ text: trim ? value.trimEnd() : value, quoted: false });
      }
      if (text[at] !== delimiter) break;
      at += 1;
    }
    const empty = cells.length === 1 && !cells[0]!.quoted && cells[0]!.text.trim() === '';
    at = afterLineEnd(text, at);
    line += 1;
    if (!(empty && skipEmptyLines)) yield { cells, line: began };
  }
}

const afterLineEnd = (text: string, at: number): number =>
  text[at] === '\r' && text[at + 1] === '\n' ? at + 2 : Math.min(at + 1, text.length);

function lineEnds(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i++)
    if (text[i] === '\n' || (text[i] === '\r' && text[i + 1] !== '\n')) count += 1;
  return count;
}

function assertColumns(columns: string[]): void {
  const seen = new Set<string>();
  for (const [i, name] of columns.entries()) {
    if (name === '') throw new TerminalError(`Column ${i + 1} has no name; give the names with header: […]`);
    if (name === '__proto__') throw new TerminalError('A column must not be named __proto__');
    if (seen.has(name))
      throw new TerminalError(
        `Two columns are named ${JSON.stringify(name)}; give the names with header: […]`,
      );
    seen.add(name);
  }
}

type ColumnType = z.output<typeof columnType> | 'infer';

function columnTypes(
  types: 'text' | 'infer' | Record<string, z.output<typeof columnType>>,
  columns: string[],
  named: boolean,
): (column: number) => ColumnType {
  if (types === 'infer') return () => 'infer';
  if (types === 'text') return () => 'string';
  if (!named) throw new TerminalError('types by name needs a header');
  for (const name of Object.keys(types))
    if (!columns.includes(name))
      throw new TerminalError(
        `types names the column ${JSON.stringify(name)}, the columns are: ${columns.slice(0, 20).join(', ')}`,
      );
  return (column) => types[columns[column] ?? ''] ?? 'string';
}

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

function convert(
  { text, quoted }: RawCell,
  type: ColumnType,
  column: string,
  row: number,
  line: number,
): Cell {
  const wrong = (): never => {
    const shown = JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
    throw new TerminalError(
      `Row ${row} (line ${line}), ${column}: ${shown} is not ${type === 'integer' ? 'an' : 'a'} ${type}`,
    );
  };
  const bare = text.trim();
  switch (type) {
    case 'string':
      return text;
    case 'infer':
      // A quoted cell is text that its writer meant as text.
      if (quoted) return text;
      if (bare === '') return null;
      if (bare === 'true' || bare === 'false') return bare === 'true';
      return isNumber(bare) ? Number(bare) : text;
    case 'number':
    case 'integer': {
      if (bare === '') return null;
      const value = NUMBER.test(bare) ? Number(bare) : Number.NaN;
      if (!Number.isFinite(value) || (type === 'integer' && !Number.isSafeInteger(value))) return wrong();
      return value;
    }
    case 'boolean': {
      if (bare === '') return null;
      if (/^(true|yes|1)$/i.test(bare)) return true;
      return /^(false|no|0)$/i.test(bare) ? false : wrong();
    }
  }
}

/** A leading zero (postcodes, ids) and digits beyond what a number holds stay text. */
const isNumber = (text: string): boolean =>
  NUMBER.test(text) &&
  !/^[+-]?0\d/.test(text) &&
  Number.isFinite(Number(text)) &&
  (text.replace(/\D/g, '').length <= 15 || /[.eE]/.test(text));

function toRecord(columns: string[], values: Cell[]): Record<string, Cell> {
  const row: Record<string, Cell> = {};
  for (const [i, name] of columns.entries()) if (i < values.length) row[name] = values[i]!;
  return row;
}

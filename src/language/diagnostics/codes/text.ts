import { entry } from './code-entry.ts';

/** ICE10xx: the text of a document. */
export const TEXT_CODES = {
  ICE1001: entry(
    'The text is not YAML',
    'A line cannot be read. Often a blank after a colon, a colon, or a closing quote is missing; what follows is only read when this is mended.',
    'name:demo',
    'name: demo',
  ),
  ICE1002: entry(
    'Wrong indentation',
    'A line is indented by a number of blanks that fits none of the lines above it. Fields of one node start in the same column; the items of a list begin with a dash and a blank.',
    '- id: a\n   type: set',
    '- id: a\n  type: set',
  ),
  ICE1003: entry(
    'A tab as indentation',
    'YAML indents with blanks only, since the width of a tab is not known.',
    'nodes:\n\t- id: a',
    'nodes:\n  - id: a',
  ),
  ICE1004: entry(
    'A key is given twice',
    'A map has each key once. Often a new node was meant, and its dash is missing.',
    'name: a\nname: b',
    'name: b',
  ),
  ICE1005: entry(
    'An expression without quotes',
    'Braces begin a map in YAML, so {{ x }} without quotes is a map inside a map. Quotes make it a text, and the text is an expression. `--fix` puts them.',
    'items: {{ load.rows }}',
    'items: "{{ load.rows }}"',
  ),
  ICE1006: entry(
    'More than one document',
    'A line --- begins another document. A file holds one.',
    'name: a\n---\nname: b',
    'name: a',
  ),
  ICE1007: entry(
    'An empty document',
    'The file has no content, or only comments.',
    '# nothing yet',
    'blueprint: 2\nname: demo',
  ),
  ICE1008: entry(
    'A document that is too large',
    'A document has at most 4 Mi characters and a million values. Data belongs in inputs, not in the document.',
    'csv: "… 5 MB …"',
    'csv: "{{ inputs.csv }}"',
  ),
  ICE1009: entry(
    'Nested too deep',
    'Lists and maps stand at most 100 deep inside each other.',
    '[[[[[[ … ]]]]]]',
    '[1, 2, 3]',
  ),
  ICE1010: entry(
    'Aliases that repeat too much',
    'An alias repeats a value; aliases inside aliases multiply, and ten short lines make billions of values. At most 10,000 values come from aliases, and none may contain itself.',
    'a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b, …]',
    'items: "{{ inputs.items }}"',
  ),
  ICE1011: entry(
    'A key that is not allowed',
    '__proto__ and constructor name parts of every object in JavaScript instead of fields, so documents cannot use them.',
    'args: { __proto__: 1 }',
    'args: { prototype: 1 }',
  ),
  ICE1012: entry(
    'Not JSON',
    'A file that ends in .json must be strict JSON: no comments, no trailing commas, double quotes. In .yaml files more is allowed.',
    '{ "name": "demo", }',
    '{ "name": "demo" }',
  ),
  ICE1013: entry(
    'An alias without an anchor',
    'An alias *name repeats the value marked &name above it, and there is none. A text that begins with * stands in quotes.',
    'pattern: *.csv',
    'pattern: "*.csv"',
  ),
  ICE1014: entry(
    'A key that is no text',
    'Keys of maps are texts; lists and maps cannot be keys.',
    '? [a, b]\n: 1',
    'ab: 1',
  ),
  ICE1015: entry(
    'A tag without a meaning',
    'Values are JSON, so YAML tags as !!binary or !mine are not used.',
    'data: !!binary aGk=',
    'data: aGk=',
  ),
  ICE1016: entry(
    'A number that JSON does not have',
    'Infinity and NaN are no JSON. As texts they stand in quotes.',
    'limit: .inf',
    'limit: 1000000',
  ),
  ICE1017: entry(
    'A number that is too large to be exact',
    'Whole numbers are exact up to 2^53 - 1; a larger one would silently change. Ids belong in texts.',
    'account: 12345678901234567890',
    'account: "12345678901234567890"',
  ),
  ICE1018: entry(
    'A character that looks like another',
    'A name holds a letter of another alphabet that looks like a Latin one, or an invisible character: two names that look alike are different. Marks that turn the direction of the text are reported anywhere.',
    'id: l\u043ead   # a Cyrillic o',
    'id: load',
  ),
  ICE1019: entry(
    'A character that cannot stand in a text',
    'Control characters and bytes that are not UTF-8 are refused. In double quotes a control character can be written as an escape.',
    'prompt: bell \u2407',
    'prompt: "bell \\x07"',
  ),
  ICE1020: entry(
    'Not closed',
    'A quote, bracket or brace is opened and never closed.',
    'args: { text: "a"',
    'args: { text: "a" }',
  ),
  ICE1021: entry(
    'A merge key',
    'Merge keys (<<) were an extension of YAML 1.1 and are not part of YAML 1.2.',
    '<<: *defaults',
    'retry: *defaults',
  ),
  ICE1022: entry(
    'An expression in a key',
    'Keys are not evaluated, so the braces would stay in the name.',
    'values: { "{{ name }}": 1 }',
    'values: { name: "{{ name }}" }',
  ),
  ICE1023: entry(
    'Text after a closing quote',
    "The text ends at its closing quote, and something follows. Inside single quotes a quote is written '', inside double quotes \\\".",
    "prompt: 'it's late'",
    "prompt: 'it''s late'",
  ),
  ICE1024: entry(
    'A value that needs quotes',
    'The value holds a colon and a blank, or begins with a character that has a meaning in YAML.',
    'prompt: Note: be brief',
    'prompt: "Note: be brief"',
  ),
};

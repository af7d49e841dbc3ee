/**
 * The diagnostic codes of expressions (ICE13xx) and types (ICE14xx). A code never changes its meaning and is never
 * used again; the pages of the documentation are made from this table. Examples are expressions or lines of a
 * blueprint.
 */
export interface CodeEntry {
  title: string;
  /** What it means and how to mend it, in a few sentences. */
  explain: string;
  bad: string;
  good: string;
}

const entry = (title: string, explain: string, bad: string, good: string): CodeEntry => ({
  title,
  explain,
  bad,
  good,
});

const SYNTAX = {
  ICE1301: entry(
    'Syntax error in an expression',
    'What stands between {{ and }} is a CEL expression, and this one cannot be read. The range shows where reading stopped.',
    '{{ inputs.a = 1 }}',
    '{{ inputs.a == 1 }}',
  ),
  ICE1302: entry(
    'An expression is not closed',
    "A {{ has no }} after it. A }} inside quotes or braces does not close. The literal text is written {{ '{{' }}.",
    'Hello {{ inputs.name }',
    'Hello {{ inputs.name }}',
  ),
  ICE1303: entry('Empty expression', 'Between {{ and }} there must be a value.', '{{ }}', "{{ '' }}"),
  ICE1304: entry(
    'Reserved word',
    'CEL reserves some words (loop, if, for, in, import, return, …); they cannot be names of variables or nodes.',
    '{{ loop.result }}',
    '{{ each.result }}',
  ),
  ICE1305: entry(
    'Literal that JSON does not have',
    "Values are JSON: there are no bytes (b'…') and no unsigned numbers (1u).",
    '{{ 1u + 2u }}',
    '{{ 1 + 2 }}',
  ),
  ICE1306: entry(
    'Number that is not exact',
    'Numbers are JSON numbers: whole ones are exact up to 2^53 - 1. Larger ids belong in texts.',
    '{{ 9007199254740993 }}',
    "{{ '9007199254740993' }}",
  ),
  ICE1307: entry(
    'Unknown name',
    'The variable or node is not known here. An expression sees inputs, run, the nodes before its own, and inside a loop its item and index.',
    '{{ input.csv }}',
    '{{ inputs.csv }}',
  ),
  ICE1308: entry(
    'Unknown function',
    'There is no function of this name, or it is a macro that is written otherwise.',
    '{{ len(rows) }}',
    '{{ size(rows) }}',
  ),
  ICE1309: entry(
    'Wrong number of arguments',
    'The function takes another number of arguments. x.f(a) counts x as the first one.',
    "{{ text.replace('a') }}",
    "{{ text.replace('a', 'b') }}",
  ),
  ICE1310: entry(
    'The variable of a macro is not a name',
    'The first argument of map, filter, all, exists, exists_one, sortBy and cel.bind is the name for an item.',
    '{{ rows.map(row.price, 1) }}',
    '{{ rows.map(row, row.price) }}',
  ),
  ICE1311: entry(
    'has() needs a field',
    'has() asks for a field, an item, or a node: has(a.b), has(a[0]), has(nodes.a). A variable itself is always there.',
    '{{ has(price) }}',
    '{{ has(nodes.price) }}',
  ),
  ICE1312: entry(
    '`nodes` without an id',
    '`nodes` is no value; an id that stands in the expression must follow, so that dependencies are known before the run.',
    '{{ nodes[inputs.which].state }}',
    '{{ nodes.price.state }}',
  ),
  ICE1313: entry(
    'Unsupported pattern',
    'matches() takes the part of RE2 that runs in linear time: no look-around and no references back to groups.',
    "{{ text.matches('(a)\\\\1') }}",
    "{{ text.matches('aa') }}",
  ),
  ICE1314: entry(
    'Too large or too deep',
    'The expression, or the data it reads, is nested too deeply or too long.',
    '{{ a + a + a + … }} (hundreds)',
    '{{ sum(list) }}',
  ),
  ICE1315: entry(
    'Too many steps',
    'An expression stops after a million steps, so that it cannot hold up a worker. Work on much data belongs in a tool.',
    '{{ rows.map(a, rows.map(b, a.id == b.id)) }}',
    'a node of type tool or code',
  ),
  ICE1316: entry(
    'Too much data',
    'The value of an expression may have 10 million characters as JSON.',
    "{{ range(1000000).map(i, 'a long text') }}",
    "{{ range(1000).map(i, 'a long text') }}",
  ),
  ICE1317: entry(
    'Not a number',
    'Division by zero, or a result that is too large: JSON has no infinity.',
    '{{ total / count }}',
    '{{ count == 0 ? 0 : total / count }}',
  ),
  ICE1318: entry(
    'Number that is not whole',
    'An index, a position or a count must be a whole number; 2.0 is one, 2.5 is not.',
    '{{ rows[size(rows) / 2] }}',
    '{{ rows[int(size(rows) / 2)] }}',
  ),
  ICE1319: entry(
    'Outside the array',
    'There is no such item; items are counted from 0.',
    '{{ rows[-1] }}',
    '{{ rows.last() }}',
  ),
  ICE1320: entry(
    'A value that the function cannot use',
    'The type is right but the value is not: a text that is no number, no time, no JSON, or an empty array without a mean.',
    "{{ int('twelve') }}",
    "{{ int('12') }}",
  ),
  ICE1321: entry(
    'Wrong field name in an object',
    'The names of fields are texts in quotes, each only once. A name from a variable is written string(x).',
    '{{ {name: row.name} }}',
    "{{ {'name': row.name} }}",
  ),
  ICE1322: entry(
    'A variable hides another',
    'The variable of a macro may not have the name of something that can be read here.',
    '{{ rows.map(inputs, inputs.x) }}',
    '{{ rows.map(row, row.x) }}',
  ),
  ICE1323: entry(
    'Secrets cannot be read',
    '`secrets` is not a variable: a secret reaches only the tool or provider that declares it, never a prompt or a journal.',
    '{{ secrets.API_KEY }}',
    'permissions: { secrets: [API_KEY] } in the tool',
  ),
  ICE1324: entry(
    'No value here',
    'The variable or node has no value when the expression is evaluated, for example because the node was skipped.',
    '{{ check.approved }}',
    '{{ has(nodes.check) ? check.approved : false }}',
  ),
} as const satisfies Record<string, CodeEntry>;

const TYPES = {
  ICE1401: entry(
    'Unknown field',
    'The type has no field of this name.',
    '{{ copy.object.titel }}',
    '{{ copy.object.title }}',
  ),
  ICE1402: entry(
    'Not an object or array',
    'A field or an item is read of something that has none, such as a number, a text or null.',
    '{{ size.length }}',
    '{{ size(text) }}',
  ),
  ICE1403: entry(
    'Field that may be absent',
    'The field is not required by its schema, so that reading it may fail. Read it with .? or guard it with has().',
    '{{ row.note }}',
    "{{ row.?note.orValue('') }}",
  ),
  ICE1404: entry(
    'Value that may be null',
    'The type allows null, and what is done with the value does not.',
    '{{ row.price * 2 }}',
    '{{ row.price.orValue(0) * 2 }}',
  ),
  ICE1405: entry(
    'Operator that does not fit',
    'The operator does not work for values of these types.',
    "{{ 'Total: ' + total }}",
    'Total: {{ total }}',
  ),
  ICE1406: entry(
    'Comparing unlike types',
    'The two sides never have the same type, so that the result is always the same.',
    "{{ count == '3' }}",
    '{{ count == 3 }}',
  ),
  ICE1407: entry(
    'Condition that is not true or false',
    'There is no truthiness: a condition is a boolean.',
    '{{ size(rows) ? 1 : 2 }}',
    '{{ size(rows) > 0 ? 1 : 2 }}',
  ),
  ICE1408: entry(
    'Macro over something that is no array',
    'map, filter, all, exists, exists_one and sortBy walk an array or the field names of an object.',
    '{{ count.map(x, x) }}',
    '{{ range(count).map(x, x) }}',
  ),
  ICE1409: entry(
    'Wrong type of index',
    'An array is read with a number, an object with a text.',
    "{{ rows['0'] }}",
    '{{ rows[0] }}',
  ),
  ICE1410: entry(
    'Wrong type of argument of a function',
    'The function does not take a value of this type.',
    '{{ size(3) }}',
    "{{ size('abc') }}",
  ),
  ICE1411: entry(
    'Value that never occurs',
    'The type lists its values, and this one is not among them.',
    "{{ nodes.a.state == 'ok' }}",
    "{{ nodes.a.state == 'succeeded' }}",
  ),
  // The blueprint checker reports these.
  ICE1420: entry(
    'Argument of the wrong type',
    "The value does not fit the input schema of the node's tool, agent or workflow.",
    "args: { cost: 'ten' }",
    'args: { cost: 10 }',
  ),
  ICE1421: entry(
    'Missing argument',
    'The input schema requires this argument.',
    'args: {}',
    "args: { cost: '{{ row.cost }}' }",
  ),
  ICE1422: entry(
    'Unknown argument',
    'The input schema has no argument of this name and allows no others.',
    'args: { costs: 10 }',
    'args: { cost: 10 }',
  ),
  ICE1423: entry(
    'Required argument that may be absent',
    'The value comes from a field that is not required, and the argument is.',
    "args: { cost: '{{ row.?cost }}' }",
    "args: { cost: '{{ row.?cost.orValue(0) }}' }",
  ),
  ICE1424: entry(
    'Loop over something that is no array',
    'The `items` of a loop must be an array.',
    "items: '{{ size(load.rows) }}'",
    "items: '{{ load.rows }}'",
  ),
  ICE1425: entry(
    'Condition of a node that is not true or false',
    '`if`, `expression`, `until` and `when` take a boolean.',
    "if: '{{ size(rows) }}'",
    "if: '{{ size(rows) > 0 }}'",
  ),
  ICE1427: entry(
    'Input of a child workflow of the wrong type',
    'The value does not fit the input schema of the workflow that is called.',
    "inputs: { margin: 'high' }",
    'inputs: { margin: 0.3 }',
  ),
  ICE1428: entry(
    'Default that does not fit its schema',
    'The default of an input must be valid under the schema of the input.',
    "margin: { type: number, default: 'low' }",
    'margin: { type: number, default: 0.25 }',
  ),
  ICE1429: entry(
    'Text expected',
    'A prompt, a message or another text field got a value of another type.',
    "prompt: '{{ rows }}' (an array)",
    "prompt: 'Rows: {{ rows }}'",
  ),
  ICE1430: entry(
    'Result that never fits its output schema',
    'The result of the node can never be valid under its own `output`.',
    "result: '{{ index }}' with output: { type: string }",
    "result: '{{ string(index) }}'",
  ),
  ICE1431: entry(
    'Condition that is always the same',
    'The condition is a constant, so that one branch is never taken.',
    "if: '{{ false }}'",
    'remove the node, or its `if`',
  ),
} as const satisfies Record<string, CodeEntry>;

export const EXPRESSION_CODES = { ...SYNTAX, ...TYPES };
export type ExpressionCode = keyof typeof EXPRESSION_CODES;

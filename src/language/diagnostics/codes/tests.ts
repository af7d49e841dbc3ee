import { entry } from './code-entry.ts';

/** ICE18xx: documents of tests, and the cassettes beside them. */
export const TEST_CODES = {
  ICE1801: entry(
    'A test file is not right',
    'A field has a value that its schema does not allow.',
    'cases: []',
    'cases: [{ name: ten, inputs: { cost: 10 } }]',
  ),
  ICE1802: entry(
    'A test of something that is not there',
    'Neither the project, nor the target, nor std has a component of this name.',
    'run: pirce',
    'run: price',
  ),
  ICE1803: entry(
    'Two cases of one name',
    'A case is known by its name: in reports, by --filter, and in the cassette.',
    '- { name: ten }\n- { name: ten }',
    '- { name: ten }\n- { name: twenty }',
  ),
  ICE1804: entry(
    'Inputs that cannot be',
    'The inputs of a case do not match the input schema of what it runs. A case that is about this expects the error: `error: input_invalid`.',
    'inputs: { cost: ten }',
    'inputs: { cost: 10 }',
  ),
  ICE1805: entry(
    'An output that there is not',
    'The component declares no output of this name, so the case could never pass.',
    'output: { prise: 12.5 }',
    'output: { price: 12.5 }',
  ),
  ICE1806: entry(
    'Not one expression',
    'An assertion, and what a scorer scores, is a single {{ expression }}.',
    'assert: [outputs.price > 3]',
    'assert: ["{{ outputs.price > 3 }}"]',
  ),
  ICE1807: entry(
    'An outcome and an error',
    'A run that fails has no outputs: a case expects the one or the other.',
    'output: { price: 1 }\nerror: tool_failed',
    'error: tool_failed',
  ),
  ICE1808: entry(
    'An unknown error code',
    'No run fails with this code, so the case could never pass.',
    'error: tool_faild',
    'error: tool_failed',
  ),
  ICE1809: entry(
    'A file that cannot be read',
    'The input of a case is read from a file, which is missing, too large, or outside of the project.',
    'files: { csv: /data/week.csv }',
    'files: { csv: ../data/week.csv }',
  ),
  ICE1810: entry(
    'A scorer without a way to score',
    'Exactly one of exact, contains, schema and judge says how a scorer scores.',
    'scorers: [{ threshold: 0.8 }]',
    'scorers: [{ contains: kettle, threshold: 0.8 }]',
  ),
  ICE1811: entry(
    'A cassette that cannot be read',
    'The text is no YAML that can be understood. Undo the edit, or record it again: ice test --record.',
    'exchanges: [',
    'exchanges: []',
  ),
  ICE1812: entry(
    'A cassette with a wrong exchange',
    'A recorded request or answer does not have its form. Undo the edit, or record it again: ice test --record.',
    'answer: { status: ok, headers: {} }',
    'answer: { status: 200, headers: {} }',
  ),
};

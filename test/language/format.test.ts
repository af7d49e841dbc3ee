import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { checkBlueprint, formatDiagnostics } from '../../src/language/index.ts';
import { fixtureCatalog } from './fixture-catalog.ts';

const TEXT = `blueprint: 2
name: demo
inputs: { csv: { type: string } }
nodes:
  - { id: load, type: tool, tool: std/csv-parse@^1, args: { text: "{{ inputs.cvs }}" } }
  - { id: load, type: tool, tool: pirce, args: {} }
  - { id: 日本, type: set, values: { x: "{{ load.rows }}" } }
outputs: { rows: {{ load.rows }} }
`;
const { diagnostics } = checkBlueprint({ text: TEXT, file: 'flows/my flow.yaml' }, fixtureCatalog());
const sources = new Map([['flows/my flow.yaml', TEXT]]);
const format = (kind: 'pretty' | 'json' | 'sarif' | 'github', options = {}) =>
  formatDiagnostics(diagnostics, sources, kind, options);

describe('pretty', () => {
  const text = format('pretty', { width: 80 });
  const blocks = text.split('\n\n');

  it('frames the code, with carets under exactly what is meant', () => {
    const block = blocks.find((each) => each.includes('ICE1401'))!;
    expect(block).toMatchInlineSnapshot(`
      "error[ICE1401]: There is no field 'cvs' in inputs
       --> flows/my flow.yaml:5:78
        |
      5 | …, type: tool, tool: std/csv-parse@^1, args: { text: "{{ inputs.cvs }}" } }
        |                                                                 ^^^
        = help: Did you mean 'csv'?"
    `);
  });

  it('counts wide characters as two columns', () => {
    const block = blocks.find((each) => each.includes('ICE1108'))!.split('\n');
    const [line, carets] = [block[3]!, block[4]!];
    expect(line.indexOf('日')).toBe(carets.indexOf('^'));
    expect(carets).toMatch(/\^{4}$/);
  });

  it('shows other places that explain a finding', () => {
    const block = blocks.find((each) => each.includes('ICE1109'))!;
    expect(block).toMatch(/::: flows\/my flow\.yaml:5:11/);
    expect(block).toMatch(/---- The other one/);
  });

  it('never makes a line wider than the terminal', () => {
    for (const width of [40, 60, 80, 120]) {
      for (const line of format('pretty', { width }).split('\n')) {
        if (!line.includes('-->') && !line.includes(':::'))
          expect([...line].length, line).toBeLessThanOrEqual(width);
      }
    }
  });

  it('ends with a summary, and is silent when there is nothing to say', () => {
    expect(text).toMatch(/5 errors in 1 file\. 1 can be mended with --fix\.\n$/);
    expect(formatDiagnostics([], sources, 'pretty')).toBe('');
  });

  it('is coloured only when asked, by the palette that it is given', () => {
    expect(text).not.toContain('\u001b');
    expect(format('pretty', { color: true })).toContain('\u001b[31merror[ICE1005]\u001b[39m');
    const mark = (name: string) => (each: string) => `<${name}>${each}</${name}>`;
    const palette = {
      error: mark('e'),
      warning: mark('w'),
      info: mark('i'),
      gutter: mark('g'),
      strong: mark('s'),
      help: mark('h'),
    };
    expect(format('pretty', { color: palette })).toContain('<e>error[ICE1005]</e>: <s>');
  });
});

describe('json', () => {
  it('is one document with the counts and the findings', () => {
    expect(JSON.parse(format('json'))).toMatchObject({ ok: false, errors: 5, warnings: 0, diagnostics });
  });
});

/** The part of the SARIF 2.1.0 schema that code scanning services insist on. */
const region = {
  type: 'object',
  properties: {
    startLine: { type: 'integer', minimum: 1 }, startColumn: { type: 'integer', minimum: 1 },
    endLine: { type: 'integer', minimum: 1 }, endColumn: { type: 'integer', minimum: 1 },
    charOffset: { type: 'integer', minimum: 0 }, charLength: { type: 'integer', minimum: 0 },
  },
  additionalProperties: false,
}; // biome-ignore format: a table
const message = {
  type: 'object',
  required: ['text'],
  properties: { text: { type: 'string', minLength: 1 } },
  additionalProperties: false,
};
const artifactLocation = {
  type: 'object',
  required: ['uri'],
  properties: { uri: { type: 'string', pattern: '^[^\\s\\\\]+$' } },
  additionalProperties: false,
};
const location = {
  type: 'object',
  properties: {
    id: { type: 'integer', minimum: 0 },
    message,
    physicalLocation: {
      type: 'object',
      required: ['artifactLocation'],
      properties: { artifactLocation, region },
      additionalProperties: false,
    },
    logicalLocations: {
      type: 'array',
      items: {
        type: 'object',
        properties: { fullyQualifiedName: { type: 'string' } },
        additionalProperties: false,
      },
    },
  },
  additionalProperties: false,
};
const SARIF = {
  type: 'object',
  required: ['version', 'runs'],
  properties: {
    $schema: { type: 'string' },
    version: { const: '2.1.0' },
    runs: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['tool', 'results'],
        additionalProperties: false,
        properties: {
          columnKind: { enum: ['utf16CodeUnits', 'unicodeCodePoints'] },
          tool: {
            type: 'object',
            required: ['driver'],
            additionalProperties: false,
            properties: {
              driver: {
                type: 'object',
                required: ['name', 'rules'],
                additionalProperties: false,
                properties: {
                  name: { type: 'string' },
                  informationUri: { type: 'string' },
                  semanticVersion: { type: 'string' },
                  rules: {
                    type: 'array',
                    uniqueItems: true,
                    items: {
                      type: 'object',
                      required: ['id'],
                      additionalProperties: false,
                      properties: {
                        id: { type: 'string' },
                        name: { type: 'string', pattern: '^\\w+$' },
                        shortDescription: message,
                        fullDescription: message,
                        helpUri: { type: 'string' },
                      },
                    },
                  },
                },
              },
            },
          },
          results: {
            type: 'array',
            items: {
              type: 'object',
              required: ['message'],
              additionalProperties: false,
              properties: {
                ruleId: { type: 'string' },
                ruleIndex: { type: 'integer', minimum: 0 },
                level: { enum: ['none', 'note', 'warning', 'error'] },
                message,
                locations: { type: 'array', items: location },
                relatedLocations: { type: 'array', items: location },
                fixes: {
                  type: 'array',
                  items: {
                    type: 'object',
                    required: ['artifactChanges'],
                    additionalProperties: false,
                    properties: {
                      description: message,
                      artifactChanges: {
                        type: 'array',
                        minItems: 1,
                        items: {
                          type: 'object',
                          required: ['artifactLocation', 'replacements'],
                          additionalProperties: false,
                          properties: {
                            artifactLocation,
                            replacements: {
                              type: 'array',
                              minItems: 1,
                              items: {
                                type: 'object',
                                required: ['deletedRegion'],
                                additionalProperties: false,
                                properties: {
                                  deletedRegion: region,
                                  insertedContent: message.properties
                                    ? {
                                        type: 'object',
                                        properties: { text: { type: 'string' } },
                                        additionalProperties: false,
                                      }
                                    : {},
                                },
                              },
                            },
                          },
                        },
                      },
                    },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
};

describe('sarif', () => {
  const log = JSON.parse(format('sarif', { version: '1.2.3' }));

  it('fits the schema', () => {
    const ajv = new Ajv2020({ strict: false, allErrors: true });
    const validate = ajv.compile(SARIF);
    validate(log);
    expect(validate.errors).toBeNull();
  });

  it('has a rule for each result, at its index', () => {
    const [run] = log.runs;
    expect(run.results).toHaveLength(diagnostics.length);
    for (const result of run.results) expect(run.tool.driver.rules[result.ruleIndex].id).toBe(result.ruleId);
    expect(run.tool.driver.semanticVersion).toBe('1.2.3');
  });

  it('encodes paths as URIs', () => {
    expect(log.runs[0].results[0].locations[0].physicalLocation.artifactLocation.uri).toBe(
      'flows/my%20flow.yaml',
    );
  });
});

describe('github', () => {
  it('is one command a line, with everything escaped', () => {
    const lines = format('github').trimEnd().split('\n');
    expect(lines).toHaveLength(diagnostics.length);
    for (const line of lines)
      expect(line).toMatch(
        /^::(error|warning|notice) file=flows\/my flow\.yaml,line=\d+,endLine=\d+,col=\d+,endColumn=\d+,title=ice ICE\d{4}::\S/,
      );
    expect(
      formatDiagnostics(
        [{ ...diagnostics[0]!, message: '100%\nof, all: it', file: 'a,b:c' }],
        sources,
        'github',
      ),
    ).toMatch(/^::error file=a%2Cb%3Ac,.*::100%25%0Aof, all: it/);
  });
});

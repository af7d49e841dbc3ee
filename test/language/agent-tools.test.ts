import { expect, test } from 'vitest';
import { checkBlueprint } from '../../src/language/index.ts';
import { fixtureCatalog } from './fixture-catalog.ts';

const catalog = fixtureCatalog();
const [workflow] = catalog.names('workflow');

test.each([workflow!, `workflow/${workflow}`])(
  'an agent that is given the workflow %s is told what it can call',
  (ref) => {
    const text = `blueprint: 2
name: a
version: 1.0.0
description: x
nodes:
  - { id: clerk, type: agent, model: echo/default, input: hi, tools: [${ref}] }
outputs: { text: "{{ clerk.text }}" }
`;
    const { diagnostics } = checkBlueprint({ text, file: 'a.yaml' }, catalog);
    expect(diagnostics).toMatchObject([
      {
        code: 'ICE1204',
        range: { start: { line: 6 } },
        message: `'${workflow}' is a workflow, and an agent can call tools only`,
        help: expect.stringContaining('type: workflow'),
      },
    ]);
  },
);

import { expect, test } from 'vitest';
import { componentLines, schemaLines, touchLines } from '../../../src/cli/render/component.ts';
import { failureLine } from '../../../src/cli/render/error-lines.ts';
import { permissionLines, schemaChangeLines } from '../../../src/cli/render/push-plan.ts';
import { themeFor } from '../../../src/cli/render/theme.ts';
import type { ComponentVersion } from '../../../src/contracts/components.ts';

/** Would clear the screen, rename the window, hide what follows, turn text around, and begin a line of its own. */
const HOSTILE = 'a\u001b[2J\u001b]0;mine\u0007\u009b8m\u202eb\r\n\u001b[1Ac';
const theme = themeFor({ color: false, unicode: true });
const view = { theme, columns: 200, isTTY: true };
const schema = {
  type: 'object',
  properties: {
    [HOSTILE]: { const: HOSTILE, description: HOSTILE },
    kind: { enum: [HOSTILE], default: HOSTILE },
  },
};
const permissions = { net: [HOSTILE], secrets: [], limits: {}, commands: [HOSTILE] };
const component: ComponentVersion & { reach: NonNullable<unknown> } = {
  kind: 'tool',
  name: 'a',
  version: '1.0.0',
  digest: 'sha256:0',
  manifest: {
    kind: 'tool',
    name: 'a',
    input: schema,
    output: { const: HOSTILE },
    permissions,
    runtime: 'sandbox',
    entry: 'sha256:0',
  },
  info: { description: HOSTILE, examples: [{ input: HOSTILE, output: HOSTILE }] },
  tags: [],
  createdAt: '2026-01-01T00:00:00.000Z',
  createdBy: 'somebody',
  archivedAt: null,
  origin: 'pushed',
  reach: { models: [HOSTILE], components: [] },
};

test.each([
  ['a component', componentLines(component as never, view)],
  ['a schema', schemaLines(schema, view)],
  [
    'what is touched',
    touchLines([{ kind: 'tool', component: HOSTILE, runtime: 'sandbox', ...permissions }], view),
  ],
  [
    'changes of a schema',
    schemaChangeLines([{ where: 'input', path: HOSTILE, change: HOSTILE, breaking: true }], theme),
  ],
  [
    'what is newly asked for',
    permissionLines([{ what: 'net', added: [HOSTILE], removed: [HOSTILE] }], theme),
  ],
  ['a failure', [failureLine({ code: 'tool_failed', message: HOSTILE }, theme)]],
])('%s shows text that others wrote, and none of it acts on the terminal', (_, lines) => {
  expect(lines.join('')).toContain('c');
  for (const line of lines) expect(line).not.toMatch(/[\p{Control}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u);
});

test('a host that looks like another shows what it is', () => {
  const change = { what: 'net', added: ['ex\u0430mple.com:8443', 'example.com'], removed: [] };
  expect(permissionLines([change], theme)).toEqual([
    '    newly asks for net: xn--exmple-4nf.com:8443, example.com',
  ]);
});

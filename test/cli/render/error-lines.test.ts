import { expect, test } from 'vitest';
import { errorLines } from '../../../src/cli/render/error-lines.ts';
import { textWidth } from '../../../src/cli/render/text-width.ts';
import { themeFor } from '../../../src/cli/render/theme.ts';
import { IceError } from '../../../src/contracts/errors.ts';

const theme = themeFor({ color: false, unicode: true });

test.each([30, 60, 80, 100, 110])('at %i columns no line is wider, and the code is whole', (columns) => {
  for (let length = 1; length < 200; length += 7) {
    const message = 'word '.repeat(length).slice(0, length).trim() || 'x';
    const lines = errorLines(new IceError('budget_exceeded', message, { hint: 'Raise it.' }), theme, columns);
    for (const line of lines) expect(textWidth(line), line).toBeLessThanOrEqual(columns);
    expect(lines.filter((line) => line.includes('(budget_exceeded)'))).toHaveLength(1);
  }
});

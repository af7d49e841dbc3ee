import { expect, test } from 'vitest';
import { LiveScreen } from '../../../src/cli/render/live-screen.ts';
import { Screen } from '../../support/screen.ts';

function live(columns = 40, rows = 12) {
  const size = { columns, rows };
  const screen = new Screen(columns, rows);
  let written = 0;
  const drawing = new LiveScreen({
    write: (text) => {
      written += text.length;
      screen.write(text);
    },
    size: () => size,
  });
  return { screen, drawing, size, written: () => written };
}

test('each picture stands in the place of the last one', () => {
  const { screen, drawing } = live();
  screen.write('$ ice run\n');
  drawing.draw(['a', 'b', 'c']);
  expect(screen.text).toBe('$ ice run\na\nb\nc');
  drawing.draw(['a', 'B', 'c', 'd']);
  expect(screen.text).toBe('$ ice run\na\nB\nc\nd');
  drawing.draw(['x']);
  expect(screen.text).toBe('$ ice run\nx');
  drawing.draw([]);
  expect(screen.text).toBe('$ ice run');
});

test('lines that did not change are not written again', () => {
  const { drawing, written } = live();
  const body = Array.from({ length: 9 }, (_, i) => `line ${i} with some text`);
  drawing.draw(body);
  const before = written();
  drawing.draw(body);
  expect(written()).toBe(before);
  drawing.draw([...body.slice(0, 8), 'changed']);
  expect(written() - before).toBeLessThan(80);
});

test('the last picture stays, whatever its height, and the cursor is back', () => {
  const { screen, drawing } = live();
  drawing.draw(['moving']);
  expect(screen.cursorShown).toBe(false);
  const last = Array.from({ length: 30 }, (_, i) => `last ${i}`);
  drawing.done(last);
  expect(screen.text).toBe(last.join('\n'));
  expect(screen.cursorShown).toBe(true);
  drawing.restore();
  drawing.clear();
  expect(screen.text).toBe(last.join('\n'));
});

test('a random sequence of pictures always shows the newest', () => {
  const { screen, drawing } = live(30, 20);
  let seed = 7;
  const random = (n: number): number => {
    seed = (seed * 1103515245 + 12345) % 2147483648;
    return seed % n;
  };
  for (let i = 0; i < 300; i++) {
    const lines = Array.from({ length: random(15) }, () => 'ab'.repeat(random(14)));
    drawing.draw(lines);
    expect(screen.text).toBe(lines.join('\n').trimEnd());
  }
});

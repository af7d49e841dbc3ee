import { afterEach, expect, test, vi } from 'vitest';
import { buildProgress } from '../../src/cli/build-progress.ts';
import { Output } from '../../src/cli/output.ts';

afterEach(() => vi.useRealTimers());

function outputTo(isTTY: boolean): { output: Output; said: () => string } {
  let said = '';
  const stderr = {
    isTTY,
    columns: 80,
    rows: 24,
    on: () => {},
    write(text: string, done?: () => void) {
      said += text;
      done?.();
      return true;
    },
  };
  const output = new Output({
    stdout: { ...stderr, write: () => true },
    stderr,
    env: { TERM: 'xterm', LANG: 'C.UTF-8', NO_COLOR: '1' },
    mode: 'text',
    quiet: false,
    verbose: false,
    noColor: true,
  });
  return { output, said: () => said };
}

/** Five tools, so many milliseconds each. */
function build(output: Output, eachMs: number): void {
  const { progress, end } = buildProgress(output);
  for (let done = 1; done <= 5; done++) {
    vi.advanceTimersByTime(eachMs);
    progress!(done, 5);
  }
  end();
}

test('a quick build says nothing; a long one counts on a terminal, and takes the line away', () => {
  vi.useFakeTimers();
  const quick = outputTo(true);
  build(quick.output, 100);
  expect(quick.said()).toBe('');
  const slow = outputTo(true);
  build(slow.output, 400);
  expect(slow.said()).toBe(
    `${['2', '3', '4'].map((n) => `\r\x1B[2KBuilding ${n} of 5 tools …`).join('')}\r\x1B[2K`,
  );
});

test('off a terminal there is a line every half minute', () => {
  vi.useFakeTimers();
  const { output, said } = outputTo(false);
  build(output, 11_000);
  expect(said()).toBe('Building 3 of 5 tools …\n');
});

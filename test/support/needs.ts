import { appendFileSync, existsSync } from 'node:fs';
import { describe } from 'vitest';

/** Programs that some tests need and that a machine may lack. */
const NEEDS = {
  chromium: () =>
    ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) =>
      existsSync(path),
    ),
} as const;

export const findProgram = (what: keyof typeof NEEDS): string | undefined => NEEDS[what]();

/**
 * `describe`, if the program is here; else the suite is skipped and `npm test` says so in one line with the number
 * of tests not run (and fails if ICE_REQUIRE names it).
 */
export function describeWith(
  what: keyof typeof NEEDS,
  tests: number,
  title: string,
  suite: (path: string) => void,
): void {
  const path = findProgram(what);
  if (path === undefined) {
    const file = process.env['ICE_TEST_ABSENT'];
    if (file) appendFileSync(file, `${JSON.stringify({ what, tests })}\n`);
  }
  describe.skipIf(path === undefined)(title, () => suite(path ?? ''));
}

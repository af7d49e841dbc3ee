import { expect, test } from 'vitest';
import { annotations } from '../../src/testing/annotations.ts';
import { junit } from '../../src/testing/junit.ts';
import type { TestReport } from '../../src/testing/report.ts';

const hostile = 'a "b" <c> & ]]> \u0007\ud800 é\n::error::x, 100%';
const report: TestReport = {
  cases: [
    {
      test: 'prices',
      name: 'ten',
      component: 'tool/price',
      file: 'tests/price.test.yaml',
      line: 5,
      state: 'passed',
      durationMs: 12,
      cost: 0,
      problems: [],
      scores: [],
    },
    {
      test: 'prices',
      name: hostile,
      component: 'tool/price',
      file: 'tests/price.test.yaml',
      line: 9,
      state: 'failed',
      durationMs: 3,
      cost: 0,
      problems: [{ kind: 'output', message: hostile, hint: 'Look' }],
      scores: [],
    },
  ],
  missed: [{ test: 'prices', scorer: 'short', score: 0.5, threshold: 0.75, file: 'tests/price.test.yaml' }],
  means: [],
  durationMs: 1234,
};

test('JUnit: well-formed whatever the tests say, with counts, places and reasons', () => {
  const xml = junit(report);
  expect(xml).toMatch(
    /^<\?xml version="1.0" encoding="UTF-8"\?>\n<testsuites name="ice" tests="3" failures="2"/,
  );
  expect(xml).toContain('time="1.234"');
  expect(xml).toContain('file="tests/price.test.yaml" line="5" time="0.012"/>');
  expect(xml).toContain('a &quot;b&quot; &lt;c&gt; &amp; ]]&gt; \ufffd\ufffd é&#10;::error::x, 100%');
  expect(xml).toContain('short scored 0.5, and 0.75 is the least');
  // Every tag that is opened is closed, and nothing of the texts is a tag.
  const open: string[] = [];
  for (const [, close, name, self] of xml.matchAll(/<(\/?)([a-z]+)[^<>]*?(\/?)>/g)) {
    if (close) expect(open.pop()).toBe(name);
    else if (!self) open.push(name!);
  }
  expect(open).toEqual([]);
});

test('GitHub: one line a problem, at its place; no text can begin a command of its own', () => {
  const lines = annotations(report).split('\n');
  expect(lines).toHaveLength(3);
  expect(lines[0]).toMatch(/^::error file=tests\/price\.test\.yaml,line=9,title=prices%3A a "b"/);
  expect(lines[0]).toContain('%0A%3A%3Aerror%3A%3Ax%2C 100%25');
  expect(lines[1]).toContain('title=threshold of short::short scored 0.5, and 0.75 is the least');
  expect(lines[2]).toBe('1 passed, 1 failed');
});

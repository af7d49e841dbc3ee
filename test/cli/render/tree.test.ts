import { expect, test } from 'vitest';
import { footerLines } from '../../../src/cli/render/footer.ts';
import { logLine, logLines } from '../../../src/cli/render/log-lines.ts';
import type { Frame } from '../../../src/cli/render/node-line.ts';
import { shortPath } from '../../../src/cli/render/short-path.ts';
import { textWidth, withoutControl } from '../../../src/cli/render/text-width.ts';
import { themeFor } from '../../../src/cli/render/theme.ts';
import { timelineLines } from '../../../src/cli/render/timeline.ts';
import { runHeading, treeLines, wholeTree } from '../../../src/cli/render/tree.ts';
import type { AnyRunEvent } from '../../../src/contracts/events.ts';
import { RunView } from '../../../src/contracts/run-view.ts';
import { type Journal, SAMPLE_OUTLINE, sampleJournal } from '../../support/journal.ts';

const RUN = 'run_01jd8w3c5m6k7n8p9q0r1s2t3v';

function sample(more: (journal: Journal) => void = () => {}): { view: RunView; now: number } {
  const journal = sampleJournal();
  more(journal);
  const view = new RunView(SAMPLE_OUTLINE);
  for (const event of journal.events) view.apply(event);
  return { view, now: journal.now + 1200 };
}

const frame = (now: number, more: Partial<Frame> & { ascii?: boolean; color?: boolean } = {}): Frame => ({
  theme: themeFor({ color: more.color ?? false, unicode: !more.ascii }),
  columns: more.columns ?? 100,
  now,
  moving: more.moving ?? false,
});
const drawn = (lines: string[]): string => `\n${lines.join('\n')}\n`;

test('the tree in the middle of a run', () => {
  const { view, now } = sample();
  view.delta({ path: 'priced[4].copy', attempt: 1, text: 'A sturdy mug, made for mornings' });
  expect(
    drawn([
      runHeading(view, RUN, frame(now)),
      ...treeLines(view, frame(now)),
      '',
      ...footerLines(view, frame(now), { maxCost: 0.5, keys: { view: 'tree', canCancel: true } }),
    ]),
  ).toMatchInlineSnapshot(`
    "
    clearance 1.0.0  run_01jd8w3c5m6k7n8p9q0r1s2t3v
    ├─ ✓ load    tool std/csv-parse@1.0.0                                     37 ms
    ├─ ● priced  4/10  1 failed  loop                                         4.0 s   1500 tok   $0.0015
    │  ├─ ▸ 3 done, 4 to come
    │  ├─ ✗ [3]                                                               20 ms
    │  │  ├─ ✗ price  tool price                                              20 ms
    │  │  │     tool_failed: Cost must be positive, and it is -4.50
    │  │  │     → Check the column cost
    │  │  └─ · copy   llm echo/default
    │  ├─ ● [4]                                                               1.2 s
    │  │  ├─ ✓ price  tool price                                              11 ms
    │  │  └─ ● copy   llm echo/default  A sturdy mug, made for mornings       1.2 s
    │  └─ ● [5]                                                               1.2 s
    │     ├─ ↻ price  again in 1.3 s  tool price                              1.2 s
    │     │     tool_failed: Upstream said 503
    │     └─ · copy   llm echo/default
    ├─ · check   condition
    │  ├─ · then
    │  │  └─ · alarm  tool std/http@1.0.0
    │  └─ · else
    │     └─ · calm  set
    └─ · report  set

    ● running   4.0 s   1/4 nodes   1500 tokens   $0.0015 of $0.50
    t timeline   l logs   d detach   x cancel
    "
  `);
});

test('without colours and Unicode, and narrow', () => {
  const { view, now } = sample();
  expect(drawn(treeLines(view, frame(now, { ascii: true, columns: 48 })))).toMatchInlineSnapshot(`
    "
    |- + load    tool std/csv-parse@1.0.0      37 ms
    |- * priced  4/10  1 failed  loop          4.0 s
    |  |- > 3 done, 4 to come
    |  |- x [3]                                20 ms
    |  |  |- x price  tool price               20 ms
    |  |  |     tool_failed: Cost must be
    |  |  |     positive, and it is -4.50
    |  |  |     -> Check the column cost
    |  |  \`- . copy   llm echo/default
    |  |- * [4]                                1.2 s
    |  |  |- + price  tool price               11 ms
    |  |  \`- * copy   llm echo/default         1.2 s
    |  \`- * [5]                                1.2 s
    |     |- r price  again in 1.3 s  too..    1.2 s
    |     |     tool_failed: Upstream said 503
    |     \`- . copy   llm echo/default
    |- . check   condition
    |  |- . then
    |  |  \`- . alarm  tool std/http@1.0.0
    |  \`- . else
    |     \`- . calm  set
    \`- . report  set
    "
  `);
});

test('on a low screen what moves and what failed stays, and the rest is counted', () => {
  const { view, now } = sample();
  const lines = treeLines(view, frame(now), 9);
  expect(lines.length).toBeLessThanOrEqual(9);
  expect(drawn(lines)).toMatchInlineSnapshot(`
    "
    ├─ ✓ load    tool std/csv-parse@1.0.0                                     37 ms
    ├─ ● priced  4/10  1 failed  loop                                         4.0 s   1500 tok   $0.0015
    │  ├─ ▸ 3 done, 4 to come
    │  ├─ ✗ [3]                                                               20 ms
    │  │  ├─ … 1 failed, 1 to come
    │  ├─ ● [4]                                                               1.2 s
    │  │  ├─ … 1 done, 1 running
    │  └─ ● [5]                                                               1.2 s
    │     ├─ … 1 running, 7 to come
    "
  `);
});

test('a loop that has ended shows only its failures', () => {
  const { view, now } = sample((journal) => {
    for (const i of [4, 5, 6, 7, 8, 9])
      journal
        .add('node.succeeded', {}, { path: `priced[${i}].price` })
        .add('node.succeeded', {}, { path: `priced[${i}].copy` });
    journal
      .add('node.succeeded', { derived: true }, { path: 'priced', after: 100 })
      .add('node.started', { branch: 'else' }, { path: 'check' })
      .add('node.succeeded', {}, { path: 'check.else.calm' })
      .add('node.succeeded', { derived: true }, { path: 'check' })
      .add('node.succeeded', {}, { path: 'report' })
      .add('run.succeeded', { outputs: {} });
  });
  expect(drawn(wholeTree(view, RUN, frame(now)))).toMatchInlineSnapshot(`
    "
    clearance 1.0.0  run_01jd8w3c5m6k7n8p9q0r1s2t3v
    ├─ ✓ load    tool std/csv-parse@1.0.0                                     37 ms
    ├─ ✓ priced  10/10  1 failed  loop                                        2.9 s   1500 tok   $0.0015
    │  └─ ✗ [3]                                                               20 ms
    │     ├─ ✗ price  tool price                                              20 ms
    │     │     tool_failed: Cost must be positive, and it is -4.50
    │     │     → Check the column cost
    │     └─ · copy   llm echo/default
    ├─ ✓ check   → else  condition
    │  └─ ✓ calm  set
    └─ ✓ report  set
    "
  `);
});

test('the timeline is one axis', () => {
  const { view, now } = sample();
  expect(drawn(timelineLines(view, frame(now, { columns: 70 })))).toMatchInlineSnapshot(`
    "
    ✓ load            ━                                            37 ms
    ● priced          ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━    4.0 s
    ✗ priced[3].price                             ━                20 ms
    ✓ priced[4].price                             ━                11 ms
    ● priced[4].copy                              ━━━━━━━━━━━━━    1.2 s
    ↻ priced[5].price                             ━━━━━━━━━━━━━    1.2 s
                      0                                   4.0 s
    "
  `);
});

test('a log line has its data, and what could be two words is quoted', () => {
  const line = {
    seq: 1,
    ts: Date.UTC(2026, 10, 24, 12, 4, 5, 123),
    path: 'priced[3].price',
    level: 'info' as const,
    message: 'priced',
    fields: { cost: 10, name: 'mug', note: 'two words', tags: ['a'] },
  };
  expect(logLine(line, frame(0).theme)).toBe(
    '12:04:05.123  info   priced[3].price  priced  cost=10 name=mug note="two words" tags=["a"]',
  );
});

test('no line is wider than the screen, at any width, with any names and texts', () => {
  const outline = [
    { id: 'ein_ziemlich_langer_name_der_nicht_passt', type: 'llm', label: 'anbieter/模型名字很长很长' },
    { id: 'x', type: 'loop', lists: { body: [{ id: 'y', type: 'tool', label: '👩‍👩‍👧 emoji tool' }] } },
  ];
  const view = new RunView(outline);
  const event = { v: 1 as const, ts: 5, runId: RUN };
  view.apply({
    ...event,
    seq: 1,
    type: 'node.started',
    path: 'ein_ziemlich_langer_name_der_nicht_passt',
    attempt: 3,
    data: {},
  });
  view.delta({
    path: 'ein_ziemlich_langer_name_der_nicht_passt',
    attempt: 3,
    text: '漢字のテキスト '.repeat(20),
  });
  view.apply({ ...event, seq: 2, type: 'node.started', path: 'x', data: { items: 3 } });
  view.apply({
    ...event,
    seq: 3,
    type: 'node.failed',
    path: 'x[1].y',
    attempt: 1,
    data: { error: { code: 'tool_failed', message: '数'.repeat(200) } },
  });
  for (let columns = 20; columns <= 140; columns += 7) {
    for (const color of [true, false]) {
      const at = frame(99_999, { columns, color });
      for (const line of [...treeLines(view, at), ...timelineLines(view, at), ...footerLines(view, at, {})])
        expect(textWidth(line), withoutControl(line)).toBeLessThanOrEqual(columns);
    }
  }
});

test('text of tools and models cannot move the cursor or pose as our own lines', () => {
  const { view, now } = sample((journal) => {
    journal.add(
      'node.failed',
      { error: { code: 'tool_failed', message: 'a\x1B[2J\x1B]0;title\x07\r\n✓ succeeded\u202E' } },
      { path: 'report' },
    );
  });
  const text = treeLines(view, frame(now)).join('\n');
  expect(text).not.toMatch(/[\x1B\x07\r\u202E]/);
  expect(text).toContain('tool_failed: a ✓ succeeded');
});

test('what an agent called is drawn under it, as in the timeline; a called agent is one line, not two', () => {
  const view = new RunView([
    {
      id: 'boss',
      type: 'agent',
      label: 'boss@1.0.0',
      lists: {
        refund: [{ id: 'pay', type: 'tool', label: 'pay@1.0.0' }],
        researcher: [{ id: 'researcher', type: 'agent', label: 'researcher@1.0.0' }],
      },
    },
  ]);
  let seq = 0;
  const say = (ts: number, type: string, path: string | undefined, data: object): void => {
    const event = { v: 1, seq: ++seq, ts, runId: RUN, type, ...(path ? { path, attempt: 1 } : {}), data };
    view.apply(event as AnyRunEvent);
  };
  const call = (name: string, kind: string) => ({
    call: { name, kind, ref: `${name}@1.0.0`, workflow: name, inputs: {} },
  });
  const told = { error: { code: 'tool_failed', message: 'No such order' } };
  say(0, 'run.started', undefined, { worker: 'w', epoch: 1 });
  say(0, 'node.started', 'boss', {});
  say(1_000, 'node.step', 'boss', { index: 0, kind: 'model', name: 'm', result: {}, cost: 0.001 });
  say(1_000, 'node.started', 'boss.researcher[1]', call('researcher', 'agent'));
  say(1_000, 'node.started', 'boss.researcher[1].researcher', {});
  say(2_000, 'node.step', 'boss.researcher[1].researcher', {
    index: 0,
    kind: 'tool',
    name: 'find',
    result: told,
  });
  say(3_000, 'node.succeeded', 'boss.researcher[1].researcher', {
    result: {},
    cost: 0.002,
    durationMs: 2_000,
  });
  say(3_000, 'node.succeeded', 'boss.researcher[1]', { derived: true, durationMs: 2_000 });
  say(3_000, 'node.step', 'boss', { index: 1, kind: 'tool', name: 'researcher', result: {} });
  say(4_000, 'node.started', 'boss.refund[3]', call('refund', 'workflow'));
  say(4_000, 'node.started', 'boss.refund[3].pay', {});
  expect(drawn(treeLines(view, frame(6_000, { columns: 90 })))).toMatchInlineSnapshot(`
    "
    └─ ● boss  agent boss@1.0.0                                                6.0 s   $0.0030
       ├─ ✓ researcher  agent researcher@1.0.0                                 2.0 s   $0.0020
       │  └─ ✗ find  handled  tool                                             1.0 s
       │        tool_failed: No such order
       └─ ● refund      workflow refund@1.0.0                                  2.0 s
          └─ ● pay  tool pay@1.0.0                                             2.0 s
    "
  `);
  expect(drawn(timelineLines(view, frame(6_000, { columns: 70 })))).toMatchInlineSnapshot(`
    "
    ● boss                         ━━━━━━━━━━━━━━━━━━━━━━━━━━━━    6.0 s
    ✓ boss.researcher[1]               ━━━━━━━━━━━                 2.0 s
    ✗ boss.rese…[1].rese….find[0]      ━━━━━━                      1.0 s
    ● boss.refund[3]                                 ━━━━━━━━━━    2.0 s
    ● boss.refund[3].pay                             ━━━━━━━━━━    2.0 s
                                   0                      6.0 s
    "
  `);
});

test.each(Array.from({ length: 28 }, (_, i) => i + 3))(
  'in %i rows no reason stands without the node that it is about',
  (rows) => {
    const reason = 'word '.repeat(40).trim();
    const { view, now } = sample((journal) => {
      for (const item of [6, 7, 8])
        journal.add(
          'node.failed',
          { error: { code: 'tool_failed', message: reason } },
          { path: `priced[${item}].price` },
        );
    });
    const lines = treeLines(view, frame(now, { columns: 60 }), rows);
    expect(lines.length).toBeLessThanOrEqual(rows);
    for (const [i, line] of lines.entries())
      if (/^[│ ]+(?:tool_failed: word|word)/.test(line)) expect(lines[i - 1]).toMatch(/[✗↻] price|word/);
    const first = lines.filter((line) => line.includes('tool_failed: word')).length;
    const rest = lines.filter((line) => /^[│ ]+word/.test(line)).length;
    expect(rest === 0 || first > 0).toBe(true);
  },
);

test('a long path leaves room for what a line of the log says', () => {
  const path = 'outer[12].a_list_whose_name_goes_on_and_on_for_very_long[3].write';
  const view = new RunView([]);
  view.logs.push({ ts: 0, level: 'warn', path, message: 'the service is busy, again' } as never);
  const [line] = logLines(view, frame(0, { columns: 90 }));
  expect(line).toContain('the service is busy, again');
  expect(line).toMatch(/outer\[12\]\.a_list\w*…\[3\]\.write/);
  expect(logLine(view.logs[0]!, themeFor({ color: false, unicode: true }))).toContain(path);
});

test.each([
  ['load', 10, 'load'],
  ['outer[0].inner_with_a_long_name[3].w', 24, 'outer[0].inner_wit…[3].w'],
  ['outer[1].inner_with_a_long_name[3].w', 20, 'outer[1].inner…[3].w'],
  ['a[100000].b[100000].c[100000]', 12, '…].c[100000]'],
])('the path %s in %i columns', (path, columns, wanted) => {
  const short = shortPath(path, columns, '…');
  expect(textWidth(short)).toBeLessThanOrEqual(columns);
  expect(short).toBe(wanted);
});

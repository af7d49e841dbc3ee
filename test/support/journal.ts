import type { AnyRunEvent, EventData, EventType } from '../../src/contracts/events.ts';
import type { OutlineNode } from '../../src/contracts/runs.ts';

/** Writes a journal by hand, one event after the other, with its own clock. */
export class Journal {
  readonly events: AnyRunEvent[] = [];
  now = Date.UTC(2026, 10, 24, 12, 0, 0);

  add<T extends EventType>(
    type: T,
    data: EventData[T],
    at: { path?: string; attempt?: number; after?: number } = {},
  ): this {
    this.now += at.after ?? 0;
    this.events.push({
      v: 1,
      seq: this.events.length + 1,
      ts: this.now,
      runId: 'run_01jd8w3c5m6k7n8p9q0r1s2t3v',
      type,
      ...(at.path === undefined ? {} : { path: at.path }),
      ...(at.attempt === undefined ? {} : { attempt: at.attempt }),
      data,
    } as AnyRunEvent);
    return this;
  }
}

/** A workflow with one of each: a tool, a loop with a retry and a failure, a condition, a branch that waits. */
export const SAMPLE_OUTLINE: OutlineNode[] = [
  { id: 'load', type: 'tool', label: 'std/csv-parse@1.0.0' },
  {
    id: 'priced',
    type: 'loop',
    lists: {
      body: [
        { id: 'price', type: 'tool', label: 'price@0.0.0' },
        { id: 'copy', type: 'llm', label: 'echo/default' },
      ],
    },
  },
  {
    id: 'check',
    type: 'condition',
    lists: {
      then: [{ id: 'alarm', type: 'tool', label: 'std/http@1.0.0' }],
      else: [{ id: 'calm', type: 'set' }],
    },
  },
  { id: 'report', type: 'set' },
];

/** In the middle of things: three items done, one failed, one streams, one will be tried again. */
export function sampleJournal(): Journal {
  const journal = new Journal()
    .add('run.created', { name: 'clearance', version: '1.0.0', plan: 'sha256:0', inputs: {}, by: 'me' })
    .add('run.started', { worker: 'w', epoch: 1 })
    .add('node.started', {}, { path: 'load', attempt: 1 })
    .add('node.succeeded', { result: {} }, { path: 'load', attempt: 1, after: 37 })
    .add('node.started', { items: 10 }, { path: 'priced', attempt: 1 });
  for (const i of [0, 1, 2]) {
    journal
      .add('node.started', {}, { path: `priced[${i}].price`, attempt: 1 })
      .add('node.succeeded', { result: {} }, { path: `priced[${i}].price`, attempt: 1, after: 12 })
      .add('node.started', {}, { path: `priced[${i}].copy`, attempt: 1 })
      .add(
        'node.succeeded',
        { result: {}, usage: { inputTokens: 400, outputTokens: 100 }, cost: 0.0005 },
        { path: `priced[${i}].copy`, attempt: 1, after: 900 },
      );
  }
  return journal
    .add('node.started', {}, { path: 'priced[3].price', attempt: 1 })
    .add(
      'node.failed',
      {
        error: {
          code: 'tool_failed',
          message: 'Cost must be positive, and it is -4.50',
          hint: 'Check the column cost',
        },
      },
      { path: 'priced[3].price', attempt: 1, after: 20 },
    )
    .add('node.started', {}, { path: 'priced[4].price', attempt: 1 })
    .add('node.succeeded', { result: {} }, { path: 'priced[4].price', attempt: 1, after: 11 })
    .add('node.started', {}, { path: 'priced[4].copy', attempt: 1 })
    .add('node.started', {}, { path: 'priced[5].price', attempt: 1 })
    .add(
      'node.retrying',
      { error: { code: 'tool_failed', message: 'Upstream said 503' }, at: journal.now + 2500 },
      { path: 'priced[5].price', attempt: 1, after: 30 },
    );
}

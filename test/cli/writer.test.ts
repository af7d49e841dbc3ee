import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { type TextSink, Writer } from '../../src/cli/streams.ts';

/** A reader that takes nothing until it is told to. */
function slowSink() {
  const taken: (() => void)[] = [];
  let fail: (error: NodeJS.ErrnoException) => void = () => {};
  const sink: TextSink = {
    write(_text, done) {
      taken.push(() => done?.());
      return false;
    },
    on(_event, listener) {
      fail = listener;
    },
  };
  return {
    sink,
    takeAll: () => taken.splice(0).forEach((take) => void take()),
    fail: (code: string) => fail(Object.assign(new Error(code), { code })),
  };
}

test('a hundred thousand lines leave nothing behind, and each new one costs as much as the first', async () => {
  const { sink, takeAll } = slowSink();
  const writer = new Writer(sink);
  for (let i = 0; i < 100_000; i++) void writer.write(`line ${i}\n`);
  expect(getEventListeners(writer.closed, 'abort')).toHaveLength(0);
  takeAll();
  await writer.drained();
});

test('who waits for a reader that goes away is let go, and a full disk is told', async () => {
  const gone = slowSink();
  const writer = new Writer(gone.sink);
  const waits = writer.write('a');
  gone.fail('EPIPE');
  await waits;
  await writer.drained();
  expect(writer.closed.aborted).toBe(true);

  const full = slowSink();
  const other = new Writer(full.sink);
  void other.write('a');
  full.fail('ENOSPC');
  await expect(other.drained()).rejects.toMatchObject({ code: 'ENOSPC' });
});

import { expect, test } from 'vitest';
import { type FollowedEntry, followRun } from '../../src/client/follow.ts';
import { IceError } from '../../src/contracts/errors.ts';

const RETRY = { maxAttempts: 3, initialMs: 1, maxMs: 2 };
const event = (seq: number) => `id: ${seq}\ndata: ${JSON.stringify({ v: 1, seq, type: 'node.log' })}\n\n`;
const END = 'event: end\ndata: {"state":"succeeded","seq":5}\n\n';

/** Answers each connection with the next script; a script ends in a cut unless it says `end`. */
function server(scripts: (after: number) => string[] | Error) {
  const asked: number[] = [];
  return {
    asked,
    open: async (after: number): Promise<Response> => {
      asked.push(after);
      const script = scripts(after);
      if (script instanceof Error) throw script;
      const encoder = new TextEncoder();
      return new Response(
        new ReadableStream({
          start(controller) {
            for (const chunk of script) controller.enqueue(encoder.encode(chunk));
            controller.close();
          },
        }),
      );
    },
  };
}

async function collect(entries: AsyncIterable<FollowedEntry>): Promise<(number | string)[]> {
  const seen: (number | string)[] = [];
  for await (const entry of entries)
    seen.push(
      entry.kind === 'event' ? entry.event.seq : entry.kind === 'delta' ? entry.text : `end ${entry.state}`,
    );
  return seen;
}

test('a dropped stream goes on after the last entry, without loss or double', async () => {
  const { open, asked } = server((after) => {
    if (after === 0) return [event(1), event(2), 'id: 3\ndata: {"v":1,"se'];
    if (after === 2)
      return [event(2), event(3), 'event: delta\ndata: {"path":"a","attempt":1,"text":"hi"}\n\n'];
    return [event(4), event(5), END];
  });
  expect(await collect(followRun(open, {}, RETRY))).toEqual([1, 2, 3, 'hi', 4, 5, 'end succeeded']);
  expect(asked).toEqual([0, 2, 3]);
});

test('a frame that was lost on the way is fetched again', async () => {
  let connection = 0;
  const { open, asked } = server((after) => {
    connection++;
    if (connection === 1) return [event(1), event(3)];
    if (after === 1) return [event(2), event(3), event(4), event(5), END];
    return [];
  });
  expect(await collect(followRun(open, {}, RETRY))).toEqual([1, 2, 3, 4, 5, 'end succeeded']);
  expect(asked).toEqual([0, 1]);
});

test('an end before the last entry is a cut, not an end', async () => {
  const { open } = server((after) => (after === 0 ? [event(1), END] : [2, 3, 4, 5].map(event).concat(END)));
  expect(await collect(followRun(open, {}, RETRY))).toEqual([1, 2, 3, 4, 5, 'end succeeded']);
});

test('what no new connection can mend ends it at once', async () => {
  const { open, asked } = server(() => new IceError('not_found', 'There is no run x here'));
  await expect(collect(followRun(open, {}, RETRY))).rejects.toMatchObject({ code: 'not_found' });
  expect(asked).toEqual([0]);
  const revoked = server(() => [
    event(1),
    'event: problem\ndata: {"code":"unauthenticated","detail":"The token was revoked"}\n\n',
  ]);
  await expect(collect(followRun(revoked.open, {}, RETRY))).rejects.toMatchObject({
    code: 'unauthenticated',
  });
});

test('it gives up after many connections that bring nothing, and says so each time', async () => {
  const { open, asked } = server(() => []);
  const told: string[] = [];
  const following = followRun(open, { onReconnect: (error) => told.push(error.code) }, RETRY);
  await expect(collect(following)).rejects.toMatchObject({ code: 'unavailable' });
  expect(asked.length).toBe(8);
  expect(told.length).toBe(7);
});

test('the signal ends a wait for the next connection', async () => {
  const abort = new AbortController();
  const { open } = server(() => []);
  const following = followRun(
    open,
    { signal: abort.signal, onReconnect: () => abort.abort(new Error('enough')) },
    { maxAttempts: 3, initialMs: 60_000, maxMs: 60_000 },
  );
  await expect(collect(following)).rejects.toThrow('enough');
});

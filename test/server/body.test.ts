import { expect, test } from 'vitest';
import { MOST_DEPTH, parseJson, readBytes, readJson, unsafeIntegers } from '../../src/server/body.ts';

const post = (body: BodyInit, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
  new Request('http://x', { method: 'POST', body, headers, duplex: 'half' } as RequestInit);

/** A body in pieces, endless unless `pieces` is given: only counting can stop it. */
function stream(pieceBytes: number, pieces = Number.POSITIVE_INFINITY) {
  let sent = 0;
  const state = { sent: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent++ >= pieces) return controller.close();
      state.sent += pieceBytes;
      controller.enqueue(new Uint8Array(pieceBytes).fill(32));
    },
    cancel() {
      state.cancelled = true;
    },
  });
  return { body, state };
}

test('an endless body is cut at the limit', async () => {
  const { body, state } = stream(1000);
  await expect(readBytes(post(body), 10_000)).rejects.toMatchObject({
    code: 'too_large',
    details: { limitBytes: 10_000 },
  });
  expect(state.cancelled).toBe(true);
  expect(state.sent).toBeLessThan(20_000);
});

test('a Content-Length is believed when it says too much, never when it says little', async () => {
  const { body, state } = stream(1000);
  await expect(readBytes(post(body, { 'content-length': '99999' }), 10_000)).rejects.toMatchObject({
    code: 'too_large',
  });
  expect(state.sent).toBeLessThan(10_000);
  const lying = stream(1000);
  await expect(readBytes(post(lying.body, { 'content-length': '5' }), 10_000)).rejects.toMatchObject({
    code: 'too_large',
  });
});

test('exactly the limit is read, in order', async () => {
  const { body } = stream(1000, 10);
  expect((await readBytes(post(body), 10_000)).byteLength).toBe(10_000);
});

test('what is no JSON says why', async () => {
  await expect(readJson(post('{"a":'), 1000)).rejects.toMatchObject({ code: 'bad_request' });
  await expect(readJson(post('{}', { 'content-type': 'text/plain' }), 1000)).rejects.toMatchObject({
    code: 'unsupported_media',
  });
  await expect(readJson(post('{}', {}), 1000)).rejects.toMatchObject({ code: 'unsupported_media' });
  await expect(
    readJson(post('{}', { 'content-type': 'application/json', 'content-encoding': 'gzip' }), 1000),
  ).rejects.toMatchObject({ code: 'unsupported_media' });
  await expect(readJson(post(new Uint8Array([0x22, 0xff, 0x22])), 1000)).rejects.toMatchObject({
    code: 'bad_request',
  });
  expect(await readJson(post(''), 1000)).toBeUndefined();
  expect(
    (await readJson(post('[1]', { 'content-type': 'Application/JSON; charset=utf-8' }), 1000))?.value,
  ).toEqual([1]);
});

test('depth is bounded before anything recurses', () => {
  const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels);
  expect(() => parseJson(nested(MOST_DEPTH))).not.toThrow();
  for (const levels of [MOST_DEPTH + 1, 1_000_000])
    expect(() => parseJson(nested(levels))).toThrow(/levels deep/);
  expect(() => parseJson(`"${'['.repeat(1000)}"`)).not.toThrow();
  expect(() => parseJson(`"\\"${'{'.repeat(1000)}"`)).not.toThrow();
});

test('half a character is refused, as a value and as a key; a whole one is not', () => {
  for (const text of ['{"a":["x\\ud800"]}', '{"\\udc00":1}', '"\\udc00\\ud83d"'])
    expect(() => parseJson(text)).toThrow(/half a character/);
  expect(parseJson('{"a":"\\ud83d\\ude00"}').value).toEqual({ a: '😀' });
});

test('__proto__ is refused, however it is written', () => {
  for (const key of ['"__proto__"', '"__pro\\u0074o__"', '"\\u005f_proto__"'])
    expect(() => parseJson(`{"a":[{${key}:1}]}`)).toThrow(/__proto__/);
  expect(() => parseJson('{"a":"__proto__ as text"}')).not.toThrow();
});

test('long whole numbers are noticed by how they are written', () => {
  const long = (text: string) => parseJson(text).longIntegers;
  expect(long('{"a":9007199254740993}')).toBe(true);
  expect(long('[-12345678901234567890]')).toBe(true);
  expect(long('12345678901234567890')).toBe(true);
  for (const fine of [
    '{"a":1e300}',
    '[0.12345678901234567890]',
    '[12345678901234567.5]',
    '"12345678901234567890"',
    '[1e-1234567890123456]',
  ])
    expect(long(fine), fine).toBe(false);
  expect(unsafeIntegers({ a: [1, { b: 2 ** 53 }], c: 1.5, d: 'x' }, 'inputs')).toEqual(['inputs.a[1].b']);
});

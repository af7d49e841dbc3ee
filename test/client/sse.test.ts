import { expect, test } from 'vitest';
import { type SseFrame, SseParser } from '../../src/client/sse.ts';

const all = (chunks: string[]): SseFrame[] => {
  const parser = new SseParser();
  return chunks.flatMap((chunk) => parser.push(chunk));
};

const STREAM = [
  'retry: 1000\n\n',
  ': alive\n\n',
  'id: 1\ndata: {"a":1}\n\n',
  'event: delta\r\ndata: one\r\ndata: two\r\n\r\n',
  'data:no space\ndata:  two spaces\n\n',
  'unknown: x\nid: 7\ndata\n\n',
  'event: end\rdata: ß€😀\r\r',
  'data: never ended',
].join('');
const FRAMES: SseFrame[] = [
  { event: 'message', id: '1', data: '{"a":1}' },
  { event: 'delta', data: 'one\ntwo' },
  { event: 'message', data: 'no space\n two spaces' },
  { event: 'message', id: '7', data: '' },
  { event: 'end', data: 'ß€😀' },
];

test('frames, fields, comments and all three line ends', () => {
  expect(all([STREAM])).toEqual(FRAMES);
});

test('a stream cut at every place gives the same frames', () => {
  for (let cut = 0; cut <= STREAM.length; cut++)
    expect(all([STREAM.slice(0, cut), STREAM.slice(cut)]), `cut at ${cut}`).toEqual(FRAMES);
  expect(all([...STREAM].flatMap((character) => [character, '']))).toEqual(FRAMES);
});

test('a byte order mark at the start is no part of the first field', () => {
  expect(all(['\ufeff', 'data: x\n\n'])).toEqual([{ event: 'message', data: 'x' }]);
  expect(all(['\ufeffdata: x\n\n'])).toEqual([{ event: 'message', data: 'x' }]);
});

test('the wait that the server asks for is kept, and an id with a null is none', () => {
  const parser = new SseParser();
  expect(parser.push('retry: 250\nretry: soon\nid: a\0b\ndata: x\n\n')).toEqual([
    { event: 'message', data: 'x' },
  ]);
  expect(parser.retryMs).toBe(250);
});

test('a frame without end is refused, not kept', () => {
  const parser = new SseParser();
  const chunk = 'x'.repeat(16 * 1024 * 1024);
  expect(() => {
    for (let i = 0; i < 5; i++) parser.push(chunk);
  }).toThrow('too large');
});

import { describe, expect, test } from 'vitest';
import { readMessage } from '../../src/sandbox/child-messages.ts';

const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });

describe('a message of a child', () => {
  test.each([
    ['nothing', undefined],
    ['text', 'done'],
    ['a list', [{ t: 'done', id: 1 }]],
    ['no call', { t: 'done', json: '1' }],
    ['a call that is text', { t: 'done', id: '1', json: '1' }],
    ['a kind that is none', { t: 'quit', id: 1 }],
    ['a level that is none', { t: 'log', id: 1, level: ['info'], message: 'm' }],
  ])('is none: %s', (_, said) => {
    expect(readMessage(said)).toBeUndefined();
  });

  test.each([
    [
      'progress',
      { t: 'progress', id: 1, done: 'x', total: NaN, message: { a: 1 } },
      { t: 'progress', id: 1 },
    ],
    ['a log', { t: 'log', id: 1, level: 'info', message: {}, fields: 'x' }, { message: '(no text)' }],
    [
      'a log with fields that are too deep to walk',
      { t: 'log', id: 1, level: 'info', message: 'm', fields: nested(5000) },
      { fields: { dropped: 'nested too deep' } },
    ],
    ['a result', { t: 'done', id: 1, json: { length: 1 } }, { json: '', dirty: false }],
    ['a failure', { t: 'failed', id: 1, error: null }, { error: { kind: 'thrown' } }],
    [
      'a failure of other types',
      { t: 'failed', id: 1, error: { kind: 'toString', message: 1, stack: 2, retryAfterMs: Infinity } },
      { error: { kind: 'thrown', message: 'It failed, and said nothing of it' } },
    ],
    [
      'a failure that would be retried before it happened',
      { t: 'failed', id: 1, error: { kind: 'retryable', message: 'm', retryAfterMs: -5 } },
      { error: { kind: 'retryable', message: 'm', retryAfterMs: 0 } },
    ],
    [
      'a request',
      { t: 'fetch', id: 1, n: 2, request: { url: {}, method: 1, headers: [null, ['a', 1], ['b', 'c']] } },
      {
        request: {
          url: '',
          method: '',
          headers: [
            ['', ''],
            ['a', ''],
            ['b', 'c'],
          ],
        },
      },
    ],
  ])('has the types that it must have: %s', (_, said, read) => {
    expect(readMessage(said)).toMatchObject(read);
  });

  test('is read as it is when it is in order', () => {
    const said = { t: 'log', id: 1, level: 'warn', message: 'm', fields: { a: [1, { b: null }] } };
    expect(readMessage(said)).toEqual(said);
  });
});

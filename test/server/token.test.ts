import { crc32 as zlibCrc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { crc32, hashToken, newTokenSecret, tokenProblem } from '../../src/server/token.ts';

test('the checksum is the CRC-32 of zlib', () => {
  for (const text of ['', 'a', 'ice_0123456789', 'ß€😀'.repeat(50)])
    expect(crc32(text)).toBe(zlibCrc32(text));
});

test('new tokens have the published form and differ', () => {
  const tokens = Array.from({ length: 200 }, newTokenSecret);
  expect(new Set(tokens).size).toBe(200);
  for (const token of tokens) {
    expect(token).toMatch(/^ice_[0-9a-hjkmnp-tv-z]{39}$/);
    expect(tokenProblem(token)).toBeUndefined();
  }
});

test('every single changed, lost or doubled character is noticed', () => {
  const token = newTokenSecret();
  for (let i = 4; i < token.length; i++) {
    const other = token[i] === 'a' ? 'b' : 'a';
    expect(tokenProblem(token.slice(0, i) + other + token.slice(i + 1))).toContain('checksum');
    expect(tokenProblem(token.slice(0, i) + token.slice(i + 1))).toContain('42 characters instead of 43');
  }
  expect(tokenProblem(`${token}x`)).toContain('44 characters');
  expect(tokenProblem(token.toUpperCase())).toContain('ice_');
  expect(tokenProblem(`ice_${token.slice(4).toUpperCase()}`)).toContain('characters that no token has');
  expect(tokenProblem('ghp_abc')).toContain('ice_');
});

test('what is kept of a token is its sha256', async () => {
  expect(await hashToken('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

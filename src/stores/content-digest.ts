import { hash } from 'node:crypto';
import { IceError } from '../contracts/errors.ts';

/** The digest of some content: `sha256:` and 64 hex digits. */
export const contentDigest = (bytes: Uint8Array): string => `sha256:${hash('sha256', bytes, 'hex')}`;

/** Refuses content that is not what its digest says; no store takes a digest on trust. */
export function assertContent(digest: string, bytes: Uint8Array): void {
  const actual = contentDigest(bytes);
  if (actual === digest) return;
  throw new IceError('artifact_mismatch', `This content is not ${digest}: its digest is ${actual}.`, {
    hint: 'Upload the bytes unchanged, under the sha256 of exactly these bytes.',
    details: { expected: digest, actual, size: bytes.byteLength },
  });
}

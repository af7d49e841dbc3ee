import { createHash } from 'node:crypto';
import { IceError } from '../contracts/errors.ts';

export interface MasterKey {
  /** Says which key it is, and nothing of the key. */
  id: string;
  bytes: Buffer;
}

/** The keys that secrets are under: the current one, which seals, and older ones, which still open. */
export interface MasterKeys {
  readonly current: MasterKey;
  byId(id: string): MasterKey | undefined;
}

/** Bytes of a key. */
export const KEY_LENGTH = 32;
/** A command that prints one. */
export const MAKE_ONE = `node -e "console.log(require('crypto').randomBytes(32).toString('base64'))"`;

/**
 * Reads master keys: 32 bytes in base64 each, the current one first, older ones after it, apart by commas or lines.
 * Fails with `machine`; the message never holds the text.
 */
export function parseMasterKeys(text: string, source: string): MasterKeys {
  const parts = text.split(/[\s,]+/).filter((part) => part !== '');
  const keys = parts.map((part, i) => {
    const bytes = Buffer.from(part, 'base64');
    const canonical = bytes.toString('base64').replace(/=+$/, '');
    if (
      bytes.length !== KEY_LENGTH ||
      canonical !== part.replace(/=+$/, '').replaceAll('-', '+').replaceAll('_', '/')
    ) {
      throw new IceError('machine', `Key ${i + 1} of ${source} is not 32 bytes in base64`, {
        hint: `Make one: ${MAKE_ONE}`,
      });
    }
    return keyOf(bytes);
  });
  const [current] = keys;
  if (!current) throw new IceError('machine', `${source} holds no key`, { hint: `Make one: ${MAKE_ONE}` });
  const byId = new Map(keys.map((key) => [key.id, key]));
  return { current, byId: (id) => byId.get(id) };
}

const keyOf = (bytes: Buffer): MasterKey => ({
  id: createHash('sha256').update('ice master key id\0').update(bytes).digest('hex').slice(0, 16),
  bytes,
});

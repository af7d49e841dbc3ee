/**
 * Bearer tokens: `ice_`, 32 random characters, 7 characters of checksum. The alphabet is Crockford's base 32 in
 * lower case (160 random bits); the checksum is the CRC-32 (IEEE 802.3, as in zlib) of everything before it, written
 * in the same alphabet with the highest digit first. So a secret scanner recognises one without asking us, and a token that was
 * cut or mistyped is told apart from one that is not known. Documented in docs/reference/tokens.md.
 */

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const RANDOM_CHARS = 32;
const CHECK_CHARS = 7;
const SHAPE = new RegExp(`^ice_[${ALPHABET}]{${RANDOM_CHARS + CHECK_CHARS}}$`);

/** What a byte does to the checksum. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  return crc;
});

/** CRC-32 as zlib has it. */
export function crc32(text: string): number {
  let crc = ~0;
  for (const byte of new TextEncoder().encode(text)) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ byte) & 255]!;
  return ~crc >>> 0;
}

const checksum = (text: string): string => {
  let out = '';
  for (let left = crc32(text), i = 0; i < CHECK_CHARS; i++, left = Math.floor(left / 32))
    out = ALPHABET[left % 32] + out;
  return out;
};

/** A new secret. It is shown once; what is kept is `hashToken` of it. */
export function newTokenSecret(): string {
  let body = 'ice_';
  for (const byte of crypto.getRandomValues(new Uint8Array(RANDOM_CHARS))) body += ALPHABET[byte & 31];
  return body + checksum(body);
}

/** Why a text is no token; undefined when it has the form of one (which says nothing of whether it is known). */
export function tokenProblem(text: string): string | undefined {
  if (!text.startsWith('ice_')) return 'it does not begin with ice_';
  if (!SHAPE.test(text)) {
    const length = 4 + RANDOM_CHARS + CHECK_CHARS;
    return text.length === length
      ? 'it has characters that no token has'
      : `it has ${text.length} characters instead of ${length}`;
  }
  const body = text.slice(0, -CHECK_CHARS);
  return checksum(body) === text.slice(-CHECK_CHARS)
    ? undefined
    : 'its checksum does not fit: it was mistyped';
}

/** sha256 of a text or of bytes, as 64 hex digits. */
export async function sha256Hex(content: string | Uint8Array): Promise<string> {
  const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
  let hex = '';
  for (const byte of hash) hex += (byte < 16 ? '0' : '') + byte.toString(16);
  return hex;
}

/** What a store keeps of a token. */
export const hashToken = (secret: string): Promise<string> => sha256Hex(secret);

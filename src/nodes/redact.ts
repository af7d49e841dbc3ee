import type { Json } from '../contracts/json.ts';

const SHORTEST = 4;
const MASK = '***';

/**
 * Replaces secrets in text and JSON, also in the forms in which they get printed by accident: base64 (as a whole and
 * inside a longer text, at each of the three offsets), percent-encoded, hex, and escaped as JSON. Values of fewer
 * than four characters are left alone: replacing them would destroy the text and hide nothing.
 */
export function createRedactor(secrets: Iterable<string>): {
  text(value: string): string;
  json<T extends Json>(value: T): T;
} {
  const forms = new Set<string>();
  for (const secret of secrets) {
    if (secret.length < SHORTEST) continue;
    forms.add(secret);
    forms.add(encodeURIComponent(secret));
    forms.add(new URLSearchParams({ a: secret }).toString().slice(2));
    forms.add(JSON.stringify(secret).slice(1, -1));
    // btoa() takes each character as a byte, everything else encodes as UTF-8.
    for (const bytes of [Buffer.from(secret), Buffer.from(secret, 'latin1')]) {
      forms.add(bytes.toString('hex'));
      for (const offset of [0, 1, 2]) {
        // Only the characters that depend on nothing but the secret.
        const whole = Buffer.concat([Buffer.alloc(offset), bytes])
          .toString('base64')
          .replaceAll('=', '');
        const core = whole.slice(
          offset === 0 ? 0 : offset + 1,
          Math.floor(((offset + bytes.length) * 8) / 6),
        );
        if (core.length < SHORTEST) continue;
        forms.add(core);
        forms.add(core.replaceAll('+', '-').replaceAll('/', '_'));
      }
    }
  }
  // The longest first, so that no part of one is left by another.
  const ordered = [...forms].sort((a, b) => b.length - a.length);
  const text = (value: string): string => {
    let out = value;
    for (const form of ordered) if (out.includes(form)) out = out.replaceAll(form, MASK);
    return out;
  };
  const json = (value: Json): Json => {
    if (ordered.length === 0) return value;
    if (typeof value === 'string') return text(value);
    if (Array.isArray(value)) return value.map(json);
    if (typeof value === 'object' && value !== null)
      return Object.fromEntries(Object.entries(value).map(([key, field]) => [text(key), json(field)]));
    return value;
  };
  return { text, json: json as <T extends Json>(value: T) => T };
}

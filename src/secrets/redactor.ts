import type { Json } from '../contracts/json.ts';

/** What stands where a secret was. */
export const MASK = '***';
/** Shorter values are left alone: replacing them would destroy the text and hide nothing. */
const SHORTEST = 4;
/** Deeper JSON is masked as a whole. */
const DEEPEST = 500;

export interface Redactor {
  text(value: string): string;
  /** Strings, keys, and numbers that are written like a secret, at any depth. The same object when nothing was found. */
  json<T extends Json>(value: T): T;
  /** For text that comes in pieces: a secret that is split over pieces is found too. */
  stream(): RedactedStream;
}

export interface RedactedStream {
  /** What may be shown so far; what could be the beginning of a secret is held back. */
  push(piece: string): string;
  /** The rest. */
  end(): string;
}

const percent = (bytes: Buffer): string =>
  [...bytes].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('');

/**
 * How a secret gets printed by accident: as it is, in base64 (standard and URL alphabets; inside a longer text at each
 * of the three offsets), percent-encoded, in hex, and escaped as JSON, once and twice, and as HTML.
 */
function formsOf(secret: string): Set<string> {
  const bytes = Buffer.from(secret);
  const forms = new Set<string>([secret]);
  const escaped = JSON.stringify(secret).slice(1, -1);
  forms.add(escaped);
  forms.add(JSON.stringify(escaped).slice(1, -1));
  forms.add(escaped.replaceAll('/', '\\/'));
  forms.add(
    escaped.replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`),
  );
  forms.add(
    secret.replace(
      /[&<>"']/g,
      (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[c]!,
    ),
  );
  for (const encoded of [
    encodeURIComponent(secret),
    encodeURI(secret),
    new URLSearchParams({ a: secret }).toString().slice(2),
    percent(bytes),
  ]) {
    forms.add(encoded);
    const cased = (change: (text: string) => string) => encoded.replace(/%[0-9a-fA-F]{2}/g, change);
    forms.add(cased((text) => text.toLowerCase()));
    forms.add(cased((text) => text.toUpperCase()));
  }
  // btoa() takes each character as a byte, everything else encodes as UTF-8.
  for (const encoded of [bytes, Buffer.from(secret, 'latin1')]) {
    const hex = encoded.toString('hex');
    forms.add(hex);
    forms.add(hex.toUpperCase());
    for (const offset of [0, 1, 2]) {
      // Only the characters that depend on nothing but the secret: what stands around it decides the others.
      const whole = Buffer.concat([Buffer.alloc(offset), encoded]).toString('base64');
      const core = whole.slice(
        offset === 0 ? 0 : offset + 1,
        Math.floor(((offset + encoded.length) * 8) / 6),
      );
      forms.add(core);
      forms.add(core.replaceAll('+', '-').replaceAll('/', '_'));
    }
  }
  for (const form of forms) if (form.length < SHORTEST) forms.delete(form);
  return forms;
}

/**
 * Takes secrets out of text, JSON and streams. The cost is one search for each form of each secret: linear in the
 * text. Values of fewer than four characters are not looked for.
 */
export function createRedactor(secrets: Iterable<string>): Redactor {
  const all = new Set<string>();
  for (const secret of secrets) {
    if (secret.length < SHORTEST) continue;
    for (const form of formsOf(secret)) all.add(form);
    // A value that was pasted with a newline at its end is also used without it.
    const trimmed = secret.trim();
    if (trimmed !== secret && trimmed.length >= SHORTEST) for (const form of formsOf(trimmed)) all.add(form);
  }
  // The longest first, so that no part of one is left by another.
  const forms = [...all].sort((a, b) => b.length - a.length);

  const text = (value: string): string => {
    let out = value;
    for (const form of forms) if (out.includes(form)) out = out.replaceAll(form, MASK);
    return out;
  };

  const json = (value: Json, depth: number): Json => {
    if (typeof value === 'string') return text(value);
    if (typeof value === 'number') return text(String(value)) === String(value) ? value : MASK;
    if (typeof value !== 'object' || value === null) return value;
    if (depth > DEEPEST) return MASK;
    if (Array.isArray(value)) {
      const out = value.map((item) => json(item, depth + 1));
      return out.some((item, i) => item !== value[i]) ? out : value;
    }
    const entries = Object.entries(value).map(
      ([key, field]) => [text(key), json(field, depth + 1), key, field] as const,
    );
    const changed = entries.some(([key, field, oldKey, old]) => key !== oldKey || field !== old);
    return changed ? Object.fromEntries(entries.map(([key, field]) => [key, field])) : value;
  };

  /** How many characters at the end of the text may be the beginning of a form. */
  const unfinished = (value: string): number => {
    let most = 0;
    for (const form of forms) {
      const first = form[0]!;
      const from = Math.max(0, value.length - form.length + 1);
      for (let at = value.indexOf(first, from); at >= 0; at = value.indexOf(first, at + 1)) {
        const size = value.length - at;
        if (size <= most) break;
        if (form.startsWith(value.slice(at))) {
          most = size;
          break;
        }
      }
    }
    return most;
  };

  /**
   * Up to where a text may be shown while more of it is to come: before what may be the beginning of a form, and
   * before a whole form that reaches into that. Undefined for a text that is nothing but overlaps: waiting for its end
   * would hold all of it, so what is there is replaced as it stands.
   */
  const cutOf = (value: string): number | undefined => {
    let cut = value.length - unfinished(value);
    const least = value.length - 4 * (forms[0]?.length ?? 0);
    for (let moved = true; moved; ) {
      if (cut < least) return undefined;
      moved = false;
      for (const form of forms) {
        const at = value.indexOf(form, Math.max(0, cut - form.length + 1));
        if (at < 0 || at >= cut) continue;
        cut = at;
        moved = true;
      }
    }
    return cut;
  };

  return {
    text,
    json: <T extends Json>(value: T): T => (forms.length === 0 ? value : (json(value, 0) as T)),
    stream() {
      let held = '';
      return {
        push(piece) {
          if (forms.length === 0) return piece;
          const value = held + piece;
          const cut = cutOf(value);
          if (cut !== undefined) {
            held = value.slice(cut);
            return text(value.slice(0, cut));
          }
          const clean = text(value);
          held = clean.slice(clean.length - unfinished(clean));
          return clean.slice(0, clean.length - held.length);
        },
        end() {
          const rest = held;
          held = '';
          return text(rest);
        },
      };
    },
  };
}

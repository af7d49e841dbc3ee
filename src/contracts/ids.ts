/** Node ids: start with a letter, then letters, digits and `_`; no look-alikes, no dots (they separate path parts). */
export const NODE_ID = /^[A-Za-z][A-Za-z0-9_]{0,63}$/;
/**
 * Component names: lower case, digits and dashes; `std/` is reserved for the first-party tools. A tool of a declared MCP
 * server is `mcp/<server>/<tool>`, and keeps the name that its server gave it.
 */
export const COMPONENT_NAME =
  /^(?:(?:std\/)?[a-z][a-z0-9]*(?:-[a-z0-9]+)*|mcp\/[a-z][a-z0-9]*(?:-[a-z0-9]+)*\/[A-Za-z0-9][A-Za-z0-9_.-]*)$/;
export const RUN_ID = /^run_[0-9a-z]{20,32}$/;
export const DIGEST = /^sha256:[0-9a-f]{64}$/;
export const PROJECT_NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

export const COMPONENT_KINDS = ['tool', 'agent', 'workflow'] as const;
export type ComponentKind = (typeof COMPONENT_KINDS)[number];

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

/**
 * A new id: prefix, then 48 bits of time (ms) and 80 random bits in Crockford base 32 (the ULID layout), so that
 * ids sort by time. Made by the client, so that creating a run can be retried.
 */
export function newId(prefix: 'run' | 'tok' | 'psh' | 'evt' | 'dft', now = Date.now()): string {
  let time = '';
  for (let left = now, i = 0; i < 10; i++, left = Math.floor(left / 32)) time = ALPHABET[left % 32] + time;
  return `${prefix}_${time}${randomText()}`;
}

/** Random bytes are asked for in lots: asking costs more than what it gives. */
const lot = new Uint8Array(16 * 64);
let used = lot.length;

function randomText(): string {
  if (used === lot.length) {
    crypto.getRandomValues(lot);
    used = 0;
  }
  let text = '';
  for (const end = used + 16; used < end; used++) text += ALPHABET[lot[used]! & 31];
  return text;
}

/** A reference to a component as written in documents and on the command line: `[kind/]name[@range]`. */
export interface ComponentRef {
  kind?: ComponentKind;
  name: string;
  /** A semver range, an exact version or a tag; absent = the tag `latest`. */
  range?: string;
}

/** Parses a reference; undefined when it is none. `std/csv-parse@^1`, `price`, `tool/price@1.0.0`. */
export function parseRef(text: string): ComponentRef | undefined {
  const match = /^(?:(tool|agent|workflow)\/)?((?:std\/)?[a-z][a-z0-9-]*|mcp\/[^@\s]+)(?:@(\S+))?$/.exec(
    text,
  );
  if (!match || !COMPONENT_NAME.test(match[2]!)) return undefined;
  return { kind: match[1] as ComponentKind | undefined, name: match[2]!, range: match[3] };
}

export const formatRef = (ref: ComponentRef): string =>
  `${ref.kind ? `${ref.kind}/` : ''}${ref.name}${ref.range ? `@${ref.range}` : ''}`;

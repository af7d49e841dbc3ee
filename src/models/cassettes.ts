import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { IceError } from '../contracts/errors.ts';
import type { Json, JsonObject } from '../contracts/json.ts';
import { type Exchange, type ExchangeKind, readExchanges, writeExchanges } from './cassette-file.ts';

/** A tape of exchanges with models and the network: written once, played in tests without keys and network. */
export interface Cassette {
  readonly mode: 'record' | 'replay';
  /**
   * The recorded answer to a request, by its content. The same request made again gets its next recording. Fails with
   * `cassette_miss`, which shows how the nearest recording differs.
   */
  play(kind: ExchangeKind, request: JsonObject): JsonObject;
  /** Adds an exchange; both sides are redacted before anything else is done with them. */
  record(kind: ExchangeKind, request: JsonObject, answer: JsonObject): void;
  /** The file's text: readable YAML, in the order of recording. */
  text(): Promise<string>;
  /** Recordings that were never asked for: the test no longer does what it did. */
  unplayed(): { kind: ExchangeKind; request: JsonObject }[];
}

export interface CassetteOptions {
  mode: Cassette['mode'];
  /** The file's content; needed for `replay`. */
  text?: string;
  /** For messages. */
  file: string;
  /** Takes secrets out (secrets/redactor.ts). Requests are matched redacted, so that replay needs no secret. */
  redact?: (value: JsonObject) => JsonObject;
}

/** Opens a cassette. Fails with `bad_request` when the text is none, naming the place. */
export async function openCassette(options: CassetteOptions): Promise<Cassette> {
  const { mode, file } = options;
  const redact = options.redact ?? ((value: JsonObject) => value);
  const exchanges: Exchange[] = mode === 'replay' ? await readExchanges(options.text ?? '', file) : [];
  const byContent = new Map<string, Exchange[]>();
  for (const exchange of exchanges) {
    const key = contentKey(exchange.kind, exchange.request);
    byContent.set(key, [...(byContent.get(key) ?? []), exchange]);
  }
  const played = new Set<Exchange>();

  return {
    mode,
    play(kind, given) {
      const request = redact(plain(given));
      const recorded = byContent.get(contentKey(kind, request)) ?? [];
      const next = recorded.find((exchange) => !played.has(exchange));
      if (!next) throw miss(file, kind, request, recorded.length, exchanges);
      played.add(next);
      return structuredClone(next.answer);
    },
    record(kind, request, answer) {
      exchanges.push({ kind, request: redact(plain(request)), answer: redact(plain(answer)) });
    },
    text: () => writeExchanges(exchanges),
    unplayed: () =>
      exchanges.filter((exchange) => !played.has(exchange)).map(({ kind, request }) => ({ kind, request })),
  };
}

/** JSON without `undefined`, shared with nobody. */
const plain = (value: JsonObject): JsonObject => JSON.parse(JSON.stringify(value)) as JsonObject;

/** Independent of the order of keys (RFC 8785), so that a file may be tidied by hand. */
const contentKey = (kind: string, request: JsonObject): string =>
  createHash('sha256')
    .update(`${kind}\n${canonicalize(request)}`)
    .digest('hex');

const MOST_COMPARED = 500;
const MOST_LINES = 20;

function miss(
  file: string,
  kind: ExchangeKind,
  request: JsonObject,
  times: number,
  all: Exchange[],
): IceError {
  const what =
    kind === 'model' ? `a call of ${String(request['model'])}` : `${request['method']} ${request['url']}`;
  if (times > 0) {
    return new IceError(
      'cassette_miss',
      `${file} holds ${what} ${times} times, and this is call ${times + 1}`,
      {
        hint: 'Record again if the new call is meant: ice test --record',
        details: { kind, recorded: times },
        terminal: true,
      },
    );
  }
  const asked = linesOf(request);
  const diffs = all
    .filter((exchange) => exchange.kind === kind)
    .slice(0, MOST_COMPARED)
    .map((exchange) => differences(linesOf(exchange.request), asked));
  const nearest = diffs.sort((a, b) => a.length - b.length)[0];
  const shown = nearest && nearest.length > MOST_LINES ? [...nearest.slice(0, MOST_LINES), '…'] : nearest;
  return new IceError('cassette_miss', `${file} does not hold ${what}`, {
    hint: shown
      ? `The nearest recording differs (- recorded, + asked):\n${shown.join('\n')}\nRecord again if this is meant: ice test --record`
      : 'Record it: ice test --record',
    details: { kind, ...(shown ? { diff: shown } : {}) },
    terminal: true,
  });
}

/** One line a leaf, with its path, so that a changed word in a deep schema is one line and not a page. */
function linesOf(value: Json, path = ''): string[] {
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value);
    if (entries.length === 0) return [`${path}: ${Array.isArray(value) ? '[]' : '{}'}`];
    return entries.flatMap(([key, inner]) =>
      linesOf(inner, Array.isArray(value) ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`),
    );
  }
  const text = JSON.stringify(value);
  return [`${path}: ${text.length > 160 ? `${text.slice(0, 160)}…` : text}`];
}

/** What only one side has, in the order of the places. */
function differences(recorded: string[], asked: string[]): string[] {
  const there = new Set(recorded);
  const wanted = new Set(asked);
  const gone = recorded.filter((line) => !wanted.has(line)).map((line) => `- ${line}`);
  const come = asked.filter((line) => !there.has(line)).map((line) => `+ ${line}`);
  const place = (line: string) => line.slice(2, line.indexOf(': '));
  return [...gone, ...come].sort((a, b) => (place(a) < place(b) ? -1 : place(a) > place(b) ? 1 : 0));
}

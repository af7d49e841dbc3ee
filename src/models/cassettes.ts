import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { cut } from '../contracts/cut.ts';
import { IceError } from '../contracts/errors.ts';
import type { Json, JsonObject } from '../contracts/json.ts';
import { type Exchange, type ExchangeKind, readExchanges, writeExchanges } from './cassette-file.ts';

/** What stands between one run and the outside, and answers in its place or takes down what it answered. */
export interface Tape {
  readonly mode: 'record' | 'replay';
  /**
   * The recorded answer to a request, by its content. The same request made again gets its next recording. Fails with
   * `cassette_miss`, which shows how the nearest recording differs.
   */
  play(kind: ExchangeKind, request: JsonObject): JsonObject;
  /** Adds an exchange; both sides are redacted before anything else is done with them. */
  record(kind: ExchangeKind, request: JsonObject, answer: JsonObject): void;
}

/** A tape of exchanges with models and the network: written once, played in tests without keys and network. */
export interface Cassette extends Tape {
  /** The file's text: readable YAML, in the order of recording. */
  text(): Promise<string>;
  /** Puts recordings in the order of the cases, and drops those of cases that there are no more. */
  retain(cases: readonly string[]): void;
  readonly size: number;
  /** Recordings that were never asked for: the test no longer does what it did. */
  unplayed(): { case?: string; kind: ExchangeKind; request: JsonObject }[];
  /** The part of one test case: it plays the recordings that are its own and those that are nobody's. */
  case(name: string): CaseTape;
}

export interface CaseTape extends Tape {
  /** What was asked for and is not there. A tool or an agent may have gone on after it; its test must not pass. */
  readonly misses: readonly IceError[];
  readonly recorded: number;
  /** How many recordings the case had before. */
  readonly before: number;
  /** What was recorded takes the place of what the case had. Until then it counts for nothing. */
  keep(): void;
}

export interface CassetteOptions {
  mode: Cassette['mode'];
  /** The file's content; for `replay`, and for `record` where parts of it may stay. */
  text?: string;
  /** For messages. */
  file: string;
  /** There is no such file: a request is told so. */
  absent?: boolean;
  /** Takes secrets out (secrets/redactor.ts). Requests are matched redacted, so that replay needs no secret. */
  redact?: (value: JsonObject) => JsonObject;
}

/** Opens a cassette. Fails with `bad_request` when the text is none, naming the place. */
export async function openCassette(options: CassetteOptions): Promise<Cassette> {
  const { mode, file, text } = options;
  const redact = options.redact ?? ((value: JsonObject) => value);
  let exchanges: Exchange[] =
    (mode === 'replay' && !options.absent) || text !== undefined ? await readExchanges(text ?? '', file) : [];
  const byContent = new Map<string, Exchange[]>();
  if (mode === 'replay') {
    for (const exchange of exchanges) {
      const key = contentKey(exchange.kind, exchange.request);
      byContent.set(key, [...(byContent.get(key) ?? []), exchange]);
    }
  }
  const played = new Set<Exchange>();

  const play = (kind: ExchangeKind, given: JsonObject, name?: string): JsonObject => {
    const request = redact(plain(given));
    const same = byContent.get(contentKey(kind, request)) ?? [];
    const recorded = same.filter((one) => one.case === undefined || one.case === name);
    const next = recorded.find((exchange) => !played.has(exchange));
    if (!next) {
      const elsewhere = recorded.length === 0 ? same[0]?.case : undefined;
      throw options.absent
        ? noCassette(file, kind, request)
        : miss({ file, kind, request, times: recorded.length, all: nearTo(exchanges, name), elsewhere });
    }
    played.add(next);
    return structuredClone(next.answer);
  };
  const entryOf = (kind: ExchangeKind, request: JsonObject, answer: JsonObject): Exchange => ({
    kind,
    request: redact(plain(request)),
    answer: redact(plain(answer)),
  });

  return {
    mode,
    play: (kind, request) => play(kind, request),
    record(kind, request, answer) {
      exchanges.push(entryOf(kind, request, answer));
    },
    text: () => writeExchanges(exchanges),
    retain(cases) {
      const place = new Map(cases.map((name, index) => [name, index]));
      const at = (one: Exchange): number => (one.case === undefined ? -1 : place.get(one.case)!);
      exchanges = exchanges
        .filter((one) => one.case === undefined || place.has(one.case))
        .sort((a, b) => at(a) - at(b));
    },
    get size() {
      return exchanges.length;
    },
    unplayed: () =>
      exchanges.filter((exchange) => !played.has(exchange)).map(({ answer: _, ...exchange }) => exchange),
    case(name) {
      const misses: IceError[] = [];
      const fresh: Exchange[] = [];
      return {
        mode,
        misses,
        get recorded() {
          return fresh.length;
        },
        before: exchanges.filter((one) => one.case === name).length,
        play(kind, request) {
          try {
            return play(kind, request, name);
          } catch (error) {
            if (error instanceof IceError) misses.push(error);
            throw error;
          }
        },
        record: (kind, request, answer) => {
          fresh.push({ case: name, ...entryOf(kind, request, answer) });
        },
        keep() {
          exchanges = [...exchanges.filter((one) => one.case !== name), ...fresh];
        },
      };
    },
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
const MOST_OF_ANOTHER = 4;

/** What a request is compared with: the recordings of its own case, if there are any. */
function nearTo(exchanges: Exchange[], name: string | undefined): Exchange[] {
  const own = exchanges.filter((one) => one.case === name);
  return own.length > 0 ? own : exchanges;
}

const whatIs = (kind: ExchangeKind, request: JsonObject): string =>
  kind === 'fetch'
    ? `${request['method']} ${request['url']}`
    : `a call of ${String(request[kind === 'model' ? 'model' : 'tool'])}`;

/** Who was asked: a model, a tool, or a method. */
const whoIs = (kind: ExchangeKind, request: JsonObject): unknown =>
  request[kind === 'model' ? 'model' : kind === 'mcp' ? 'tool' : 'method'];

const noCassette = (file: string, kind: ExchangeKind, request: JsonObject): IceError =>
  new IceError('cassette_miss', `Nothing is recorded, and tests do not go out: ${whatIs(kind, request)}`, {
    hint: `Record it into ${file}: ice test --record`,
    details: { kind },
    terminal: true,
  });

function miss(asking: {
  file: string;
  kind: ExchangeKind;
  request: JsonObject;
  times: number;
  all: Exchange[];
  elsewhere: string | undefined;
}): IceError {
  const { file, kind, request, times, all, elsewhere } = asking;
  const what = whatIs(kind, request);
  if (elsewhere !== undefined) {
    return new IceError('cassette_miss', `${file} holds ${what} for another case only: ${elsewhere}`, {
      hint: 'Record again: ice test --record. If the case has a new name, give it to its recordings: case: …',
      details: { kind },
      terminal: true,
    });
  }
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
  const same = all.filter((exchange) => exchange.kind === kind);
  // Of the same model, or of the same method: what another one was asked explains nothing, unless it is nearly the same.
  const alike = same.filter((one) => whoIs(kind, one.request) === whoIs(kind, request));
  const diffs = (alike.length > 0 ? alike : same)
    .slice(0, MOST_COMPARED)
    .map((exchange) => differences(linesOf(exchange.request), asked))
    .filter((diff) => alike.length > 0 || diff.length <= MOST_OF_ANOTHER);
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
  return [`${path}: ${cut(text, 160)}`];
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

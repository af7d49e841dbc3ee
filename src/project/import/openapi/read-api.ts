import type { Diagnostic } from '../../../contracts/diagnostics.ts';
import type { ForeignDocument } from '../foreign-document.ts';
import { isMap, type JsonMap } from '../json-pointer.ts';
import { matches } from '../matches.ts';
import { kebab, sentence, UniqueNames } from '../source-text.ts';
import type { Api, Auth, Operation } from './api.ts';
import { readAnswer } from './read-answer.ts';
import { parseAuth, type ReadAuth, readSecurity } from './read-auth.ts';
import { readBody } from './read-body.ts';
import { readParameters } from './read-parameters.ts';
import { readServer, serverOf } from './read-server.ts';
import { References } from './references.ts';

export interface ReadApiOptions {
  /** Name of the API; made of its title unless said. */
  name?: string;
  /** Version of the tools; the document's where it is a semver version, else 1.0.0. */
  version?: string;
  /** Where the API is, instead of where the document says. */
  server?: string;
  /** Where the document came from: relative servers are relative to this. */
  url?: string;
  /** Only operations that one of these fits: a tool's name, an operationId, or `GET /pets/*`; `*` is any text. */
  include?: readonly string[];
  /** Only operations with one of these tags. */
  tags?: readonly string[];
  /** How calls prove who they are, where the document does not say or says it wrong: see `parseAuth`. */
  auth?: string;
}

export interface ReadApi {
  /** Absent when the document as a whole can't be used. */
  api?: Api;
  diagnostics: Diagnostic[];
  /** Operations of the document, before any were chosen. */
  total: number;
}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace'] as const;
/** One API's tools at most: a push takes 1,000 components, a project 5,000 files. */
export const MOST_OPERATIONS = 5_000;
const SEMVER = /^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/;

/** Reads an OpenAPI 3.0, 3.1 or 3.2 document; everything wrong with it comes back at once. */
export function readApi(document: ForeignDocument, options: ReadApiOptions): ReadApi {
  const { value } = document;
  const wrong = kindProblem(document);
  if (wrong) return { diagnostics: [wrong], total: 0 };
  const root = value as JsonMap;
  const references = new References(document);
  const { diagnostics } = references;
  const info = isMap(root['info']) ? root['info'] : {};
  const title =
    typeof info['title'] === 'string' && info['title'].trim() !== '' ? sentence(info['title'], 100) : 'API';
  const name = options.name ?? apiName(title);
  const server = readServer(document, options, diagnostics);

  const chosen = choose(root, references, options, name);
  const operations: Operation[] = [];
  const left = chosen.left;
  const override = options.auth === undefined ? undefined : parseAuth(options.auth, name);
  for (const { id, method, path, keys, item, operation, tool } of chosen.operations) {
    const at: Place = { references, keys, id, problem: undefined };
    if (method === 'trace') at.problem = 'a tool sends no TRACE';
    const parameters = readParameters(at, path, item, operation);
    const body = readBody(at, operation, parameters);
    const answer = readAnswer(at, operation);
    const auth: ReadAuth = override ?? readSecurity(at, root, operation, name);
    const own = serverOf(operation, item, options, server);
    if (references.isWrong(path, method)) at.problem ??= WRONG;
    if (at.problem !== undefined) {
      left.push({ operation: id, reason: at.problem });
      continue;
    }
    operations.push({
      id,
      name: tool,
      method: method.toUpperCase(),
      path,
      description: describe(operation, item),
      deprecated: operation['deprecated'] === true,
      ...(own === undefined ? {} : { server: own }),
      parameters,
      ...(body === undefined ? {} : { body }),
      answer,
      auth: auth as Auth[],
    });
  }
  if (chosen.operations.length > MOST_OPERATIONS)
    diagnostics.push(
      document.finding(
        'ICE1604',
        ['paths'],
        `${chosen.operations.length} operations are chosen; ${MOST_OPERATIONS} is the most`,
        {
          help: 'Choose some of them: --tag NAME, --include "GET /pets*"',
        },
      ),
    );
  const version = options.version ?? versionOf(info['version']);
  return {
    api: { title, version, name, server: server ?? '', operations, left },
    diagnostics,
    total: chosen.total,
  };
}

/** Where an operation stands, for findings about it; `problem` is why it can't be a tool. */
export interface Place {
  references: References;
  keys: string[];
  id: string;
  problem: string | undefined;
}

function kindProblem(document: ForeignDocument): Diagnostic | undefined {
  const root = document.value;
  if (!isMap(root))
    return document.finding('ICE1602', [], 'It is no OpenAPI document: it holds no object', {
      help: 'An OpenAPI document begins with `openapi: 3.1.0`.',
    });
  if (typeof root['swagger'] === 'string' || typeof root['swagger'] === 'number')
    return document.finding(
      'ICE1602',
      ['swagger'],
      `Swagger ${root['swagger']} is older than what is read here: OpenAPI 3.0 and 3.1`,
      {
        help: 'Convert it first: npx swagger2openapi FILE -o openapi.json',
      },
    );
  const version = root['openapi'];
  if (version === undefined)
    return document.finding('ICE1602', [], 'It is no OpenAPI document: it has no field `openapi`', {
      help: 'An OpenAPI document begins with `openapi: 3.1.0`.',
    });
  if (!/^3\.[012](\.|$)/.test(String(version)))
    return document.finding(
      'ICE1602',
      ['openapi'],
      `OpenAPI ${String(version).slice(0, 20)} is not read here: 3.0 and 3.1 are`,
      {
        help: 'Ask for the document in OpenAPI 3.1, or convert it.',
      },
    );
  if (!isMap(root['paths']))
    return document.finding(
      'ICE1603',
      root['paths'] === undefined ? [] : ['paths'],
      'The document has no `paths`, so it has no operations',
      {
        help: 'A document of webhooks or components alone can’t be imported.',
      },
    );
  return undefined;
}

interface Chosen {
  id: string;
  method: string;
  path: string;
  keys: string[];
  item: JsonMap;
  operation: JsonMap;
  tool: string;
}

/** Every operation gets its name before any is left out, so that a choice does not change names. */
function choose(
  root: JsonMap,
  references: References,
  { include = [], tags = [] }: ReadApiOptions,
  api: string,
): { operations: Chosen[]; left: Api['left']; total: number } {
  const names = new UniqueNames();
  const operations: Chosen[] = [];
  const left: Api['left'] = [];
  const patterns = include.map(matches);
  let total = 0;
  for (const [path, raw] of Object.entries(root['paths'] as JsonMap)) {
    if (path.startsWith('x-')) continue;
    const item = references.follow(raw, ['paths', path]);
    if (!isMap(item)) {
      if (item !== undefined) references.add('ICE1603', ['paths', path], 'A path is an object of operations');
      continue;
    }
    if (!path.startsWith('/')) {
      references.add('ICE1603', ['paths', path], `The path ${path.slice(0, 80)} does not begin with /`);
      continue;
    }
    for (const method of METHODS) {
      if (item[method] === undefined) continue;
      const keys = ['paths', path, method];
      const id = `${method.toUpperCase()} ${path}`;
      total++;
      // OpenAPI lets only paths be references; documents in several files have operations that are.
      const operation = references.follow(item[method], keys);
      if (!isMap(operation)) {
        if (operation !== undefined) references.add('ICE1603', keys, 'An operation is an object');
        left.push({ operation: id, reason: WRONG });
        continue;
      }
      const { operationId } = operation;
      const tool = names.take(toolName(api, method, path, operationId));
      const own = Array.isArray(operation['tags']) ? operation['tags'] : [];
      if (tags.length > 0 && !tags.some((tag) => own.some((each) => sameTag(each, tag)))) continue;
      if (patterns.length > 0 && !patterns.some((fits) => [id, tool, operationId, path].some(fits))) continue;
      operations.push({ id, method, path, keys, item, operation, tool });
    }
  }
  return { operations, left, total };
}

const WRONG = 'the document is wrong about it';

const sameTag = (one: unknown, other: string): boolean =>
  typeof one === 'string' && one.toLowerCase() === other.toLowerCase();

const MOST_NAME = 90;

function toolName(api: string, method: string, path: string, operationId: unknown): string {
  let own = typeof operationId === 'string' ? kebab(operationId) : '';
  if (own === '' || own.length > MOST_NAME - 20)
    own = kebab(`${method} ${path.replace(/\{([^}]*)\}/g, 'by $1')}`).slice(0, MOST_NAME - 20);
  const prefixed = own === api || own.startsWith(`${api}-`) ? own : `${api}-${own}`;
  return prefixed.slice(0, MOST_NAME).replace(/-+$/, '');
}

/** `Box Platform API` -> `box-platform`, `GitHub's official OpenAPI spec` -> `github`; cut between words. */
function apiName(title: string): string {
  // A title of several words is written as people write names: GitHub is one word.
  const plain = /\s/.test(title.trim()) ? title.toLowerCase() : title;
  const telling = kebab(plain.replace(/['’]s\b/g, ''))
    .replace(/-(?:(?:rest|web|http)-)?api(?:-v?\d+)*$/, '')
    .split('-')
    .filter((word) => word !== '' && !TELLS_NOTHING.has(word));
  const [first = 'api', ...rest] = telling;
  let name = first.slice(0, MOST_API_NAME);
  for (const word of rest) {
    if (name.length + 1 + word.length > MOST_API_NAME) break;
    name += `-${word}`;
  }
  return name;
}

const MOST_API_NAME = 30;
const TELLS_NOTHING = new Set(
  'the official openapi swagger spec specification definition api rest http web'.split(' '),
);

function versionOf(version: unknown): string {
  const text = typeof version === 'string' ? version.trim().replace(/^v/i, '') : String(version ?? '');
  if (SEMVER.test(text)) return text;
  // `2024.0` and `1.2` are versions with a part missing; a date or a word is none.
  const short = /^(\d{1,5})\.(\d{1,5})$/.exec(text);
  return short ? `${Number(short[1])}.${Number(short[2])}.0` : '1.0.0';
}

function describe(operation: JsonMap, item: JsonMap): string {
  const texts = [operation['summary'], operation['description'], item['summary']].filter(
    (text): text is string => typeof text === 'string' && text.trim() !== '',
  );
  const [first = ''] = texts;
  const second = texts[1];
  const short = sentence(first, 300);
  return short.length < 40 && second !== undefined && !second.startsWith(first)
    ? `${short.replace(/\.$/, '')}. ${sentence(second, 250)}`
    : short;
}

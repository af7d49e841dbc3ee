import type { Permissions } from '../contracts/components.ts';
import type { Diagnostic } from '../contracts/diagnostics.ts';
import { finding } from '../language/diagnostics/finding.ts';
import { rangeIn, toolRange } from './definition-fields.ts';
import { type ScriptToken, scriptTokens } from './script-tokens.ts';

/** A host or a secret that a source uses by its literal name. */
interface Use {
  kind: 'net' | 'secret';
  /** A URL, or the name of the secret. */
  name: string;
  /** False: it looks like a use, and may be none. */
  certain: boolean;
  start: number;
  end: number;
}

export interface UsedTool {
  file: string;
  text: string;
  permissions: Permissions;
  /** The bundle: what it lacks was left out of it, and is no use. */
  code: string;
  /** The project's other sources in the bundle, by their paths. */
  others: readonly { file: string; text: string }[];
}

const SECRET = /^[A-Z][A-Z0-9_]{0,99}$/;
const MOST_FINDINGS = 20;

/**
 * What a tool uses by its literal name and does not declare: hosts of `ctx.fetch('https://…')` (ICE1517), secrets of
 * `ctx.secrets.NAME` (ICE1518). An error where the source leaves no doubt, since such a call is always refused; else
 * a warning. Names that are put together when the tool runs can't be seen here; the runtime refuses them.
 */
export function undeclaredUses({ file, text, permissions, code, others }: UsedTool): Diagnostic[] {
  const found = new Map<string, Diagnostic>();
  for (const source of [{ file, text }, ...others]) {
    if (!/\bfetch\b|\bsecrets\b/.test(source.text)) continue;
    for (const use of usesIn(source.text)) {
      const missing = use.kind === 'net' ? missingHost(use, permissions) : missingSecret(use, permissions);
      if (!missing || found.size >= MOST_FINDINGS) continue;
      // A helper is shared: what this tool does not call of it was left out of its bundle.
      if (source.file !== file && !code.includes(use.kind === 'net' ? missing.name : use.name)) continue;
      const key = `${missing.code} ${missing.name}`;
      if (found.get(key)?.severity === 'error' || (found.has(key) && missing.severity !== 'error')) continue;
      const range = rangeIn(source.text, use.start, use.end);
      found.set(
        key,
        finding(missing.code, file, missing.message, {
          severity: missing.severity,
          ...(source.file === file
            ? { range }
            : {
                ...(toolRange(text) ?? {}),
                related: [{ file: source.file, range, message: 'it is used here' }],
              }),
          help: missing.help,
        }),
      );
    }
  }
  // One line for all of it: what is copied from any of them is enough.
  const named = (code: string): string[] =>
    [...found].filter(([key]) => key.startsWith(`${code} `)).map(([key]) => key.slice(code.length + 1));
  const line = permissionsLine(
    [...permissions.net, ...named('ICE1517')],
    [...permissions.secrets, ...named('ICE1518').filter((name) => SECRET.test(name))],
  );
  return [...found.values()].map((each) => ({ ...each, help: each.help?.replace(LINE, line) ?? line }));
}

/** Stands in a help for the line of permissions, which is known when all is found. */
const LINE = '\0';

interface Missing extends Required<Pick<Diagnostic, 'code' | 'severity' | 'message' | 'help'>> {
  name: string;
}

function missingHost(use: Use, { net }: Permissions): Missing | undefined {
  const url = new URL(use.name);
  if (net.some((entry) => entry !== '*' && allowsUrl(entry, url))) return undefined;
  const name = url.host;
  // `*` is what the calling node names; that it names this host is possible.
  const open = net.includes('*');
  return {
    code: 'ICE1517',
    severity: use.certain && !open ? 'error' : 'warning',
    name,
    message: use.certain
      ? `It fetches from ${name}, which its permissions do not name`
      : `It seems to fetch from ${name}, which its permissions do not name`,
    help: `Without it the call is refused: ${LINE}`,
  };
}

function missingSecret(use: Use, { secrets }: Permissions): Missing | undefined {
  const { name } = use;
  if (secrets.includes(name)) return undefined;
  if (!SECRET.test(name))
    return {
      code: 'ICE1518',
      severity: 'warning',
      name,
      message: `No secret can be called ${name}, so ctx.secrets does not have it`,
      help: 'Names of secrets are capital letters, digits and _, as EXAMPLE_KEY.',
    };
  return {
    code: 'ICE1518',
    severity: use.certain ? 'error' : 'warning',
    name,
    message: `It reads the secret ${name}, which its permissions do not name`,
    help: `Without it reading it fails: ${LINE}`,
  };
}

function permissionsLine(net: readonly string[], secrets: readonly string[]): string {
  const list = (names: readonly string[]): string => `[${names.map((name) => `'${name}'`).join(', ')}]`;
  const fields = [
    ...(net.length > 0 ? [`net: ${list(net)}`] : []),
    ...(secrets.length > 0 ? [`secrets: ${list(secrets)}`] : []),
  ];
  return `permissions: { ${fields.join(', ')} },`;
}

/** Whether an entry of `net` holds a URL: without a port it means that of the scheme. */
function allowsUrl(entry: string, url: URL): boolean {
  const [, host, port] = /^(.*?)(?::(\d+|\*))?$/.exec(entry.trim().toLowerCase())!;
  const wanted = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  if (port !== '*' && wanted !== (port ?? (url.protocol === 'https:' ? '443' : '80'))) return false;
  return host!.startsWith('*.')
    ? url.hostname.endsWith(host!.slice(1)) && url.hostname.length >= host!.length
    : canonicalHost(host!) === url.hostname;
}

const canonicalHost = (host: string): string =>
  URL.canParse(`http://${host}/`) ? new URL(`http://${host}/`).hostname : host;

/** All that a source uses, in its order. */
function usesIn(text: string): Use[] {
  const tokens = scriptTokens(text);
  const is = (at: number, ...texts: string[]): boolean =>
    tokens[at] !== undefined && tokens[at].kind !== 'text' && texts.includes(tokens[at].text);
  const context = contextOf(tokens);
  const constants = constantsOf(tokens);
  const uses: Use[] = [];
  let open = false;

  /** The address that begins at a token: a literal, a constant of the file, a template or URL that begins with one. */
  const addressAt = (at: number): string | undefined => {
    const token = tokens[at];
    if (token === undefined) return undefined;
    if (token.kind === 'text') {
      if (token.text !== '' || token.whole) return token.text + (token.whole ? '' : '\0');
      return is(at + 1, '${') && is(at + 3, '$}') ? addressAt(at + 2) : undefined;
    }
    if (is(at, 'new') && is(at + 1, 'URL') && is(at + 2, '(')) {
      const first = addressAt(at + 3);
      if (first !== undefined && hostOf(first)) return first;
      return is(at + 4, ',') || is(at + 4, '$}') ? addressAt(at + 5) : undefined;
    }
    return token.kind === 'word' ? constants.get(token.text) : undefined;
  };

  for (const [at, token] of tokens.entries()) {
    if (token.kind !== 'word') continue;
    const after = is(at - 1, '.', '?.') ? tokens[at - 2]?.text : undefined;
    const member = is(at - 1, '.', '?.');
    if (context.fetches.has(token.text) && is(at + 1, '(') && !member && !is(at - 1, 'function', 'async')) {
      const url = hostOf(addressAt(at + 2));
      if (url) uses.push({ kind: 'net', name: url, certain: true, ...spanOf(tokens, at, at + 2) });
      else open = true;
    } else if (token.text === 'fetch' && member && is(at + 1, '(')) {
      const url = hostOf(addressAt(at + 2));
      const certain = context.names.has(after ?? '') || after === 'globalThis';
      if (url) uses.push({ kind: 'net', name: url, certain, ...spanOf(tokens, at - 2, at + 2) });
      else open = true;
    }
    const held = member ? context.names.has(after ?? '') : context.secrets.has(token.text);
    if (token.text !== 'secrets' && !(held && !member)) continue;
    const certain = held;
    if (!member && !held) continue;
    const bracket = is(at + 1, '[') || (is(at + 1, '?.') && is(at + 2, '['));
    const dot = !bracket && is(at + 1, '.', '?.');
    const name = tokens[bracket ? (is(at + 1, '[') ? at + 2 : at + 3) : at + 2];
    if (bracket && name?.kind === 'text' && name.whole)
      uses.push({ kind: 'secret', name: name.text, certain, start: token.start, end: name.end + 1 });
    else if (dot && name?.kind === 'word' && !is(at + 3, '('))
      uses.push({ kind: 'secret', name: name.text, certain, start: token.start, end: name.end });
    else {
      const from = member ? at - 3 : at - 1;
      if (is(from, '=') && is(from - 1, '}')) uses.push(...destructured(tokens, from - 1, certain));
    }
  }
  // A call whose address is not to be seen, and an address that is given to something: it may be that call's.
  if (open) {
    for (const [at, token] of tokens.entries()) {
      if (token.kind !== 'text') continue;
      const url = hostOf(addressAt(at));
      const given = is(at - 1, '(') && tokens[at - 2]?.kind === 'word' && !is(at - 3, '.', '?.');
      if (url && (given || (is(at - 1, '=') && tokens[at - 2]?.kind === 'word')))
        uses.push({ kind: 'net', name: url, certain: false, start: token.start, end: token.end });
    }
  }
  return uses;
}

/** `{ A, B: b } = ctx.secrets`: the names before the colons, from the brace that ends the pattern. */
function destructured(tokens: readonly ScriptToken[], end: number, certain: boolean): Use[] {
  const uses: Use[] = [];
  for (let at = end - 1; at >= 0 && tokens[at]!.text !== '{'; at--) {
    const { kind, text, start, end: stop } = tokens[at]!;
    if (kind === 'word' && ['{', ','].includes(tokens[at - 1]?.text ?? ''))
      uses.push({ kind: 'secret', name: text, certain, start, end: stop });
  }
  return uses.reverse();
}

interface Context {
  /** Names of the object itself. */
  names: ReadonlySet<string>;
  /** Names that its `fetch` and its `secrets` have, when it was taken apart. */
  fetches: ReadonlySet<string>;
  secrets: ReadonlySet<string>;
}

/** What the context of a tool is called: `ctx`, the second parameter of `run`, or what that is taken apart into. */
function contextOf(tokens: readonly ScriptToken[]): Context {
  const names = new Set(['ctx']);
  const fetches = new Set<string>();
  const secrets = new Set<string>();
  // The platform's name is there in a tool, with the same rules; a file that has its own means that one.
  const own = tokens.some(
    ({ text }, at) =>
      text === 'fetch' && ['const', 'let', 'var', 'function', 'import'].includes(tokens[at - 1]?.text ?? ''),
  );
  if (!own) fetches.add('fetch');
  const apart = (from: number): void => {
    let depth = 0;
    for (let at = from; at < tokens.length; at++) {
      const { text } = tokens[at]!;
      if (text === '{') depth++;
      else if (text === '}' && --depth === 0) return;
      else if (depth === 1 && (text === 'fetch' || text === 'secrets') && tokens[at]!.kind === 'word') {
        const name = tokens[at + 1]?.text === ':' ? tokens[at + 2]!.text : text;
        (text === 'fetch' ? fetches : secrets).add(name);
      }
    }
  };
  for (const [at, { text, kind }] of tokens.entries()) {
    if (kind !== 'word') continue;
    if (text === 'run') {
      let open = at + 1;
      while ([':', 'async', '='].includes(tokens[open]?.text ?? '')) open++;
      const second = tokens[open]?.text === '(' ? secondParameter(tokens, open) : undefined;
      if (second === undefined) continue;
      if (tokens[second]!.text === '{') apart(second);
      else if (tokens[second]!.kind === 'word') names.add(tokens[second]!.text);
    }
    // const { fetch, secrets } = ctx
    if (names.has(text) && tokens[at - 1]?.text === '=' && tokens[at - 2]?.text === '}') {
      if (tokens[at + 1]?.text === '.' || tokens[at + 1]?.text === '?.') continue;
      let open = at - 2;
      while (open >= 0 && tokens[open]!.text !== '{') open--;
      if (open >= 0) apart(open);
    }
  }
  return { names, fetches, secrets };
}

function secondParameter(tokens: readonly ScriptToken[], open: number): number | undefined {
  let depth = 0;
  for (let at = open; at < tokens.length; at++) {
    const { kind, text } = tokens[at]!;
    if (kind !== 'mark') continue;
    if (['(', '{', '['].includes(text)) depth++;
    else if ([')', '}', ']'].includes(text) && --depth === 0) return undefined;
    else if (text === ',' && depth === 1) return tokens[at + 1]?.text === ')' ? undefined : at + 1;
  }
  return undefined;
}

/** Constants of the file that are literal addresses, without those whose name is given twice. */
function constantsOf(tokens: readonly ScriptToken[]): Map<string, string> {
  const constants = new Map<string, string>();
  const twice = new Set<string>();
  for (const [at, { text }] of tokens.entries()) {
    const name = tokens[at + 1];
    if (!['const', 'let', 'var'].includes(text) || name?.kind !== 'word') continue;
    const value = tokens[at + 3];
    if (constants.has(name.text)) twice.add(name.text);
    if (text === 'const' && tokens[at + 2]?.text === '=' && value?.kind === 'text')
      constants.set(name.text, value.text + (value.whole ? '' : '\0'));
    else twice.add(name.text);
  }
  for (const name of twice) constants.delete(name);
  return constants;
}

/**
 * The origin of an address, undefined where its host is not certain: NUL stands for what is only known later, which
 * must come after the host has ended.
 */
function hostOf(address: string | undefined): string | undefined {
  const origin = /^\s*(https?:\/\/[^/?#\s\0\\]+)(?=[/?#]|\s*$)/i.exec(address ?? '')?.[1];
  return origin !== undefined && URL.canParse(origin) ? new URL(origin).origin : undefined;
}

const spanOf = (tokens: readonly ScriptToken[], first: number, last: number): Pick<Use, 'start' | 'end'> => ({
  start: tokens[Math.max(0, first)]!.start,
  end: tokens[last]!.end,
});

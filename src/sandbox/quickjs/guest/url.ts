import { cut } from '../../../contracts/cut.ts';
import { host } from './host.ts';

/** URL and URLSearchParams. Parsing is the other side's, which has the standard's own; here are the objects. */

type Parts = Record<
  | 'href'
  | 'origin'
  | 'protocol'
  | 'username'
  | 'password'
  | 'host'
  | 'hostname'
  | 'port'
  | 'pathname'
  | 'search'
  | 'hash',
  string
>;

const parse = (command: object): Parts | undefined => {
  const answer = host('url', JSON.stringify(command));
  return typeof answer === 'string' && answer !== '' ? (JSON.parse(answer) as Parts) : undefined;
};

const encode = (text: string): string =>
  encodeURIComponent(text.toWellFormed())
    .replace(/%20/g, '+')
    .replace(/[!'()~]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

const decode = (text: string): string => {
  const spaced = text.replace(/\+/g, ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
};

export class URLSearchParams {
  #list: [string, string][] = [];
  #changed: (() => void) | undefined;

  constructor(init: unknown = '', changed?: () => void) {
    this.#changed = changed;
    if (typeof init === 'object' && init !== null) {
      const pairs =
        Symbol.iterator in init ? [...(init as Iterable<[string, string]>)] : Object.entries(init);
      for (const [name, value] of pairs) this.#list.push([String(name), String(value)]);
      return;
    }
    for (const part of String(init).replace(/^\?/, '').split('&')) {
      if (part === '') continue;
      const at = part.indexOf('=');
      this.#list.push(at < 0 ? [decode(part), ''] : [decode(part.slice(0, at)), decode(part.slice(at + 1))]);
    }
  }
  get size(): number {
    return this.#list.length;
  }
  append(name: unknown, value: unknown): void {
    this.#list.push([String(name), String(value)]);
    this.#changed?.();
  }
  delete(name: unknown, value?: unknown): void {
    this.#list = this.#list.filter(
      ([n, v]) => n !== String(name) || (value !== undefined && v !== String(value)),
    );
    this.#changed?.();
  }
  get(name: unknown): string | null {
    return this.#list.find(([n]) => n === String(name))?.[1] ?? null;
  }
  getAll(name: unknown): string[] {
    return this.#list.filter(([n]) => n === String(name)).map(([, value]) => value);
  }
  has(name: unknown, value?: unknown): boolean {
    return this.#list.some(([n, v]) => n === String(name) && (value === undefined || v === String(value)));
  }
  set(name: unknown, value: unknown): void {
    const at = this.#list.findIndex(([n]) => n === String(name));
    if (at < 0) this.#list.push([String(name), String(value)]);
    else {
      this.#list[at] = [String(name), String(value)];
      this.#list = this.#list.filter(([n], i) => i <= at || n !== String(name));
    }
    this.#changed?.();
  }
  sort(): void {
    this.#list.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    this.#changed?.();
  }
  forEach(run: (value: string, name: string, params: URLSearchParams) => void): void {
    for (const [name, value] of this.#list) run(value, name, this);
  }
  *entries(): IterableIterator<[string, string]> {
    for (const [name, value] of this.#list) yield [name, value];
  }
  *keys(): IterableIterator<string> {
    for (const [name] of this.#list) yield name;
  }
  *values(): IterableIterator<string> {
    for (const [, value] of this.#list) yield value;
  }
  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }
  toString(): string {
    return this.#list.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&');
  }
}

export class URL {
  #parts: Parts;
  #params: URLSearchParams | undefined;

  constructor(url: unknown, base?: unknown) {
    const parts = parse({ url: String(url), ...(base === undefined ? {} : { base: String(base) }) });
    if (parts === undefined) throw new TypeError(`Invalid URL: ${cut(String(url), 200)}`);
    this.#parts = parts;
  }
  static canParse(url: unknown, base?: unknown): boolean {
    return parse({ url: String(url), ...(base === undefined ? {} : { base: String(base) }) }) !== undefined;
  }
  static parse(url: unknown, base?: unknown): URL | null {
    return URL.canParse(url, base) ? new URL(url, base) : null;
  }
  get searchParams(): URLSearchParams {
    this.#params ??= new URLSearchParams(this.#parts.search, () => {
      const query = this.#params!.toString();
      this.#change('search', query === '' ? '' : `?${query}`);
    });
    return this.#params;
  }
  toString(): string {
    return this.#parts.href;
  }
  toJSON(): string {
    return this.#parts.href;
  }
  #change(name: keyof Parts, value: string): void {
    const parts = parse({ url: this.#parts.href, set: name, value });
    if (parts !== undefined) this.#parts = parts;
    else if (name === 'href') throw new TypeError(`Invalid URL: ${cut(value, 200)}`);
  }
  static {
    for (const name of [
      'href',
      'protocol',
      'username',
      'password',
      'host',
      'hostname',
      'port',
      'pathname',
      'search',
      'hash',
    ] as const)
      Object.defineProperty(URL.prototype, name, {
        enumerable: true,
        configurable: true,
        get(this: URL) {
          return this.#parts[name];
        },
        set(this: URL, value: unknown) {
          this.#change(name, String(value));
          if (name === 'href' || name === 'search') this.#params = undefined;
        },
      });
    Object.defineProperty(URL.prototype, 'origin', {
      enumerable: true,
      configurable: true,
      get(this: URL) {
        return this.#parts.origin;
      },
    });
  }
}

import { cut } from '../../../contracts/cut.ts';
import { host } from './host.ts';

/** Headers, Request, Response, AbortController: as much of them as a tool meets around `ctx.fetch`. */

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

export class Headers {
  #map = new Map<string, string>();

  constructor(init?: unknown) {
    if (init === undefined || init === null) return;
    if (typeof init !== 'object') throw new TypeError('Headers need an object or a list of pairs');
    const pairs =
      Symbol.iterator in init ? [...(init as Iterable<[unknown, unknown]>)] : Object.entries(init);
    for (const [name, value] of pairs) this.append(name, value);
  }
  append(name: unknown, value: unknown): void {
    const key = check(name, value);
    const old = this.#map.get(key);
    this.#map.set(key, old === undefined ? String(value).trim() : `${old}, ${String(value).trim()}`);
  }
  set(name: unknown, value: unknown): void {
    this.#map.set(check(name, value), String(value).trim());
  }
  get(name: unknown): string | null {
    return this.#map.get(String(name).toLowerCase()) ?? null;
  }
  has(name: unknown): boolean {
    return this.#map.has(String(name).toLowerCase());
  }
  delete(name: unknown): void {
    this.#map.delete(String(name).toLowerCase());
  }
  getSetCookie(): string[] {
    const cookies = this.#map.get('set-cookie');
    return cookies === undefined ? [] : [cookies];
  }
  forEach(run: (value: string, name: string, headers: Headers) => void): void {
    for (const [name, value] of this) run(value, name, this);
  }
  *entries(): IterableIterator<[string, string]> {
    for (const name of [...this.#map.keys()].sort()) yield [name, this.#map.get(name)!];
  }
  *keys(): IterableIterator<string> {
    for (const [name] of this) yield name;
  }
  *values(): IterableIterator<string> {
    for (const [, value] of this) yield value;
  }
  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }
}

function check(name: unknown, value: unknown): string {
  const key = String(name).toLowerCase();
  if (!NAME.test(key)) throw new TypeError(`Not a header name: ${cut(key, 100)}`);
  if (/[\r\n\0]/.test(String(value))) throw new TypeError(`The header ${key} holds a line end`);
  return key;
}

/** A body that stays on the other side until it is read. */
export class RemoteBody {
  readonly n: number;
  constructor(n: number) {
    this.n = n;
  }
}

type Body = string | Uint8Array | RemoteBody | null;

function textOf(body: Body): string {
  if (body === null) return '';
  if (typeof body === 'string') return body;
  if (body instanceof RemoteBody) return String(host('text', String(body.n)) ?? '');
  return String(host('decode', '', body) ?? '');
}

function bytesOf(body: Body): Uint8Array {
  if (body === null) return new Uint8Array();
  if (body instanceof Uint8Array) return body;
  const made = body instanceof RemoteBody ? host('bytes', String(body.n)) : host('encode', body);
  return made instanceof Uint8Array ? made : new Uint8Array();
}

class WithBody {
  bodyUsed = false;
  #body: Body;
  constructor(body: unknown) {
    this.#body =
      body === undefined || body === null
        ? null
        : typeof body === 'string' || body instanceof RemoteBody || body instanceof Uint8Array
          ? body
          : body instanceof ArrayBuffer
            ? new Uint8Array(body)
            : String(body);
  }
  #use(): Body {
    if (this.bodyUsed) throw new TypeError('The body was already read');
    this.bodyUsed = true;
    return this.#body;
  }
  protected copyBody(): Body {
    if (this.bodyUsed) throw new TypeError('The body was already read');
    return this.#body;
  }
  async text(): Promise<string> {
    return textOf(this.#use());
  }
  async json(): Promise<unknown> {
    return JSON.parse(textOf(this.#use()));
  }
  async bytes(): Promise<Uint8Array> {
    return bytesOf(this.#use());
  }
  async arrayBuffer(): Promise<ArrayBuffer> {
    const bytes = bytesOf(this.#use());
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
  }
}

export class Response extends WithBody {
  readonly status: number;
  readonly statusText: string;
  readonly headers: Headers;
  readonly url = '';
  readonly redirected = false;
  readonly type = 'default';

  constructor(body?: unknown, init: { status?: number; statusText?: string; headers?: unknown } = {}) {
    super(body);
    const status = Number(init.status ?? 200);
    if (!(status >= 200 && status <= 599)) throw new RangeError(`Not a status of a response: ${status}`);
    this.status = status;
    this.statusText = String(init.statusText ?? '');
    this.headers = new Headers(init.headers);
    if (typeof body === 'string' && !this.headers.has('content-type'))
      this.headers.set('content-type', 'text/plain;charset=UTF-8');
  }
  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }
  clone(): Response {
    return new Response(this.copyBody(), this);
  }
  static json(
    value: unknown,
    init: { status?: number; statusText?: string; headers?: unknown } = {},
  ): Response {
    const headers = new Headers(init.headers);
    if (!headers.has('content-type')) headers.set('content-type', 'application/json');
    return new Response(JSON.stringify(value), { ...init, headers });
  }
}

export class Request extends WithBody {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  constructor(input: unknown, init: { method?: string; headers?: unknown; body?: unknown } = {}) {
    super(init.body);
    this.url =
      typeof input === 'object' && input !== null && 'url' in input ? String(input.url) : String(input);
    this.method = String(init.method ?? 'GET').toUpperCase();
    this.headers = new Headers(init.headers);
  }
}

type Listener = (event: { type: string }) => void;

export class AbortSignal {
  aborted = false;
  reason: unknown = undefined;
  onabort: Listener | null = null;
  #listeners = new Set<Listener>();

  addEventListener(type: string, listener: Listener): void {
    if (type === 'abort') this.#listeners.add(listener);
  }
  removeEventListener(_type: string, listener: Listener): void {
    this.#listeners.delete(listener);
  }
  throwIfAborted(): void {
    if (this.aborted) throw this.reason;
  }
  static abort(reason?: unknown): AbortSignal {
    const signal = new AbortSignal();
    abort(signal, reason);
    return signal;
  }
  static timeout(ms: number): AbortSignal {
    const signal = new AbortSignal();
    setTimeout(() => abort(signal, new DOMException('The operation timed out', 'TimeoutError')), ms);
    return signal;
  }
  static any(signals: AbortSignal[]): AbortSignal {
    const any = new AbortSignal();
    for (const signal of signals) {
      if (signal.aborted) abort(any, signal.reason);
      else signal.addEventListener('abort', () => abort(any, signal.reason));
    }
    return any;
  }
  /** For the controller. */
  static fire(signal: AbortSignal): void {
    const event = { type: 'abort', target: signal };
    signal.onabort?.(event);
    for (const listener of signal.#listeners) listener(event);
  }
}

const { fire } = AbortSignal;
delete (AbortSignal as { fire?: unknown }).fire;

function abort(signal: AbortSignal, reason?: unknown): void {
  if (signal.aborted) return;
  signal.aborted = true;
  signal.reason = reason ?? new DOMException('The operation was aborted', 'AbortError');
  fire(signal);
}

export class AbortController {
  readonly signal = new AbortSignal();
  abort(reason?: unknown): void {
    abort(this.signal, reason);
  }
}

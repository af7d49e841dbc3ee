import { type ChildProcess, fork } from 'node:child_process';
import { cut } from '../contracts/cut.ts';
import { IceError } from '../contracts/errors.ts';
import { keep } from './child-keeper.ts';
import { readMessage } from './child-messages.ts';
import type { ToChild, ToParent } from './protocol.ts';

export interface PoolOptions {
  /** The file that a child runs. */
  script: string;
  args?: string[];
  /** Flags of its Node, for a memory limit in MB. */
  flags(memoryMb: number): string[];
  memoryMb: number;
  /** Children keep the memory limit of each call themselves, so that one serves all. */
  oneSize?: boolean;
  /** Children at once; further calls wait. */
  max: number;
  /** A child is replaced after so many calls. */
  maxCalls: number;
  /** A child that had nothing to do for so long ends, but for the last one. */
  idleMs: number;
}

/** How a child ended. */
export interface ChildEnd {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** The last of what it wrote to stderr: V8 says there that the heap is full. */
  stderr: string;
}

const TAIL = 4096;

/** One child process. It holds the parent's event loop only while it has a call. */
export class Child {
  readonly memoryMb: number;
  readonly process: ChildProcess;
  /** Bundles that it was given. */
  readonly loaded = new Set<string>();
  readonly ready: Promise<void>;
  calls = 0;
  ended: ChildEnd | undefined;
  /** Resolves when it has ended, or never began. */
  readonly gone: Promise<void>;
  /** Told of every message and of the end, while a call runs. */
  onMessage: ((message: ToParent) => void) | undefined;
  onEnd: ((end: ChildEnd) => void) | undefined;
  /** What was written past the protocol, straight to the descriptors. */
  onPrint: ((stream: 'stdout' | 'stderr', text: string) => void) | undefined;
  idleTimer: NodeJS.Timeout | undefined;
  /** Whose call it has. */
  owner: string | undefined;

  constructor(options: PoolOptions, memoryMb: number) {
    this.memoryMb = memoryMb;
    this.process = fork(options.script, options.args ?? [], {
      execArgv: options.flags(memoryMb),
      env: {},
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // A signal for the terminal's group (Ctrl-C) is the parent's to handle.
      detached: false,
    });
    keep(this.process);
    let stderr = '';
    this.process.stdout!.on('data', (chunk: Buffer) => this.onPrint?.('stdout', chunk.toString()));
    this.process.stderr!.on('data', (chunk: Buffer) => {
      const text = chunk.toString();
      stderr = (stderr + text).slice(-TAIL);
      this.onPrint?.('stderr', text);
    });
    const ready = Promise.withResolvers<void>();
    this.ready = ready.promise;
    const gone = Promise.withResolvers<void>();
    this.gone = gone.promise;
    ready.promise.catch(() => {});
    const end = (code: number | null, signal: NodeJS.Signals | null): void => {
      if (this.ended) return;
      this.ended = { code, signal, stderr };
      gone.resolve();
      ready.reject(
        new IceError(
          'machine',
          `The process that runs tools did not start: ${lastWords(stderr) || `exit ${code ?? signal}`}`,
          {
            hint: 'ice doctor',
          },
        ),
      );
      this.onEnd?.(this.ended);
    };
    this.process.on('exit', end);
    this.process.on('error', (error) => {
      stderr = `${stderr}\n${error.message}`.slice(-TAIL);
      if (this.process.pid === undefined) end(null, null);
    });
    this.process.on('message', (said: unknown) => {
      const message = readMessage(said);
      if (message?.t === 'ready') ready.resolve();
      else if (message !== undefined) this.onMessage?.(message);
    });
    this.hold(false);
  }

  /** A message that cannot be sent (the child is gone) shows as the child's end. */
  send(message: ToChild): void {
    if (this.ended || !this.process.connected) return;
    this.process.send(message, () => {});
  }

  kill(): void {
    this.process.kill('SIGKILL');
  }

  /** Whether it keeps the parent's event loop alive. */
  hold(on: boolean): void {
    const verb = on ? 'ref' : 'unref';
    this.process[verb]();
    this.process.channel?.[verb]();
    for (const stream of [this.process.stdout, this.process.stderr])
      (stream as unknown as { ref(): void; unref(): void } | null)?.[verb]?.();
  }
}

/** What a child said last, but for the name that Node puts below an error: the error itself, if there is one. */
function lastWords(stderr: string): string {
  const lines = stderr.trim().split('\n');
  const said = lines.findLast((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1) ?? '';
  return cut(said, 300);
}

/** What a call needs a child for. */
export interface Wanted {
  /** Of the bundle. */
  digest: string;
  memoryMb: number;
  /** Whose call it is: the project. */
  owner: string;
}

interface Waiter extends Wanted {
  resolve(child: Child): void;
  reject(error: unknown): void;
}

/** Children beyond `max` for owners who have none at work. */
const MOST_SPARE = 8;

/**
 * Children of one program. A call has a child for itself. Nobody's long calls keep all others waiting: who has no child
 * at work gets one beyond the most that there are, and a child that is free goes to who has the fewest.
 */
export class ChildPool {
  private readonly options: PoolOptions;
  private readonly idle: Child[] = [];
  private readonly all = new Set<Child>();
  /** Who waits, by owner, the first to come first. */
  private readonly waiters = new Map<string, Waiter[]>();
  /** Children at work, by whose call they have. */
  private readonly busy = new Map<string, number>();
  private closed = false;

  constructor(options: PoolOptions) {
    this.options = options;
  }

  get size(): number {
    return this.all.size;
  }

  /** A child for one call: one that knows the bundle, any idle one, a new one, or the next that is free. */
  async acquire(asked: Wanted, signal?: AbortSignal): Promise<Child> {
    const wanted = this.options.oneSize ? { ...asked, memoryMb: this.options.memoryMb } : asked;
    if (this.closed) throw new IceError('unavailable', 'The runtime of tools is closed');
    const child = this.childFor(wanted);
    if (child !== undefined) return this.begin(child);
    const wait = Promise.withResolvers<Child>();
    const waiter: Waiter = { ...wanted, resolve: wait.resolve, reject: wait.reject };
    const queue = this.waiters.get(wanted.owner) ?? [];
    queue.push(waiter);
    this.waiters.set(wanted.owner, queue);
    const stop = (): void => {
      this.leave(waiter);
      wait.reject(signal!.reason);
    };
    signal?.addEventListener('abort', stop, { once: true });
    // A wait holds the loop through the children that are busy.
    try {
      return await this.begin(await wait.promise);
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  }

  /** Gives a child back; one that is not fit for another call ends. */
  release(child: Child, reuse: boolean): void {
    child.onMessage = undefined;
    child.onEnd = undefined;
    child.onPrint = undefined;
    this.atWork(child.owner!, -1);
    child.owner = undefined;
    // `close` waits for the end of a child that is given back meanwhile, and nothing else may hold the loop by then.
    child.hold(this.closed);
    child.calls += 1;
    if (!reuse || child.ended || child.calls >= this.options.maxCalls || this.closed) this.drop(child);
    else this.idle.push(child);
    this.next();
    if (!this.idle.includes(child)) return;
    if (this.all.size > this.options.max) this.drop(child);
    else {
      child.idleTimer = setTimeout(() => this.rest(child), this.options.idleMs);
      child.idleTimer.unref();
    }
  }

  /** Starts children ahead of need. */
  warm(count: number): void {
    while (this.all.size < Math.min(count, this.options.max) && !this.closed) this.startIdle();
  }

  /** An idle child, started if there is room for it: for what comes before a call. It stays idle. */
  idleChild(): Child | undefined {
    if (this.closed) return undefined;
    const child = this.idle.find((one) => !one.ended);
    return child ?? (this.all.size < this.options.max ? this.startIdle() : undefined);
  }

  private startIdle(): Child {
    const child = this.start(this.options.memoryMb);
    child.onEnd = () => this.drop(child);
    this.idle.push(child);
    return child;
  }

  async close(): Promise<void> {
    this.closed = true;
    for (const waiter of [...this.waiters.values()].flat())
      waiter.reject(new IceError('unavailable', 'The runtime of tools is closed'));
    this.waiters.clear();
    const ends = [...this.all].map((child) => child.gone);
    for (const child of this.all) {
      child.hold(true);
      child.kill();
    }
    await Promise.all(ends);
    this.all.clear();
    this.idle.length = 0;
  }

  private async begin(child: Child): Promise<Child> {
    child.hold(true);
    try {
      await child.ready;
      return child;
    } catch (error) {
      this.release(child, false);
      throw error;
    }
  }

  /** A child for a call now, if there is one or may be; it is its owner's from here on. */
  private childFor({ digest, memoryMb, owner }: Wanted): Child | undefined {
    const child =
      this.take(digest, memoryMb) ?? (this.room(memoryMb, owner) ? this.start(memoryMb) : undefined);
    if (child === undefined) return undefined;
    child.owner = owner;
    this.atWork(owner, 1);
    return child;
  }

  private atWork(owner: string, more: 1 | -1): void {
    const count = (this.busy.get(owner) ?? 0) + more;
    if (count > 0) this.busy.set(owner, count);
    else this.busy.delete(owner);
  }

  private take(digest: string, memoryMb: number): Child | undefined {
    let found = -1;
    for (let i = this.idle.length - 1; i >= 0; i--) {
      const child = this.idle[i]!;
      if (child.ended) {
        this.idle.splice(i, 1);
        this.all.delete(child);
        if (found > i) found -= 1;
        continue;
      }
      if (child.memoryMb !== memoryMb) continue;
      if (found < 0 || child.loaded.has(digest)) found = i;
      if (child.loaded.has(digest)) break;
    }
    if (found < 0) return undefined;
    const [child] = this.idle.splice(found, 1);
    clearTimeout(child!.idleTimer);
    child!.onEnd = undefined;
    return child;
  }

  /** Whether one more may start; an idle child with another memory limit makes room for it. */
  private room(memoryMb: number, owner: string): boolean {
    if (this.all.size < this.options.max) return true;
    const other = this.idle.find((child) => child.memoryMb !== memoryMb);
    if (other === undefined) return !this.busy.has(owner) && this.all.size < this.options.max + MOST_SPARE;
    this.idle.splice(this.idle.indexOf(other), 1);
    this.drop(other);
    return true;
  }

  private start(memoryMb: number): Child {
    const child = new Child(this.options, memoryMb);
    this.all.add(child);
    return child;
  }

  private drop(child: Child): void {
    clearTimeout(child.idleTimer);
    const at = this.idle.indexOf(child);
    if (at >= 0) this.idle.splice(at, 1);
    this.all.delete(child);
    if (!child.ended) child.kill();
  }

  private rest(child: Child): void {
    if (this.idle.length > 1 && this.idle.includes(child)) this.drop(child);
  }

  /** Gives what is free to the owner who has the fewest at work. */
  private next(): void {
    if (this.closed) return;
    let waiter: Waiter | undefined;
    let fewest = Infinity;
    for (const [owner, [first]] of this.waiters) {
      const count = this.busy.get(owner) ?? 0;
      if (count < fewest) [waiter, fewest] = [first, count];
    }
    const child = waiter && this.childFor(waiter);
    if (child === undefined) return;
    this.leave(waiter!);
    waiter!.resolve(child);
  }

  private leave(waiter: Waiter): void {
    const queue = this.waiters.get(waiter.owner) ?? [];
    const at = queue.indexOf(waiter);
    if (at >= 0) queue.splice(at, 1);
    if (queue.length === 0) this.waiters.delete(waiter.owner);
  }
}

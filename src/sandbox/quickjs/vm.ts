import { EvalFlags, JSException, type JSValueHandle, QuickJS, type Snapshot } from 'quickjs-wasi';
import type { GuestError } from '../guest/harness.ts';
import { GUEST } from './guest.generated.ts';

/**
 * What a VM is given of the world: one host function, a clock, an end. The object is the VM's for its life; each call
 * fills it anew.
 */
export interface World {
  /** Epoch milliseconds, for Date and performance. */
  now: number;
  /** On the child's own clock (performance.now()); reached, the VM stops. */
  deadline: number;
  /** Whether the VM was stopped at the deadline. */
  stopped: boolean;
  host(kind: string, text: string, more: string | Uint8Array | undefined): string | Uint8Array | undefined;
}

export const newWorld = (): World => ({ now: 0, deadline: Infinity, stopped: false, host: () => undefined });

/** What a VM needs besides: its program and its limits. */
export interface VmOptions {
  wasm: WebAssembly.Module;
  memoryBytes: number;
}

const STACK_BYTES = 256 * 1024;
/** Free room in a snapshot, so that a small call does not have to grow the memory. */
const HEADROOM_BYTES = 512 * 1024;

/** A VM was stopped, or ended by itself, so that nothing in it can be used again. */
export class VmError extends Error {
  readonly guest: GuestError;
  constructor(guest: GuestError) {
    super(guest.message);
    this.guest = guest;
  }
}

const settings = ({ wasm, memoryBytes }: VmOptions, world: World) => ({
  wasm,
  memoryLimit: memoryBytes,
  maxStackSize: STACK_BYTES,
  timezoneOffset: 0,
  interruptHandler: () => {
    if (performance.now() < world.deadline) return false;
    world.stopped = true;
    return true;
  },
  wasi: (memory: WebAssembly.Memory) => ({
    clock_time_get(_clock: number, _precision: bigint, result: number) {
      new DataView(memory.buffer).setBigUint64(result, BigInt(Math.floor(world.now)) * 1_000_000n, true);
      return 0;
    },
    random_get(pointer: number, length: number) {
      new Uint8Array(memory.buffer, pointer, length).fill(7);
      return 0;
    },
    // What the engine itself would print.
    fd_write(_fd: number, _vectors: number, _count: number, written: number) {
      new DataView(memory.buffer).setUint32(written, 0, true);
      return 0;
    },
  }),
});

const connect = (vm: QuickJS, world: World) =>
  function (this: JSValueHandle, ...args: JSValueHandle[]): JSValueHandle {
    const [kind, text, more] = args;
    // Only strings and bytes are read: converting anything else would run code of the guest.
    const answer = world.host(read(kind), read(text), more?.isString ? more.toString() : bytesOf(more));
    if (answer === undefined) return vm.undefined;
    return typeof answer === 'string' ? vm.newString(answer) : vm.newUint8Array(answer);
  };

const read = (handle: JSValueHandle | undefined): string => (handle?.isString ? handle.toString() : '');

function bytesOf(handle: JSValueHandle | undefined): Uint8Array | undefined {
  if (handle === undefined || !handle.isObject || handle.isProxy || handle.className !== 'Uint8Array')
    return undefined;
  return handle.toUint8Array();
}

/** A VM with the guest's own program in it and no tool yet, as a snapshot to begin from. */
export async function baseSnapshot(options: VmOptions): Promise<Snapshot> {
  const world = newWorld();
  const vm = await QuickJS.create(settings(options, world));
  const host = vm.newFunction('host', connect(vm, world));
  vm.setProp(vm.global, '__host', host);
  host.dispose();
  vm.evalCode(GUEST, '<ice>').dispose();
  vm.executePendingJobs();
  vm.runGC();
  const snapshot = vm.snapshot();
  vm.dispose();
  return snapshot;
}

/** Loads a tool into a VM and takes its picture: what each call begins from. Throws a VmError. */
export async function toolSnapshot(
  base: Snapshot,
  options: VmOptions,
  code: string,
  deadline: number,
): Promise<Snapshot> {
  const live = await LiveVm.restore(base, options);
  const { vm, world } = live;
  world.deadline = deadline;
  let failed: GuestError | undefined;
  let done = false;
  world.host = (kind, text, more) => {
    if (kind === 'done') done = true;
    if (kind === 'failed') failed ??= JSON.parse(text) as GuestError;
    return pureAnswer(kind, text, more);
  };
  await live.guard(async () => {
    let namespace: JSValueHandle;
    try {
      const promise = vm.evalCode(code, '<tool>', EvalFlags.TYPE_MODULE);
      vm.executePendingJobs();
      if (promise.promiseState === 0)
        throw new VmError({
          kind: 'definition',
          message: 'The module awaits at its top level what never comes',
        });
      const settled = await vm.resolvePromise(promise);
      promise.dispose();
      if ('error' in settled) {
        live.enter('failed', settled.error);
        throw new VmError({
          ...(failed ?? { message: 'The module failed while it was loaded' }),
          kind: 'definition',
        });
      }
      namespace = settled.value;
    } catch (error) {
      if (!(error instanceof JSException) || world.stopped) throw error;
      throw new VmError({ kind: 'definition', message: `${error.name}: ${error.message}` });
    }
    live.enter('load', namespace);
    namespace.dispose();
    if (failed !== undefined) throw new VmError(failed);
    if (!done)
      throw new VmError({ kind: 'definition', message: 'The schemas of the tool await what never comes' });
    vm.newArrayBuffer(new Uint8Array(HEADROOM_BYTES)).dispose();
    vm.runGC();
  });
  const snapshot = vm.snapshot();
  live.dispose();
  return snapshot;
}

/** What the guest may ask for at any time: pure functions, done by the engine that has them built in. */
export function pureAnswer(
  kind: string,
  text: string,
  more: string | Uint8Array | undefined,
): string | Uint8Array | undefined {
  switch (kind) {
    case 'encode':
      return new TextEncoder().encode(text);
    case 'decode':
      return more instanceof Uint8Array ? new TextDecoder().decode(more) : '';
    case 'url':
      return urlParts(text);
    default:
      return undefined;
  }
}

const SETTABLE = new Set([
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
]);

function urlParts(text: string): string {
  try {
    const command = JSON.parse(text) as { url: string; base?: string; set?: string; value?: string };
    const url = new URL(String(command.url), command.base);
    if (command.set !== undefined && SETTABLE.has(command.set))
      (url as unknown as Record<string, string>)[command.set] = String(command.value);
    const { href, origin, protocol, username, password, host, hostname, port, pathname, search, hash } = url;
    return JSON.stringify({
      href,
      origin,
      protocol,
      username,
      password,
      host,
      hostname,
      port,
      pathname,
      search,
      hash,
    });
  } catch {
    return '';
  }
}

/** A VM restored from a snapshot, and the way back to it. */
export class LiveVm {
  readonly vm: QuickJS;
  readonly world: World;
  private readonly snapshot: Snapshot;

  private constructor(vm: QuickJS, world: World, snapshot: Snapshot) {
    this.vm = vm;
    this.world = world;
    this.snapshot = snapshot;
  }

  static async restore(snapshot: Snapshot, options: VmOptions): Promise<LiveVm> {
    const world = newWorld();
    const vm = await QuickJS.restore(snapshot, settings(options, world));
    vm.registerHostCallback('host', connect(vm, world));
    return new LiveVm(vm, world, snapshot);
  }

  /** Calls an entry of the guest and drains its jobs. */
  enter(name: string, ...args: (string | number | JSValueHandle)[]): number {
    const { vm } = this;
    const ice = vm.global.getProp('__ice');
    const entry = ice.getProp(name);
    const handles = args.map((arg) =>
      typeof arg === 'string' ? vm.newString(arg) : typeof arg === 'number' ? vm.newNumber(arg) : arg,
    );
    const result = vm.callFunction(entry, vm.undefined, ...handles);
    const number = result.isNumber ? result.toNumber() : 0;
    vm.executePendingJobs();
    return number;
  }

  /** Runs what enters the VM; whatever ends it is told as a VmError. */
  async guard<T>(run: () => T | Promise<T>): Promise<T> {
    try {
      const value = await run();
      if (this.world.stopped) throw new Error('stopped');
      return value;
    } catch (error) {
      // What a stopped VM says of itself is not the reason.
      throw error instanceof VmError && !this.world.stopped ? error : new VmError(this.endOf(error));
    }
  }

  private endOf(error: unknown): GuestError {
    if (this.world.stopped)
      return { kind: 'limit', code: 'timeout', message: 'The time of the call was over' };
    const message = error instanceof Error ? error.message : String(error);
    if (/out of memory|malloc failed/.test(message))
      return { kind: 'limit', code: 'memory', message: 'Out of memory' };
    if (error instanceof WebAssembly.RuntimeError)
      return { kind: 'limit', message: `The VM ended: ${message}` };
    return { kind: 'thrown', message };
  }

  /**
   * Makes the VM again what it was when it was restored: its whole memory and its stack pointer, which is all the
   * state that the program has (its other exports are functions and one table that nothing writes). False when its
   * memory grew, which cannot be undone: then it must be restored anew. Rests on the insides of the library: only where
   * `canRewind` says so (reuse.ts).
   */
  rewind(): boolean {
    const { vm, snapshot, world } = this;
    const memory = vm._getMemory();
    if (memory.buffer.byteLength !== snapshot.memory.byteLength) return false;
    new Uint8Array(memory.buffer).set(snapshot.memory);
    const exports = vm._getExports() as unknown as { __stack_pointer: WebAssembly.Global };
    exports.__stack_pointer.value = snapshot.stackPointer;
    // Handles that the library keeps point into the memory that was.
    const kept = vm as unknown as Record<string, unknown>;
    for (const name of ['_global', '_undefined', '_null', '_true', '_false', '_activeScope'])
      kept[name] = null;
    (kept['_ownedHandles'] as Set<unknown>).clear();
    world.host = () => undefined;
    world.stopped = false;
    world.deadline = Infinity;
    return true;
  }

  /** Whether the VM has taken nearly all the memory that it may have; nothing gives it back. */
  isFull(memoryBytes: number): boolean {
    return this.vm._getMemory().buffer.byteLength >= memoryBytes * 0.95;
  }

  dispose(): void {
    this.vm.dispose();
  }
}

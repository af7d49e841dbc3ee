/**
 * The child of the untrusted runtime: it holds VMs and lets a tool into one for one call. It has no environment, no
 * files beyond its own code, no children; a tool that got out of the VM would find nothing, and one process less
 * when the parent kills it.
 */
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { QuickJS, type Snapshot } from 'quickjs-wasi';
import { readError, readMessage } from '../child-messages.ts';
import type { GuestError } from '../guest/harness.ts';
import type { CallLimits, ToChild, ToParent, WireRequest, WireResponse } from '../protocol.ts';
import { canRewind } from './reuse.ts';
import { baseSnapshot, LiveVm, pureAnswer, toolSnapshot, VmError } from './vm.ts';

/** Snapshots are kept up to so many bytes together; each has a VM that stands ready beside it. */
const MOST_SNAPSHOT_BYTES = 64 * 1024 * 1024;
/** Questions to the other side of the border in one call, beyond those that have their own limits. */
const MOST_HOST_CALLS = 20_000;
/**
 * Characters of JSON that one call may tell of its logs, its progress and its failure. The guest keeps to less; a tool
 * that replaced what its messages are made with does not.
 */
const MOST_SAID_CHARS = 8 * 1024 * 1024;

/**
 * V8 optimises a function of the program after so many bytes of it were run. Its own number (13 million) is reached
 * while a tool is loaded, and what it compiles then takes longer than the load, on a core that the parent needs. With
 * this one a tool that computes for long is at full speed a few hundredths of a second later.
 */
const TIERING_BUDGET = 300_000_000;
setFlagsFromString(`--wasm-tiering-budget=${TIERING_BUDGET}`);

const post = (message: ToParent): void => void process.send!(message);
const wasm = new WebAssembly.Module(readFileSync(process.argv[2]!));
const codes = new Map<string, string>();
let base: Promise<Snapshot> | undefined;

interface Version {
  snapshot: Snapshot;
  /** A VM that nobody has entered. */
  fresh?: LiveVm;
}
const versions = new Map<string, Version>();

/** Versions that are made ahead of their first call; it takes them, or what was wrong with them. */
const ahead = new Map<string, Promise<Version>>();
const keyOf = (digest: string, { memoryBytes }: CallLimits): string => `${digest} ${memoryBytes}`;

async function prepare({ digest, limits }: Extract<ToChild, { t: 'prepare' }>): Promise<void> {
  const code = codes.get(digest);
  const key = keyOf(digest, limits);
  if (code === undefined || versions.has(key) || ahead.has(key)) return;
  const making = versionOf(digest, code, limits);
  ahead.set(key, making);
  const version = await making;
  version.fresh ??= await LiveVm.restore(version.snapshot, { wasm, memoryBytes: limits.memoryBytes });
}

async function versionOf(digest: string, code: string, limits: CallLimits): Promise<Version> {
  const { memoryBytes } = limits;
  const key = keyOf(digest, limits);
  const made = ahead.get(key);
  if (made) {
    ahead.delete(key);
    return made;
  }
  const known = versions.get(key);
  if (known !== undefined) {
    versions.delete(key);
    versions.set(key, known);
    return known;
  }
  base ??= baseSnapshot({ wasm, memoryBytes });
  const deadline = performance.now() + limits.timeoutMs;
  const version: Version = {
    snapshot: await toolSnapshot(await base, { wasm, memoryBytes }, code, deadline),
  };
  versions.set(key, version);
  let bytes = 0;
  for (const [old, { snapshot }] of [...versions].reverse()) {
    bytes += snapshot.memory.byteLength;
    if (bytes > MOST_SNAPSHOT_BYTES && old !== key) versions.delete(old);
  }
  return version;
}

interface Current {
  id: number;
  live: LiveVm;
  /** Requests that wait for the parent. */
  fetching: number;
  bodies: Map<number, Uint8Array>;
  timer: NodeJS.Timeout | undefined;
  settled: { json: string } | { error: GuestError } | undefined;
  end(): void;
}
let current: Current | undefined;
/** An abort may come while the VM is still being made. */
let aborted = -1;

function connect(call: Current, limits: CallLimits): void {
  let budget = MOST_HOST_CALLS + limits.logLines + limits.fetches;
  let said = MOST_SAID_CHARS;
  const stop = (message: string): undefined => {
    call.settled ??= { error: { kind: 'limit', message } };
    call.live.world.deadline = 0;
    return undefined;
  };
  call.live.world.host = (kind, text, more) => {
    if (kind !== 'encode' && kind !== 'decode' && kind !== 'url' && --budget < 0)
      return stop(`More than ${MOST_HOST_CALLS} calls of host functions in one call`);
    if (kind === 'log' || kind === 'progress' || kind === 'failed') said -= text.length;
    if (said < 0) return stop(`More than ${MOST_SAID_CHARS} characters of logs and progress in one call`);
    switch (kind) {
      case 'done':
        if (text.length > limits.outputBytes)
          call.settled ??= {
            error: {
              kind: 'limit',
              message: `The result is larger than ${limits.outputBytes} (limits.outputBytes)`,
            },
          };
        call.settled ??= { json: text };
        return undefined;
      case 'failed':
        call.settled ??= { error: seenFrom(call, readError(JSON.parse(text)), limits) };
        return undefined;
      case 'log':
      case 'progress': {
        // Read here as it is on the other side: what can't be sent would end the call without a word.
        const message = readMessage({ ...(JSON.parse(text) as object), t: kind, id: call.id });
        if (message !== undefined) post(message);
        return undefined;
      }
      case 'fetch': {
        const { n, url, method, headers } = JSON.parse(text) as WireRequest & { n: number };
        call.fetching += 1;
        const body = more instanceof Uint8Array ? { body: more } : {};
        post({ t: 'fetch', id: call.id, n, request: { url, method, headers, ...body } });
        return undefined;
      }
      case 'text':
        return new TextDecoder().decode(call.bodies.get(Number(text)));
      case 'bytes':
        return call.bodies.get(Number(text)) ?? new Uint8Array();
      default:
        return pureAnswer(kind, text, more);
    }
  };
}

/** Where memory is used up, what fails next is anything: "not a function" of one that could not be made. */
const seenFrom = ({ live }: Current, error: GuestError, { memoryBytes }: CallLimits): GuestError =>
  error.kind === 'thrown' && live.isFull(memoryBytes) ? { ...error, kind: 'limit', code: 'memory' } : error;

/** Enters the VM, then sees whether the call is over, waits, or can never end. */
async function step(call: Current, name: string, ...args: (string | number)[]): Promise<void> {
  clearTimeout(call.timer);
  const wait = await call.live.guard(() => {
    call.live.enter(name, ...args);
    return call.settled === undefined ? call.live.enter('next') : -1;
  });
  if (call.settled !== undefined) return call.end();
  if (wait >= 0) {
    call.timer = setTimeout(() => {
      call.live.world.now += wait;
      advance(call, 'fire');
    }, wait);
  } else if (call.fetching === 0) {
    call.settled = {
      error: { kind: 'terminal', message: 'The tool awaits a promise that nothing will settle' },
    };
    call.end();
  }
}

function advance(call: Current, name: string, ...args: (string | number)[]): void {
  step(call, name, ...args).catch((error: unknown) => {
    call.settled ??= { error: endOf(error) };
    call.end();
  });
}

const endOf = (error: unknown): GuestError =>
  error instanceof VmError
    ? error.guest
    : { kind: 'thrown', message: error instanceof Error ? error.message : String(error) };

async function run(message: Extract<ToChild, { t: 'call' | 'extract' }>): Promise<void> {
  const { id, digest, limits } = message;
  const code = codes.get(digest);
  if (code === undefined) return post({ t: 'need', id });
  const began = performance.now();
  let version: Version;
  let live: LiveVm;
  try {
    version = await versionOf(digest, code, limits);
    live =
      version.fresh ?? (await LiveVm.restore(version.snapshot, { wasm, memoryBytes: limits.memoryBytes }));
    version.fresh = undefined;
  } catch (error) {
    return post({
      t: 'failed',
      id,
      error: endOf(error),
      dirty: !(error instanceof VmError) || error.guest.kind === 'limit',
    });
  }
  if (aborted === id) return post({ t: 'failed', id, error: { kind: 'thrown', message: 'stopped' } });
  const deadline = began + limits.timeoutMs;
  live.world.deadline = deadline;
  live.world.now = message.t === 'call' ? message.now : 0;
  const late = setTimeout(
    () => {
      call.settled ??= {
        error: { kind: 'limit', code: 'timeout', message: 'The time of the call was over' },
      };
      call.end();
    },
    Math.max(0, deadline - began),
  );
  const call: Current = {
    id,
    live,
    fetching: 0,
    bodies: new Map(),
    timer: undefined,
    settled: undefined,
    end() {
      if (current !== call) return;
      current = undefined;
      clearTimeout(late);
      clearTimeout(call.timer);
      const settled = call.settled!;
      const isLimit =
        'error' in settled && settled.error.kind === 'limit' && settled.error.code !== undefined;
      const dirty = live.world.stopped || isLimit ? { dirty: true } : {};
      if ('json' in settled) post({ t: 'done', id, json: settled.json, ...dirty });
      else post({ t: 'failed', id, error: settled.error, ...dirty });
      // Off the path of the result: the VM for the next call.
      setImmediate(() => void renew(version, live, limits.memoryBytes));
    },
  };
  current = call;
  connect(call, limits);
  if (message.t === 'extract') return advance(call, 'extract');
  const { seed, idempotencyKey, secrets } = message;
  advance(call, 'call', JSON.stringify({ seed, idempotencyKey, secrets, limits }), message.input);
}

/** Found out after the first call, off its path; `--no-reuse` says no (tests). */
let rewinds: Promise<boolean> | undefined;

async function renew(version: Version, live: LiveVm, memoryBytes: number): Promise<void> {
  rewinds ??= process.argv.includes('--no-reuse')
    ? Promise.resolve(false)
    : canRewind(version.snapshot, { wasm, memoryBytes });
  if ((await rewinds) && !live.world.stopped && version.fresh === undefined && live.rewind()) {
    version.fresh = live;
    return;
  }
  live.dispose();
  version.fresh ??= await LiveVm.restore(version.snapshot, { wasm, memoryBytes });
}

function fetched(message: { id: number; n: number; response?: WireResponse; error?: GuestError }): void {
  const call = current;
  if (call?.id !== message.id) return;
  call.fetching -= 1;
  const { response, error, n } = message;
  if (response !== undefined) call.bodies.set(n, response.body);
  const answer = response && {
    status: response.status,
    statusText: response.statusText,
    url: response.url,
    headers: response.headers,
  };
  advance(call, 'fetched', n, JSON.stringify(answer === undefined ? { error } : { answer }));
}

process.on('message', (message: ToChild) => {
  switch (message.t) {
    case 'load':
      codes.set(message.digest, new TextDecoder().decode(message.code));
      return;
    case 'prepare':
      // The call says what is wrong.
      prepare(message).catch(() => {});
      return;
    case 'extract':
    case 'call':
      void run(message);
      return;
    case 'fetched':
      fetched(message);
      return;
    case 'abort': {
      const call = current;
      if (call?.id === message.id) {
        call.settled ??= { error: { kind: 'thrown', message: 'stopped' } };
        call.end();
      } else aborted = message.id;
    }
  }
});
process.on('disconnect', () => process.exit(0));

// A build brings the picture of the empty VM along; making it takes longer than starting Node.
base =
  process.argv[3]?.endsWith('.snapshot') !== true
    ? baseSnapshot({ wasm, memoryBytes: 64 * 1024 * 1024 })
    : Promise.resolve(QuickJS.deserializeSnapshot(readFileSync(process.argv[3]!)));
base.then(
  () => post({ t: 'ready' }),
  () => process.exit(1),
);

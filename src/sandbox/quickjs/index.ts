import { availableParallelism } from 'node:os';
import { ChildRuntime } from '../child-runtime.ts';
import { childScript } from '../child-script.ts';
import type { ToolRuntime } from '../port.ts';
import { DEFAULT_LIMITS } from '../protocol.ts';

export interface SandboxRuntimeOptions {
  /** Children at once; twice the cores, at least 4. */
  maxChildren?: number;
  /** Calls after which a child is replaced; 20,000. */
  maxCalls?: number;
  /** An idle child ends after so long, but for the last one; 30 s. */
  idleMs?: number;
  /** The longest that a bundle may take to say what it is, in milliseconds; 10,000. */
  extractMs?: number;
  /** A VM that is there is used again for the next call where that is known to work; true. */
  reuse?: boolean;
}

/** The child keeps the time of a call itself, and stops the VM; it is killed when it did not. */
const CEILING_MS = 250;

/**
 * The untrusted runtime: each call in a VM of its own (QuickJS in WebAssembly) that begins from a snapshot of the
 * tool's version, inside a child process without environment, files and children.
 */
export function createSandboxRuntime(options: SandboxRuntimeOptions = {}): ToolRuntime {
  const { file, reads, wasm, base } = childScript('quickjs');
  return new ChildRuntime('sandbox', {
    script: file,
    args: [wasm, ...(base === undefined ? [] : [base]), ...(options.reuse === false ? ['--no-reuse'] : [])],
    flags: () => [
      '--permission',
      ...[...reads, wasm].map((path) => `--allow-fs-read=${path}`),
      '--max-old-space-size=128',
      '--no-warnings',
    ],
    // One kind of child serves every memory limit: the limit is the VM's.
    memoryMb: DEFAULT_LIMITS.memoryMb.sandbox,
    oneSize: true,
    max: options.maxChildren ?? Math.max(4, availableParallelism() * 2),
    maxCalls: options.maxCalls ?? 20_000,
    idleMs: options.idleMs ?? 30_000,
    ceilingMs: CEILING_MS,
    ...(options.extractMs === undefined ? {} : { extractMs: options.extractMs }),
  });
}

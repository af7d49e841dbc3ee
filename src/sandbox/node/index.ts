import { availableParallelism } from 'node:os';
import { ChildRuntime } from '../child-runtime.ts';
import { childScript } from '../child-script.ts';
import type { ToolRuntime } from '../port.ts';
import { DEFAULT_LIMITS } from '../protocol.ts';

export interface NodeRuntimeOptions {
  /** Children at once; twice the cores, at least 4. */
  maxChildren?: number;
  /** Calls after which a child is replaced; 10,000. */
  maxCalls?: number;
  /** An idle child ends after so long, but for the last one; 30 s. */
  idleMs?: number;
}

/**
 * The trusted runtime: full Node at V8's speed in warm children, without environment, child processes, workers, and
 * files beyond its own code. It is a seat belt for code that you trust, no boundary for code that you don't.
 */
export function createNodeRuntime(options: NodeRuntimeOptions = {}): ToolRuntime {
  const { file, reads } = childScript('node');
  return new ChildRuntime('node', {
    script: file,
    flags: (memoryMb) => [
      '--permission',
      ...reads.map((path) => `--allow-fs-read=${path}`),
      `--max-old-space-size=${memoryMb}`,
      '--no-warnings',
    ],
    memoryMb: DEFAULT_LIMITS.memoryMb.node,
    max: options.maxChildren ?? Math.max(4, availableParallelism() * 2),
    maxCalls: options.maxCalls ?? 10_000,
    idleMs: options.idleMs ?? 30_000,
  });
}

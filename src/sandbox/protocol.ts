import type { CodeRuntime, Permissions } from '../contracts/components.ts';
import type { Json } from '../contracts/json.ts';
import type { GuestError } from './guest/harness.ts';

/**
 * What parent and child say to each other over the IPC channel (structured clone). A child runs one call at a time;
 * each message names the call it belongs to, and what belongs to another call is dropped.
 */

export interface CallLimits {
  timeoutMs: number;
  memoryBytes: number;
  outputBytes: number;
  fetches: number;
  /** Lines, and characters of all lines together. */
  logLines: number;
  logChars: number;
}

/** How a child ends that has no call: what it was sent meanwhile was not begun, and may go to another. */
export const IDLE_EXIT = 86;

export type ToChild =
  /** The code as UTF-8: as text it would take twice the room, and wait in the pipe for a parent that is busy. */
  | { t: 'load'; digest: string; code: Uint8Array }
  /** What a call would begin from is made ahead of it. */
  | { t: 'prepare'; digest: string; limits: CallLimits }
  | { t: 'extract'; id: number; digest: string; limits: CallLimits }
  | {
      t: 'call';
      id: number;
      digest: string;
      /** JSON text. */
      input: string;
      idempotencyKey: string;
      seed: string;
      now: number;
      secrets: Record<string, string>;
      limits: CallLimits;
    }
  | { t: 'fetched'; id: number; n: number; response?: WireResponse; error?: GuestError }
  | { t: 'abort'; id: number };

export type ToParent =
  | { t: 'ready' }
  /** The child has not got the code (any more). */
  | { t: 'need'; id: number }
  | { t: 'done'; id: number; json: string; dirty?: boolean }
  | { t: 'failed'; id: number; error: GuestError; dirty?: boolean }
  | { t: 'log'; id: number; level: LogLevel; message: string; fields?: { [key: string]: Json } }
  | { t: 'progress'; id: number; done?: number; total?: number; message?: string }
  | { t: 'fetch'; id: number; n: number; request: WireRequest };

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface WireRequest {
  url: string;
  method: string;
  headers: [string, string][];
  body?: Uint8Array;
}

export interface WireResponse {
  status: number;
  statusText: string;
  url: string;
  headers: [string, string][];
  body: Uint8Array;
}

/** What a call may use when its tool declares nothing else. */
export const DEFAULT_LIMITS = {
  timeoutMs: 60_000,
  memoryMb: { sandbox: 64, node: 256 },
  outputBytes: 16 * 1024 * 1024,
  fetches: 100,
  logLines: 1000,
  logChars: 256 * 1024,
} as const;

/** The limits of one call. */
export function limitsOf(runtime: CodeRuntime, limits: Permissions['limits']): CallLimits {
  return {
    timeoutMs: limits.timeoutMs ?? DEFAULT_LIMITS.timeoutMs,
    memoryBytes: (limits.memoryMb ?? DEFAULT_LIMITS.memoryMb[runtime]) * 1024 * 1024,
    outputBytes: limits.outputBytes ?? DEFAULT_LIMITS.outputBytes,
    fetches: limits.fetches ?? DEFAULT_LIMITS.fetches,
    logLines: DEFAULT_LIMITS.logLines,
    logChars: DEFAULT_LIMITS.logChars,
  };
}

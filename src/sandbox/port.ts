import type { CodeRuntime, Example, Permissions } from '../contracts/components.ts';
import type { Json, JsonSchema } from '../contracts/json.ts';

/** A bundle: one ES module whose default export is what `defineTool`, or the builder of workflows, returned. */
export interface Bundle {
  /** sha256 of the code. */
  digest: string;
  code: string;
}

/** What a bundle says of itself, read by running it in a runtime, never in our own process. */
export interface ExtractedTool {
  name: string;
  version: string;
  description: string;
  input: JsonSchema;
  output: JsonSchema;
  permissions: Permissions;
  runtime: CodeRuntime;
  examples: Example[];
  /** What zod could not say as JSON Schema: a path and why. */
  unrepresentable: { where: 'input' | 'output'; path: string; reason: string }[];
}

export interface ToolCall {
  /** Digest of the bundle; `load` is asked for the code only when a child has not got it yet. */
  bundle: string;
  load(): Promise<string>;
  input: Json;
  permissions: Permissions;
  /** Seeds clock-independent randomness: run and node. */
  seed: string;
  /** What `Date.now()` says in the sandbox, epoch milliseconds. */
  now: number;
  idempotencyKey: string;
  /** The project: calls of one do not keep those of another waiting. */
  owner?: string;
  signal: AbortSignal;
  /** Only those declared. */
  secrets: Record<string, string>;
  onLog(level: 'debug' | 'info' | 'warn' | 'error', message: string, fields?: { [key: string]: Json }): void;
  onProgress(progress: { done?: number; total?: number; message?: string }): void;
  /** The network of this call, behind the allow-list; absent = none. */
  fetch?: HostFetch;
}

export interface HostRequest {
  url: string;
  method: string;
  headers: [string, string][];
  body?: Uint8Array;
}
export interface HostResponse {
  status: number;
  statusText: string;
  url: string;
  headers: [string, string][];
  body: Uint8Array;
}
export type HostFetch = (request: HostRequest, signal: AbortSignal) => Promise<HostResponse>;

/**
 * One way to run a tool's code. `call` returns the raw result (the caller checks it against the schema) or throws
 * an IceError: `tool_failed` (it threw), `tool_crashed`, `tool_limit`, `tool_denied`, `timeout`.
 */
export interface ToolRuntime {
  readonly name: CodeRuntime;
  /** What the bundle of a tool says of itself; IceError `project_invalid` when it is none. */
  extract(bundle: Bundle): Promise<ExtractedTool>;
  /** The document that the bundle of a workflow makes; IceError `project_invalid` when it is none. */
  document(bundle: Bundle): Promise<Json>;
  call(call: ToolCall): Promise<Json>;
  /** Starts children ahead of the first call, off its path. */
  warm(count?: number): void;
  /** Loads a tool ahead of its first call, off its path. What is wrong with it, the call says. */
  prepare?(bundle: Bundle, permissions: Permissions): void;
  close(): Promise<void>;
}

import type { z } from 'zod';
import type { Json, JsonObject } from '../contracts/json.ts';

/** A JSON Schema written by hand, for tools that don't use zod. Its values are typed as JSON. */
export type PlainSchema = { readonly [keyword: string]: unknown };
/** What describes an input or an output: a zod schema, or a JSON Schema. */
export type SchemaLike = z.ZodType | PlainSchema;

/** What `run` receives: parsed, defaults applied. */
export type Parsed<S> = S extends z.ZodType ? z.output<S> : JsonObject;
/** What `run` may return: the schema is applied to it. */
export type Returned<S> = S extends z.ZodType ? z.input<S> : Json;
/** What a caller writes: fields with a default may be left out. */
export type Args<S> = S extends z.ZodType ? z.input<S> : JsonObject;
/** What a caller gets. */
export type Result<S> = S extends z.ZodType ? z.output<S> : Json;

type LogMethod = (message: string, fields?: { [key: string]: Json }) => void;

/** Writes lines to the log of the run; bounded in number and size. `log('…')` is `log.info('…')`. */
export interface Log extends LogMethod_ {
  debug: LogMethod;
  info: LogMethod;
  warn: LogMethod;
  error: LogMethod;
}
type LogMethod_ = (message: string, fields?: { [key: string]: Json }) => void;

/** What a tool is given besides its input. */
export interface ToolContext<Secret extends string = string> {
  readonly log: Log;
  /** Shown live: how far the tool is. */
  progress(progress: { done?: number; total?: number; message?: string }): void;
  /** The network, limited to the hosts of `permissions.net`. The body is read whole; there are no streams. */
  fetch(input: string | URL, init?: FetchInit): Promise<Response>;
  /** The values of `permissions.secrets`. */
  readonly secrets: { readonly [Name in Secret]: string };
  /** Aborted when the attempt has to stop (timeout, cancel). */
  readonly signal: AbortSignal;
  /** The same for every attempt of one node of one run: hand it to an API, so that a retry does not act twice. */
  readonly idempotencyKey: string;
}

export interface FetchInit {
  method?: string;
  headers?: Record<string, string> | [string, string][] | Headers;
  body?: string | Uint8Array | ArrayBuffer | URLSearchParams | null;
  signal?: AbortSignal | null;
  redirect?: 'follow' | 'manual' | 'error';
}

/** What a tool may touch; the default is nothing. */
export interface ToolPermissions<Secret extends string = string> {
  /**
   * Hosts that `ctx.fetch` may reach: `api.example.com`, `*.example.com`, `127.0.0.1:8080`. `*` means "the hosts that
   * the calling node names literally": for tools whose address is an argument.
   */
  net?: readonly string[];
  /** Names of secrets, as `EXAMPLE_KEY`. */
  secrets?: readonly Secret[];
}

/** Limits of one call; what is left out has the target's default. */
export interface ToolLimits {
  timeoutMs?: number;
  memoryMb?: number;
  outputBytes?: number;
  fetches?: number;
}

export interface ToolExample<I extends SchemaLike, O extends SchemaLike> {
  name?: string;
  input: Args<I>;
  output?: Result<O>;
}

export interface ToolDefinition<I extends SchemaLike, O extends SchemaLike, Secret extends string> {
  /** Lower case, digits and dashes. */
  name: string;
  /** A semver version; immutable once pushed. */
  version: string;
  description?: string;
  input: I;
  output: O;
  permissions?: ToolPermissions<Secret>;
  /** `sandbox` (the default): no Node. `node`: full Node in a child process, where the operator allows it. */
  runtime?: 'sandbox' | 'node';
  limits?: ToolLimits;
  run(input: Parsed<I>, ctx: ToolContext<Secret>): Returned<O> | Promise<Returned<O>>;
  /** Run by `ice test` and at push. */
  examples?: readonly ToolExample<NoInfer<I>, NoInfer<O>>[];
}

/** What a tool's module exports by default. */
export interface Tool<
  I extends SchemaLike = SchemaLike,
  O extends SchemaLike = SchemaLike,
  Secret extends string = string,
> {
  readonly kind: 'tool';
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly input: I;
  readonly output: O;
  readonly permissions: { readonly net: readonly string[]; readonly secrets: readonly Secret[] };
  readonly runtime: 'sandbox' | 'node';
  readonly limits: ToolLimits;
  readonly examples: readonly ToolExample<I, O>[];
  run(input: Parsed<I>, ctx: ToolContext<Secret>): Returned<O> | Promise<Returned<O>>;
}

/** The parts of an AI SDK tool that are read: `tool({ description, inputSchema, execute })`. */
export interface AiTool {
  description?: unknown;
  inputSchema: unknown;
  outputSchema?: unknown;
  execute?: unknown;
}

export interface AiToolOptions {
  name: string;
  version: string;
  description?: string;
  /** The schema of the result, where the tool object has none; without both, the result is any JSON. */
  output?: SchemaLike;
  permissions?: ToolPermissions;
  runtime?: 'sandbox' | 'node';
  limits?: ToolLimits;
  examples?: readonly { name?: string; input: JsonObject; output?: Json }[];
}

/**
 * Defines a tool: the default export of its module. Input and output are zod schemas (or JSON Schemas), and type
 * `run`, its result and the examples.
 * @throws TypeError when a part is missing.
 */
export function defineTool<
  const I extends SchemaLike,
  const O extends SchemaLike,
  const Secret extends string = never,
>(definition: ToolDefinition<I, O, Secret>): Tool<I, O, Secret>;
/** Makes a tool of an AI SDK tool object: its `execute` is called with the parsed input. */
export function defineTool(tool: AiTool, options: AiToolOptions): Tool;
export function defineTool(
  first: ToolDefinition<SchemaLike, SchemaLike, string> | AiTool,
  options?: AiToolOptions,
): Tool {
  const definition =
    options === undefined
      ? (first as ToolDefinition<SchemaLike, SchemaLike, string>)
      : fromAiTool(first as AiTool, options);
  if (typeof definition !== 'object' || definition === null)
    throw new TypeError('defineTool needs an object: { name, version, input, output, run }');
  for (const part of ['name', 'version'] as const)
    if (typeof definition[part] !== 'string') throw new TypeError(`defineTool: ${part} is missing`);
  for (const part of ['input', 'output'] as const)
    if (typeof definition[part] !== 'object' || definition[part] === null)
      throw new TypeError(
        `defineTool: ${part} is missing: a zod schema, as z.object({ … }), or a JSON Schema`,
      );
  if (typeof definition.run !== 'function') throw new TypeError('defineTool: run is missing: a function');
  return Object.freeze({
    kind: 'tool' as const,
    name: definition.name,
    version: definition.version,
    description: definition.description ?? '',
    input: definition.input,
    output: definition.output,
    permissions: {
      net: definition.permissions?.net ?? [],
      secrets: definition.permissions?.secrets ?? [],
    },
    runtime: definition.runtime ?? 'sandbox',
    limits: definition.limits ?? {},
    examples: definition.examples ?? [],
    run: definition.run.bind(definition),
  });
}

function fromAiTool(tool: AiTool, options: AiToolOptions): ToolDefinition<SchemaLike, SchemaLike, string> {
  const { execute } = tool;
  if (typeof execute !== 'function')
    throw new TypeError(
      `defineTool: the AI SDK tool ${options.name} has no execute; a tool that the model's caller runs cannot be a component`,
    );
  return {
    ...options,
    description: options.description ?? (typeof tool.description === 'string' ? tool.description : ''),
    input: aiSchema(tool.inputSchema, 'inputSchema'),
    output:
      options.output ?? (tool.outputSchema === undefined ? {} : aiSchema(tool.outputSchema, 'outputSchema')),
    async run(input, ctx) {
      const result = await execute(input, {
        toolCallId: ctx.idempotencyKey,
        messages: [],
        abortSignal: ctx.signal,
        experimental_context: ctx,
      });
      // A streaming tool yields preliminary results; the last one is the result.
      if (typeof result !== 'object' || result === null || !(Symbol.asyncIterator in result)) return result;
      let last: unknown = null;
      for await (const value of result as AsyncIterable<unknown>) last = value;
      return last as Json;
    },
  };
}

/** zod as it is; what the AI SDK's `jsonSchema()` made holds the JSON Schema (or a function that gives it). */
function aiSchema(schema: unknown, where: string): SchemaLike {
  const value = typeof schema === 'function' ? (schema as () => unknown)() : schema;
  if (typeof value === 'object' && value !== null) {
    if ('_zod' in value) return value as z.ZodType;
    if ('jsonSchema' in value && typeof value.jsonSchema === 'object' && value.jsonSchema !== null)
      return value.jsonSchema as PlainSchema;
  }
  throw new TypeError(`defineTool: ${where} is neither a zod schema nor made by jsonSchema()`);
}

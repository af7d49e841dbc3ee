import { cut } from '../../contracts/cut.ts';

/**
 * The part of the runtime that stands beside the tool, in the child or in the VM: it reads the definition, parses
 * input and output with the tool's own schemas, and turns results and errors into JSON. It is no boundary: whatever
 * it says is checked again by the other side. It uses nothing but JavaScript itself.
 */

/** Why a call failed, as the guest tells it. */
export interface GuestError {
  kind:
    | 'terminal'
    | 'retryable'
    | 'thrown'
    | 'input'
    | 'output'
    | 'result'
    | 'definition'
    | 'denied'
    | 'limit';
  message: string;
  name?: string;
  stack?: string;
  retryAfterMs?: number;
  /** Of an error that the host gave the guest and that came back: code, hint. */
  code?: string;
  hint?: string;
}

interface LooseSchema {
  _zod?: { def?: { type?: string; catchall?: unknown } };
  toJSONSchema?(options: object): Record<string, unknown>;
  safeParseAsync?(
    value: unknown,
  ): Promise<{ success: boolean; data?: unknown; error?: { issues: LooseIssue[] } }>;
}
interface LooseIssue {
  path: PropertyKey[];
  message: string;
}

/** A tool as it came out of a bundle: nothing in it is known to be what its type says. */
export interface LooseTool {
  kind?: unknown;
  name: unknown;
  version: unknown;
  description: unknown;
  input: LooseSchema;
  output: LooseSchema;
  permissions: { net?: unknown; secrets?: unknown };
  runtime: unknown;
  limits: unknown;
  examples: unknown;
  run(input: unknown, ctx: unknown): unknown;
}

/** A workflow as the builder made it. */
export interface LooseWorkflow {
  kind: 'workflow';
  document: unknown;
}
/** What a bundle exports by default. */
export type Definition = LooseTool | LooseWorkflow;

const isWorkflow = (definition: Definition): definition is LooseWorkflow => definition.kind === 'workflow';

class GuestFailure extends Error {
  readonly kind: GuestError['kind'];
  constructor(kind: GuestError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** The default export of a bundle, if `defineTool` or the builder of workflows made it. */
export function definitionOf(exports: { default?: unknown }): Definition {
  const made = exports.default as Definition | undefined;
  if (typeof made === 'object' && made !== null) {
    if (made.kind === 'tool' && typeof (made as LooseTool).run === 'function') return made;
    if (isWorkflow(made) && typeof made.document === 'object' && made.document !== null) return made;
  }
  // A builder that was not ended has its list and no document.
  if (typeof (made as { outputs?: unknown } | undefined)?.outputs === 'function')
    throw new GuestFailure('definition', 'The workflow is not finished: end it with .outputs(…)');
  throw new GuestFailure(
    'definition',
    made === undefined
      ? 'The module has no default export; write `export default defineTool({ … })`'
      : 'The default export is not what defineTool returns; write `export default defineTool({ … })`',
  );
}

/** The definition as a tool that can be called. */
export function toolOf(definition: Definition): LooseTool {
  if (isWorkflow(definition))
    throw new GuestFailure('definition', 'The module exports a workflow, which is no tool');
  return definition;
}

const WHY: Record<string, string> = {
  date: 'a Date is not JSON; use z.iso.datetime()',
  bigint: 'a bigint is not JSON; use z.int() or z.string()',
  map: 'a Map is not JSON; use z.record()',
  set: 'a Set is not JSON; use z.array()',
  symbol: 'a symbol is not JSON',
  undefined: 'undefined is not JSON; use z.null()',
  void: 'undefined is not JSON; use z.null()',
  nan: 'NaN is not JSON',
  function: 'a function is not JSON',
  promise: 'a promise is not JSON',
  custom: 'a custom check (z.custom, z.instanceof) has no JSON Schema',
  transform: 'a transform has no JSON Schema; end it with .pipe(…)',
};

function jsonSchemaOf(
  schema: LooseSchema,
  where: 'input' | 'output',
  unrepresentable: { where: string; path: string; reason: string }[],
): unknown {
  if (schema._zod === undefined) {
    const [name] =
      Object.entries(schema).find(([, value]) => (value as LooseSchema | null)?._zod !== undefined) ?? [];
    if (name !== undefined)
      throw new GuestFailure(
        'definition',
        `${where} holds zod types and is none itself: write ${where}: z.object({ ${name}: … })`,
      );
    return schema;
  }
  if (typeof schema.toJSONSchema !== 'function')
    throw new GuestFailure(
      'definition',
      `${where}: this zod schema has no toJSONSchema(); import { z } from 'zod' (version 4)`,
    );
  const json = schema.toJSONSchema({
    io: where,
    target: 'draft-2020-12',
    unrepresentable: 'any',
    override(it: { zodSchema: LooseSchema; jsonSchema: Record<string, unknown>; path?: PropertyKey[] }) {
      const reason = WHY[it.zodSchema._zod?.def?.type ?? ''];
      const path = (it.path ?? [])
        .filter((part) => part !== 'properties')
        .map(String)
        .join('.');
      if (
        reason !== undefined &&
        Object.keys(it.jsonSchema).every((key) => key === 'description' || key === 'default')
      )
        unrepresentable.push({ where, path, reason });
    },
  });
  const { $schema: _, ...rest } = json;
  // zod strips what it does not know. For the args of a tool an unknown name is a typing error, so it is refused.
  const def = schema._zod.def;
  if (
    where === 'input' &&
    def?.type === 'object' &&
    def.catchall === undefined &&
    rest['additionalProperties'] === undefined
  )
    rest['additionalProperties'] = false;
  return rest;
}

/** Everything that a bundle says of itself, as JSON text. */
export function describe(definition: Definition): string {
  if (isWorkflow(definition)) {
    assertJson(definition.document, 'document');
    return JSON.stringify({ kind: 'workflow', document: definition.document });
  }
  const tool = definition;
  const unrepresentable: { where: string; path: string; reason: string }[] = [];
  return JSON.stringify({
    kind: 'tool',
    name: tool.name,
    version: tool.version,
    description: tool.description,
    input: jsonSchemaOf(tool.input, 'input', unrepresentable),
    output: jsonSchemaOf(tool.output, 'output', unrepresentable),
    permissions: { net: tool.permissions.net, secrets: tool.permissions.secrets, limits: tool.limits },
    runtime: tool.runtime,
    examples: tool.examples,
    unrepresentable,
  });
}

function issuesText(issues: LooseIssue[]): string {
  const shown = issues.slice(0, 5).map((issue) => {
    const path = issue.path.map(String).join('.');
    return path === '' ? issue.message : `${path}: ${issue.message}`;
  });
  if (issues.length > shown.length) shown.push(`and ${issues.length - shown.length} more`);
  return shown.join('; ');
}

async function parse(schema: LooseSchema, value: unknown, kind: 'input' | 'output'): Promise<unknown> {
  if (typeof schema.safeParseAsync !== 'function') return value;
  const parsed = await schema.safeParseAsync(value);
  if (!parsed.success) throw new GuestFailure(kind, issuesText(parsed.error?.issues ?? []));
  return parsed.data;
}

/** Parses the first example, so that what zod makes lazily is in the snapshot; failures don't matter here. */
export async function warm(tool: Definition): Promise<void> {
  if (isWorkflow(tool)) return;
  const examples = Array.isArray(tool.examples)
    ? (tool.examples as { input?: unknown; output?: unknown }[])
    : [];
  try {
    await tool.input.safeParseAsync?.(examples[0]?.input ?? {});
    await tool.output.safeParseAsync?.(examples[0]?.output ?? {});
  } catch {
    // The call itself will say it.
  }
}

/** Runs the tool; the result is JSON text of at most `outputBytes` characters. */
export async function callTool(
  tool: LooseTool,
  input: unknown,
  ctx: unknown,
  outputBytes: number,
): Promise<string> {
  const args = await parse(tool.input, input, 'input');
  const raw = await tool.run(args, ctx);
  if (raw === undefined)
    throw new GuestFailure(
      'result',
      'The tool returned undefined; return a value that matches its output schema, or null',
    );
  const result = await parse(tool.output, raw, 'output');
  assertJson(result);
  const text = JSON.stringify(result);
  if (text.length > outputBytes)
    throw new GuestFailure(
      'limit',
      `The result has ${text.length} characters of JSON, the limit is ${outputBytes} (limits.outputBytes)`,
    );
  return text;
}

const DEPTH = 200;
const NOT_VALUES: Record<string, string> = {
  undefined: 'undefined; return null',
  bigint: 'a BigInt; return Number(…) or String(…)',
  function: 'a function',
  symbol: 'a symbol',
};
const NOT_JSON: [string, string][] = [
  ['Date', 'a Date; return date.toISOString()'],
  ['Map', 'a Map; return Object.fromEntries(map)'],
  ['Set', 'a Set; return [...set]'],
  ['WeakMap', 'a WeakMap'],
  ['WeakSet', 'a WeakSet'],
  ['RegExp', 'a RegExp; return regexp.source'],
  ['Promise', 'a Promise; await it'],
  ['ArrayBuffer', 'an ArrayBuffer; return text, base64 for bytes'],
];

/** Refuses, with its path, what JSON.stringify would drop, change or fail at. */
export function assertJson(value: unknown, called = 'result'): void {
  const above = new Set<object>();
  const visit = (it: unknown, path: string): void => {
    if (typeof it === 'string' || typeof it === 'boolean' || it === null) return;
    if (typeof it === 'number') {
      if (!Number.isFinite(it)) refuse(path, `${it}, which JSON does not have; return null or a string`);
      return;
    }
    if (typeof it !== 'object') refuse(path, NOT_VALUES[typeof it] ?? typeof it);
    const object: object = it;
    if (above.has(object)) refuse(path, 'a reference to something that holds it (a cycle)');
    if (above.size > DEPTH) refuse(path, `more than ${DEPTH} levels deep`);
    for (const [name, say] of NOT_JSON) {
      const type = (globalThis as Record<string, unknown>)[name];
      if (typeof type === 'function' && object instanceof type) refuse(path, say);
    }
    if (ArrayBuffer.isView(object)) refuse(path, 'a typed array; return [...array], or base64 for bytes');
    above.add(object);
    if (Array.isArray(object)) for (let i = 0; i < object.length; i++) visit(object[i], `${path}[${i}]`);
    else
      for (const key of Object.keys(object)) {
        const field = (object as Record<string, unknown>)[key];
        // As JSON.stringify does: a field that is undefined is not there.
        if (field !== undefined) visit(field, `${path}.${key}`);
      }
    above.delete(object);
  };
  visit(value, called);
}

function refuse(path: string, what: string): never {
  throw new GuestFailure('result', `${cut(path, 200)} is ${what}`);
}

/** Any thrown thing as data; total, whatever getters the thing has. */
export function guestError(error: unknown): GuestError {
  try {
    if (error instanceof GuestFailure) return { kind: error.kind, message: error.message };
    if (typeof error !== 'object' || error === null)
      return { kind: 'thrown', message: text(error), name: typeof error };
    const it = error as Record<string, unknown>;
    const described: GuestError = {
      kind: it['ice'] === 'terminal' ? 'terminal' : it['ice'] === 'retryable' ? 'retryable' : 'thrown',
      message:
        typeof it['message'] === 'string' && it['message'] !== ''
          ? text(it['message'])
          : text(it['name'] ?? 'no message'),
    };
    if (it['ice'] === 'denied' || it['ice'] === 'limit') described.kind = it['ice'];
    // What QuickJS says when the VM's memory is used up.
    if (it['name'] === 'InternalError' && /out of memory/.test(described.message))
      return { kind: 'limit', code: 'memory', message: described.message };
    if (typeof it['name'] === 'string') described.name = cut(it['name'], 100);
    if (typeof it['stack'] === 'string') described.stack = it['stack'].slice(0, 4000);
    if (typeof it['retryAfterMs'] === 'number') described.retryAfterMs = it['retryAfterMs'];
    if (typeof it['code'] === 'string') described.code = cut(it['code'], 100);
    if (typeof it['hint'] === 'string') described.hint = cut(it['hint'], 500);
    return described;
  } catch {
    return { kind: 'thrown', message: 'It threw something that cannot be read' };
  }
}

const text = (value: unknown): string => cut(typeof value === 'string' ? value : String(value), 2000);

import type { z } from 'zod';
import type { Json } from '../contracts/json.ts';
import { type Ref, type Resolved, ref, render, type Value } from './refs.ts';
import type { Args, PlainSchema, Result, SchemaLike, Tool } from './tool.ts';

/** Names of what a part of a workflow can read -> the types of their results. */
export type Scope = Record<string, unknown>;
/** What the functions of a workflow are given: a reference to everything in scope. */
export type Refs<S extends Scope> = { readonly [Name in keyof S]: Ref<S[Name]> };

/** What every node may say besides its own fields. */
export interface NodeOptions<S extends Scope> {
  description?: string;
  /** The node is skipped unless this is true. */
  if?: (scope: Refs<S>) => Value<boolean>;
  needs?: (keyof S & string)[];
  retry?: {
    maxAttempts?: number;
    backoff?: 'fixed' | 'linear' | 'exponential';
    initial?: string | number;
    max?: string | number;
    jitter?: boolean;
  };
  timeout?: string | number;
  onError?: 'fail' | 'continue' | { value: Json };
  cache?: boolean | { ttl: string | number };
  maxCrashes?: number;
}

/** An id that is free; a taken one does not compile. */
type Free<Id extends string, S extends Scope> = Id extends keyof S ? `${Id} is already taken` : Id;

interface LlmFields<Output extends z.ZodType | undefined> {
  model: string;
  fallback?: string[];
  system?: Value<string>;
  prompt?: Value<string>;
  messages?: { role: 'system' | 'user' | 'assistant'; content: Value<string> }[];
  script?: readonly unknown[];
  temperature?: number;
  maxTokens?: number;
  output?: Output;
}
interface Answer {
  text: string;
  usage: { inputTokens: number; outputTokens: number };
  cost: number;
  model: string;
}
type LlmResult<Output> = Output extends z.ZodType ? Answer & { object: z.output<Output> } : Answer;

/** A finished list; `own` is the type of its results and no value. */
interface Built<Own> {
  readonly own: Own;
}
const listOf = (built: unknown): readonly object[] => (built as { list: readonly object[] }).list;
type Nothing = Record<never, never>;
/** Values for the fields of T. */
type Given<T> = { readonly [K in keyof T]: Value<T[K]> };
/** The fields of T that have names of their own. */
type Named<T> = { [K in keyof T as string extends K ? never : K]: T[K] };
/** Forbids fields that T does not have: of what a function returns, TypeScript does not look for them by itself. */
type NoOthers<A, T> = { readonly [K in Exclude<keyof A, keyof T>]: never };

/** A list of nodes under construction. Each method adds a node, whose result the following ones can read. */
export class Nodes<S extends Scope, Own extends Scope> {
  declare readonly own: Own;
  declare readonly scope: S;
  protected readonly list: readonly object[];

  constructor(list: readonly object[] = []) {
    this.list = list;
  }

  /** Calls a tool: the object that its module exports (then args and result are typed), or its name. */
  tool<Id extends string, I extends SchemaLike, O extends SchemaLike, const A extends Given<Args<I>>>(
    id: Id & Free<Id, S>,
    tool: Tool<I, O, never>,
    args: (scope: Refs<S>) => A & NoOthers<A, Args<I>>,
    options?: NodeOptions<S>,
  ): Nodes<S & Record<Id, Result<O>>, Own & Record<Id, Result<O>>>;
  // biome-ignore lint/suspicious/noExplicitAny: the result of a tool that is named only is not known here
  tool<Id extends string, R = any>(
    id: Id & Free<Id, S>,
    tool: string,
    args: (scope: Refs<S>) => Record<string, unknown>,
    options?: NodeOptions<S>,
  ): Nodes<S & Record<Id, R>, Own & Record<Id, R>>;
  tool(id: string, tool: string | Tool, args: (scope: Refs<S>) => object, options?: NodeOptions<S>): unknown {
    const name = typeof tool === 'string' ? tool : `${tool.name}@^${tool.version}`;
    return this.add({ id, type: 'tool', tool: name, args: render(args(scopeRefs())) }, options);
  }

  /** Names values. */
  set<Id extends string, V extends Record<string, unknown>>(
    id: Id & Free<Id, S>,
    values: (scope: Refs<S>) => V,
    options?: NodeOptions<S>,
  ): Nodes<S & Record<Id, Resolved<V>>, Own & Record<Id, Resolved<V>>> {
    return this.add({ id, type: 'set', values: render(values(scopeRefs())) }, options);
  }

  /** Calls a language model. */
  llm<Id extends string, Output extends z.ZodType | undefined = undefined>(
    id: Id & Free<Id, S>,
    fields: (scope: Refs<S>) => LlmFields<Output>,
    options?: NodeOptions<S>,
  ): Nodes<S & Record<Id, LlmResult<Output>>, Own & Record<Id, LlmResult<Output>>> {
    const { output, ...rest } = fields(scopeRefs());
    const schema = output === undefined ? {} : { output: jsonSchema(output, 'output') };
    return this.add({ id, type: 'llm', ...(render(rest) as object), ...schema }, options);
  }

  /** Runs a few lines of JavaScript in the sandbox: the body of an async function of `args` and `ctx`. */
  code<Id extends string, O extends SchemaLike>(
    id: Id & Free<Id, S>,
    code: { code: string; output: O },
    args: (scope: Refs<S>) => Record<string, unknown>,
    options?: NodeOptions<S>,
  ): Nodes<S & Record<Id, Result<O>>, Own & Record<Id, Result<O>>> {
    const fields = {
      code: code.code,
      args: render(args(scopeRefs())),
      output: jsonSchema(code.output, 'output'),
    };
    return this.add({ id, type: 'code', language: 'javascript', ...fields }, options);
  }

  /** Runs another workflow; the result is its outputs. */
  workflow<Id extends string, In extends Scope, Out extends Scope, const A extends Given<In>>(
    id: Id & Free<Id, S>,
    child: Workflow<In, Out>,
    inputs: (scope: Refs<S>) => A & NoOthers<A, Named<In>>,
    options?: NodeOptions<S>,
  ): Nodes<S & Record<Id, Out>, Own & Record<Id, Out>> {
    const { name, version } = child.document;
    return this.add(
      { id, type: 'workflow', workflow: `${name}@^${version}`, inputs: render(inputs(scopeRefs())) },
      options,
    );
  }

  /** Runs one of two lists. */
  condition<Id extends string, T extends Scope, E extends Scope = Nothing>(
    id: Id & Free<Id, S>,
    expression: (scope: Refs<S>) => Ref<boolean>,
    lists: {
      then: (nodes: Nodes<S, Nothing>) => Built<T>;
      else?: (nodes: Nodes<S, Nothing>) => Built<E>;
    },
    options?: NodeOptions<S>,
  ): Nodes<S & Record<Id, Branched<T, E>>, Own & Record<Id, Branched<T, E>>> {
    const taken = lists.then(new Nodes());
    const other = lists.else?.(new Nodes());
    const fields = {
      expression: render(expression(scopeRefs())),
      then: listOf(taken),
      ...(other === undefined ? {} : { else: listOf(other) }),
    };
    return this.add({ id, type: 'condition', ...fields }, options);
  }

  /** Runs a list for each item; the result is the list of results, with null for an item that was continued. */
  loop<
    Id extends string,
    Item,
    As extends string,
    B extends Scope,
    R = B,
    const OnItemError extends 'fail' | 'continue' = 'fail',
    One = OnItemError extends 'continue' ? R | null : R,
  >(
    id: Id & Free<Id, S>,
    items: (scope: Refs<S>) => Ref<readonly Item[]> | readonly Item[],
    as: As,
    body: (nodes: Nodes<S & Record<As, Item> & { index: number }, Nothing>) => Built<B> | LoopBody<R>,
    options?: NodeOptions<S> & { concurrency?: number; onItemError?: OnItemError },
  ): Nodes<S & Record<Id, One[]>, Own & Record<Id, One[]>> {
    const { concurrency, onItemError, ...rest } = options ?? {};
    const made = body(new Nodes());
    const [nodes, result] = made instanceof LoopBody ? [made.nodes, made.result] : [made, undefined];
    const fields = {
      items: render(items(scopeRefs())),
      as,
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(onItemError === undefined ? {} : { onItemError }),
      body: listOf(nodes),
      ...(result === undefined ? {} : { result }),
    };
    return this.add({ id, type: 'loop', ...fields }, rest as NodeOptions<S>);
  }

  /** Ends the body of a loop: what each item becomes, instead of all results of the body. */
  result<V>(value: (scope: Refs<S>) => V): LoopBody<Resolved<V>> {
    return new LoopBody(this, render(value(scopeRefs())));
  }

  /** Runs lists side by side. */
  parallel<Id extends string, Branches extends Record<string, (nodes: Nodes<S, Nothing>) => Built<unknown>>>(
    id: Id & Free<Id, S>,
    branches: Branches,
    options?: NodeOptions<S> & { concurrency?: number; wait?: 'all' | 'any' | number },
  ): Nodes<S & Record<Id, Branch<Branches>>, Own & Record<Id, Branch<Branches>>> {
    const { concurrency, wait, ...rest } = options ?? {};
    const lists = Object.entries(branches).map(([name, list]) => [name, listOf(list(new Nodes()))]);
    const fields = {
      branches: Object.fromEntries(lists) as object,
      ...(concurrency === undefined ? {} : { concurrency }),
      ...(wait === undefined ? {} : { wait }),
    };
    return this.add({ id, type: 'parallel', ...fields }, rest as NodeOptions<S>);
  }

  /** A node as the document writes it, for what has no method of its own; strings may hold `{{ … }}`. */
  // biome-ignore lint/suspicious/noExplicitAny: the result of a node that is written out is not known here
  node<Id extends string, R = any>(
    id: Id & Free<Id, S>,
    fields: { type: string; [field: string]: unknown },
    options?: NodeOptions<S>,
  ): Nodes<S & Record<Id, R>, Own & Record<Id, R>> {
    return this.add({ id, ...fields }, options);
  }

  protected add(node: object, options: NodeOptions<S> | undefined): never {
    const { if: condition, ...rest } = options ?? {};
    const written = {
      ...node,
      ...rest,
      ...(condition === undefined ? {} : { if: render(condition(scopeRefs())) }),
    };
    return new Nodes([...this.list, written]) as never;
  }
}

type Branched<T, E> = { branch: 'then' | 'else'; then?: T; else?: E };
type Branch<B extends Record<string, (nodes: never) => unknown>> = {
  [Name in keyof B]: ReturnType<B[Name]> extends Built<infer Own> ? Own : never;
};

/** The body of a loop with its result. */
export class LoopBody<R> {
  declare readonly type: R;
  readonly nodes: unknown;
  readonly result: unknown;
  constructor(nodes: unknown, result: unknown) {
    this.nodes = nodes;
    this.result = result;
  }
}

/** References by name: a name that is not in scope does not compile, and `ice validate` finds it too. */
const scopeRefs = <S extends Scope>(): Refs<S> =>
  new Proxy({}, { get: (_, name) => (typeof name === 'symbol' ? undefined : ref(name)) }) as Refs<S>;

export interface WorkflowOptions<In extends z.ZodObject> {
  version?: string;
  description?: string;
  /** The inputs, as `z.object({ … })`; a field with a default or `optional()` may be left out. */
  inputs?: In;
  deadline?: string | number;
  maxCost?: number;
  concurrency?: number;
}

/** The document of a workflow, as YAML would say it. */
export interface WorkflowDocument {
  blueprint: 2;
  name: string;
  version: string;
  inputs: Record<string, PlainSchema>;
  nodes: readonly object[];
  outputs: Record<string, unknown>;
  [field: string]: unknown;
}

/** A finished workflow. `JSON.stringify` gives its document. */
export interface Workflow<In extends Scope = Scope, Out extends Scope = Scope> {
  readonly kind: 'workflow';
  readonly document: WorkflowDocument;
  toJSON(): WorkflowDocument;
  readonly types?: { inputs: In; outputs: Out };
}

type InputsOf<In extends z.ZodObject> = { inputs: z.output<In>; run: { id: string; startedAt: string } };

/** A workflow under construction: nodes, then `outputs`. */
export class WorkflowNodes<S extends Scope, In extends Scope> {
  private readonly head: Omit<WorkflowDocument, 'nodes' | 'outputs'>;
  private readonly body: Nodes<S, Nothing>;
  constructor(head: Omit<WorkflowDocument, 'nodes' | 'outputs'>, body: Nodes<S, Nothing>) {
    this.head = head;
    this.body = body;
  }

  /** Adds nodes: `.nodes((n) => n.tool(…).set(…))`. May be used several times. */
  nodes<N extends Scope>(add: (nodes: Nodes<S, Nothing>) => { readonly scope: N }): WorkflowNodes<N, In> {
    return new WorkflowNodes<N, In>(this.head, add(this.body) as unknown as Nodes<N, Nothing>);
  }

  /** Ends the workflow: what it gives. */
  outputs<V extends Record<string, unknown>>(
    values: (scope: Refs<S>) => V,
  ): Workflow<In, { [K in keyof V]: Resolved<V[K]> }> {
    const document = {
      ...this.head,
      nodes: listOf(this.body),
      outputs: render(values(scopeRefs())) as Record<string, unknown>,
    } as WorkflowDocument;
    return Object.freeze({ kind: 'workflow' as const, document, toJSON: () => document });
  }
}

/**
 * Begins a workflow. The args of each node are typed by the results of the nodes before it.
 *
 * ```ts
 * export default workflow('pricing', { version: '1.0.0', inputs: z.object({ cost: z.number() }) })
 *   .nodes((n) => n.tool('price', price, ({ inputs }) => ({ cost: inputs.cost })))
 *   .outputs(({ price }) => ({ price: price.price }));
 * ```
 */
export function workflow<In extends z.ZodObject = z.ZodObject<Record<never, never>>>(
  name: string,
  options: WorkflowOptions<In> = {},
): WorkflowNodes<InputsOf<In>, z.input<In> & Scope> {
  const { version = '0.0.0', inputs, ...rest } = options;
  return new WorkflowNodes(
    { blueprint: 2, name, version, ...rest, inputs: inputs === undefined ? {} : inputsOf(inputs) },
    new Nodes(),
  );
}

function inputsOf(inputs: z.ZodObject): Record<string, PlainSchema> {
  const { properties = {}, required = [] } = jsonSchema(inputs, 'input') as {
    properties?: Record<string, PlainSchema>;
    required?: string[];
  };
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => [
      name,
      required.includes(name) || 'default' in schema ? schema : { ...schema, optional: true },
    ]),
  );
}

function jsonSchema(schema: SchemaLike, io: 'input' | 'output'): PlainSchema {
  if (!('_zod' in schema)) return schema;
  const { $schema: _, ...rest } = (schema as z.ZodType).toJSONSchema({
    io,
    target: 'draft-2020-12',
  }) as PlainSchema;
  return rest;
}

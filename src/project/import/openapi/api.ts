/** An API as its tools need it: what an OpenAPI document says, read, resolved and named. */
export interface Api {
  title: string;
  /** Version of the tools. */
  version: string;
  /** Of the folder, and the beginning of the names of tools and secrets: `petstore`. */
  name: string;
  /** Where the API is, without a slash at the end. */
  server: string;
  operations: Operation[];
  /** Operations that can't be a tool, and why. */
  left: { operation: string; reason: string }[];
}

export interface Operation {
  /** `GET /pets/{id}` */
  id: string;
  /** Of the tool. */
  name: string;
  method: string;
  path: string;
  description: string;
  deprecated: boolean;
  /** Another server than the API's. */
  server?: string;
  parameters: Parameter[];
  body?: Body;
  answer: Answer;
  auth: Auth[];
}

export interface Parameter {
  /** The field of the tool's input. */
  field: string;
  /** On the wire. */
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  schema: unknown;
  description: string;
  /** How a list or an object is written: repeated, with a separator, `a[b]=c`, or as JSON. */
  style: 'plain' | 'commas' | 'spaces' | 'pipes' | 'deep' | 'json';
  /** A header that should be the same for each attempt of one node: taken from `ctx` when it is not given. */
  idempotencyKey?: true;
}

export interface Body {
  /** The field of the tool's input. */
  field: string;
  kind: 'json' | 'form' | 'multipart' | 'text' | 'bytes';
  contentType: string;
  required: boolean;
  schema: unknown;
  description: string;
  /** Of a multipart body: the fields that are files, given as base64. */
  files: string[];
  /** Of a form: the fields that are written as `name[field]=value`. */
  deep: string[];
}

export interface Answer {
  kind: 'json' | 'text' | 'bytes' | 'none';
  /** What the answers with a body look like. */
  schemas: unknown[];
  /** Whether there may be no body: the result is null then. */
  empty: boolean;
  /** What to ask for. */
  accept: string;
}

/** How a call proves who it is; the values are secrets, named here. */
export type Auth =
  | { kind: 'bearer'; secret: string }
  | { kind: 'basic'; user: string; password: string }
  | { kind: 'header' | 'query' | 'cookie'; name: string; secret: string };

import { entry } from './code-entry.ts';

/** ICE16xx: documents of others that `ice import` reads. ICE40xx: bundling the source of a tool. */
export const IMPORT_CODES = {
  ICE1601: entry(
    'A document that cannot be read',
    'The document to import is neither JSON nor YAML, or is too large, too deep or repeats itself without end.',
    'openapi: 3.1.0\n info: {',
    'openapi: 3.1.0\ninfo: {}',
  ),
  ICE1602: entry(
    'Not an OpenAPI document',
    'The document has no `openapi` field of a version that can be imported: 3.0 or 3.1.',
    'swagger: "2.0"',
    'openapi: 3.1.0',
  ),
  ICE1603: entry(
    'A part of the OpenAPI document is malformed',
    'A path, an operation, a parameter or an answer does not have the form that OpenAPI gives it. `--skip-invalid` leaves out what is broken.',
    'paths: { pets: … }',
    'paths: { /pets: … }',
  ),
  ICE1604: entry(
    'Too many operations',
    'One tool is made for each operation. Choose some of them by tag or path.',
    'ice import openapi huge.yaml',
    'ice import openapi huge.yaml --tag pets',
  ),
  ICE1605: entry(
    'A reference that leads nowhere',
    'A `$ref` points to nothing, out of the document, or back to itself.',
    '$ref: other.yaml#/Pet',
    "$ref: '#/components/schemas/Pet'",
  ),
  ICE1606: entry(
    'No address of the API',
    'The document does not say where the API is, or the address is not whole.',
    'servers: []',
    'servers: [{ url: https://api.example.com/v1 }]',
  ),
  ICE1607: entry(
    'Not a blueprint of the predecessor',
    'What `ice import blueprint` rewrites has a `schema_version` of 1.1.0 or 1.2.0 and a list of `nodes`. A blueprint 2 needs no import.',
    'blueprint: 2',
    'schema_version: "1.2.0"\nnodes: []',
  ),
  ICE4001: entry(
    'A source that cannot be bundled',
    'The code of the tool has an error, at the place that is shown.',
    'export default defineTool({',
    'export default defineTool({ … });',
  ),
  ICE4002: entry(
    'A module that is not found',
    'A tool may import its own files, `iceos`, `zod`, and packages that the project has installed.',
    "import { x } from './mising.ts'",
    "import { x } from './missing.ts'",
  ),
  ICE4003: entry(
    'A module of Node in a sandboxed tool',
    'The sandbox has no file system, processes or sockets. Use what `ctx` offers (fetch, secrets, log), or let the operator allow `runtime: node`.',
    "readFileSync('prices.csv')  // of node:fs",
    'const answer = await ctx.fetch(url)',
  ),
  ICE4004: entry(
    'A warning of the bundler',
    'The code can be bundled, and probably does not do what was meant.',
    'if (x === NaN) …',
    'if (Number.isNaN(x)) …',
  ),
};

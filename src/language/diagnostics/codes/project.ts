import { entry } from './code-entry.ts';

/** ICE15xx: projects and the sources of components. */
export const PROJECT_CODES = {
  ICE1501: entry(
    'ice.yaml, or the document of a component, is not right',
    'A field has a value that its schema does not allow.',
    'name: My Project',
    'name: my-project',
  ),
  ICE1502: entry(
    'A path outside of the project',
    'Components live in the folder of ice.yaml or below it.',
    'components: { tools: [../tools/*.ts] }',
    'components: { tools: [tools/*.ts] }',
  ),
  ICE1503: entry(
    'A glob without files',
    'No file matches, so nothing is found by it.',
    'components: { tools: [tool/*.ts] }',
    'components: { tools: [tools/*.ts] }',
  ),
  ICE1504: entry(
    'Two components of one name',
    'A component is known by kind and name.',
    'tools/a.ts and tools/b.ts: name: price',
    'tools/b.ts: name: discount',
  ),
  ICE1505: entry(
    'A document without a version',
    'Versions are immutable once pushed, so each needs one.',
    'name: report',
    'name: report\nversion: 1.0.0',
  ),
  ICE1506: entry(
    'A tool without a semantic version',
    'Versions are three numbers, as 1.0.0.',
    "version: '1'",
    "version: '1.0.0'",
  ),
  ICE1507: entry(
    'A tool with a wrong name',
    'Names are made of lower-case letters, digits and dashes; std/ is kept for first-party tools.',
    "name: 'Price Tool'",
    "name: 'price-tool'",
  ),
  ICE1508: entry(
    'A module that cannot be loaded',
    'The file of a tool, or of a workflow in TypeScript, failed while its definition was read: it threw, or exports something else.',
    "export default { name: 'price', … }",
    "export default defineTool({ name: 'price', … })",
  ),
  ICE1509: entry(
    'A type that JSON Schema does not have',
    'Dates, transforms, maps and custom checks cannot be said as JSON Schema: callers and the type flow see any value there.',
    'z.date()',
    'z.iso.datetime()',
  ),
  ICE1510: entry(
    'No description',
    'People and models choose a component by what it says of itself.',
    "name: 'price'",
    "name: 'price', description: 'Price an item'",
  ),
  ICE1511: entry(
    'A file with another name',
    'The component is found either way; the same name is easier to find for people.',
    'tools/foo.ts: name: price',
    'tools/price.ts: name: price',
  ),
  ICE1512: entry(
    'An example with a wrong input',
    'Examples are run by `ice test`, so their input must match the schema.',
    "{ input: { cost: 'ten' } }",
    '{ input: { cost: 10 } }',
  ),
  ICE1513: entry(
    'An example with a wrong output',
    'The output of an example must match the output schema.',
    "{ output: { price: 'x' } }",
    '{ output: { price: 12.5 } }',
  ),
  ICE1514: entry(
    "More than the project's policy allows",
    'ice.yaml caps what tools may ask for.',
    "permissions: { net: ['*'] }",
    "permissions: { net: ['api.example.com'] }",
  ),
  ICE1515: entry(
    'A file that cannot be read',
    'The file is missing, too large, or may not be read.',
    'workflows/huge.yaml (5 MB)',
    'workflows/small.yaml',
  ),
  ICE1516: entry(
    'A file that exports no tool, or no workflow',
    'The default export of a tool’s file is what defineTool returns; that of a workflow in TypeScript is what the builder returns.',
    'export const price = …',
    'export default defineTool({ … })',
  ),
  ICE1517: entry(
    'A host that is not declared',
    'A tool reaches the hosts of its permissions alone, so that one knows before it runs what it may touch. A call of ctx.fetch whose address names another host is always refused. It is a warning where the source leaves doubt whether there is such a call.',
    "await ctx.fetch('https://api.example.com/prices')",
    "permissions: { net: ['api.example.com'] },\nawait ctx.fetch('https://api.example.com/prices')",
  ),
  ICE1518: entry(
    'A secret that is not declared',
    'A tool is given the secrets of its permissions alone; reading any other fails. A push shows to whoever accepts it which secrets a tool has.',
    'ctx.secrets.EXAMPLE_KEY',
    "permissions: { secrets: ['EXAMPLE_KEY'] },\nctx.secrets.EXAMPLE_KEY",
  ),
  ICE1530: entry(
    'A server of MCP that can not be used',
    'One of `mcpServers` in ice.yaml has either a url (with headers) or a command (with args and env).',
    'mcpServers: { shop: { url: https://mcp.example.com/mcp, args: [x] } }',
    'mcpServers: { shop: { url: https://mcp.example.com/mcp } }',
  ),
  ICE1531: entry(
    'A server of MCP whose tools are not pinned',
    'What the tools of a server take and give is checked before anything runs, so it is kept in mcp/<server>, which is committed. `ice import mcp <server>` asks the server and writes it.',
    'mcpServers: { shop: … }   # and no folder mcp/shop',
    'mcpServers: { shop: … }   # after: ice import mcp shop',
  ),
  ICE1532: entry(
    'A pinned tool that can not be read',
    'The files in mcp/<server> are written by `ice import mcp`, one a tool.',
    '{ "tool": "find" }',
    '{ "mcp": 1, "tool": "find", "version": "1.0.0", … }',
  ),
  ICE1533: entry(
    'A pinned tool that is another one by now',
    'The digest in the file is that of the tool as it was pinned: with its schemas, and with the address, headers or command of its server. `ice import mcp <server>` asks the server again, and gives what changed a new version.',
    'url: https://other.example.com/mcp   # pinned at https://mcp.example.com/mcp',
    'url: https://mcp.example.com/mcp',
  ),
  ICE1519: entry(
    'A part of a tool that is not right',
    'defineTool has other fields, or the value of one has not the form it must have: a permission, a limit, a schema, an example.',
    'defineTool({ …, execute: ({ cost }) => … })',
    'defineTool({ …, run: ({ cost }) => … })',
  ),
};

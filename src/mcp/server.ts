import { Server, type ServerContext } from '@modelcontextprotocol/server';
import type { Client } from '../client/client.ts';
import { IceError } from '../contracts/errors.ts';
import type { AnyRunEvent } from '../contracts/events.ts';
import { newId } from '../contracts/ids.ts';
import type { Json, JsonObject, JsonSchema } from '../contracts/json.ts';
import { type CatalogOptions, type McpTool, readCatalog, touchesNothing } from './catalog.ts';

export interface McpOptions extends Partial<CatalogOptions> {
  client: Client;
  version: string;
  /** US dollars that one call may spend; the server's own limits hold too. */
  maxCost?: number;
  /** Drives a run that this process made, where nobody else does; resolves when it has ended. */
  drive?(runId: string): Promise<void>;
  /** Where calls stand until they have ended: who closes the server waits for them, as closing cancels their runs. */
  inFlight?: Set<Promise<unknown>>;
  /** Tools besides the components: the command line's own verbs. */
  verbs?: Verb[];
}

/** A tool that is no component. */
export interface Verb {
  name: string;
  description: string;
  input: JsonSchema;
  readOnly: boolean;
  call(input: JsonObject, signal: AbortSignal): Promise<{ text: string; failed: boolean }>;
}

const LIST_FRESH_MS = 2000;

/**
 * An MCP server over a client of ours: pushed tools and workflows are MCP tools with their schemas and permissions;
 * a call is a run, its node events are progress, and cancelling the call cancels the run. It knows nothing of
 * transports: `ice mcp` serves it over stdio, the server's `/mcp` over HTTP with the caller's own token.
 */
export function createMcpServer(options: McpOptions): Server {
  const { client } = options;
  const catalogOptions = { readOnly: options.readOnly ?? false, std: options.std ?? true };
  const verbs = new Map(
    (options.verbs ?? [])
      .filter((verb) => verb.readOnly || !catalogOptions.readOnly)
      .map((verb) => [verb.name, verb]),
  );
  let catalog: { at: number; tools: Promise<Map<string, McpTool>> } | undefined;
  const tools = (): Promise<Map<string, McpTool>> => {
    if (!catalog || Date.now() - catalog.at > LIST_FRESH_MS)
      catalog = { at: Date.now(), tools: readCatalog(client, catalogOptions) };
    return catalog.tools;
  };

  const server = new Server(
    { name: 'ice', version: options.version },
    {
      capabilities: { tools: {} },
      instructions:
        'Each tool is a component of an ice project; a call is a run with a journal. The description says what it may touch.',
    },
  );

  server.setRequestHandler('tools/list', async () => ({
    tools: [
      ...[...(await tools()).values()].map(describeTool),
      ...[...verbs.values()].map((verb) => ({
        name: verb.name,
        description: verb.description,
        inputSchema: objectSchema(verb.input),
        annotations: { readOnlyHint: verb.readOnly },
      })),
    ],
  }));

  server.setRequestHandler('tools/call', async (request, context) => {
    const input = (request.params.arguments ?? {}) as JsonObject;
    const verb = verbs.get(request.params.name);
    try {
      if (verb) {
        const { text, failed } = await verb.call(input, context.mcpReq.signal);
        return { content: [{ type: 'text' as const, text }], isError: failed };
      }
      let tool = (await tools()).get(request.params.name);
      if (!tool) {
        // Pushed since the list was read.
        catalog = undefined;
        tool = (await tools()).get(request.params.name);
      }
      if (!tool)
        throw new IceError('not_found', `There is no tool ${request.params.name} here`, {
          hint: 'List the tools again; it may be called otherwise, or need to be pushed: ice push',
        });
      const call = callComponent(options, tool, input, context);
      const { inFlight } = options;
      inFlight?.add(call);
      return await call.finally(() => inFlight?.delete(call));
    } catch (error) {
      // A failed call is an answer that the model can read, not a fault of the protocol.
      const { message, hint, code } = IceError.from(error);
      return {
        content: [{ type: 'text' as const, text: `${code}: ${message}${hint ? `\n${hint}` : ''}` }],
        isError: true,
      };
    }
  });
  return server;
}

function describeTool(tool: McpTool) {
  const { manifest, info } = tool.component;
  const { net, secrets, models, commands, node } = tool.touches;
  const asks = [
    net.length > 0 ? `network: ${net.join(', ')}` : '',
    secrets.length > 0 ? `secrets: ${secrets.join(', ')}` : '',
    models.length > 0 ? `models: ${models.join(', ')}` : '',
    commands.length > 0 ? `starts ${commands.join(', ')}` : '',
    node ? 'full Node' : '',
  ].filter(Boolean);
  return {
    name: tool.name,
    title: tool.ref,
    description: `${info.description || tool.ref}\nMay touch: ${asks.length > 0 ? asks.join('; ') : 'nothing'}.`,
    inputSchema: objectSchema(manifest.input),
    ...(isObjectSchema(manifest.output) ? { outputSchema: objectSchema(manifest.output) } : {}),
    annotations: {
      readOnlyHint: touchesNothing(tool.touches),
      openWorldHint: net.length + models.length + commands.length > 0 || node,
    },
    _meta: {
      'iceos/ref': tool.ref,
      'iceos/digest': tool.component.digest,
      'iceos/permissions': {
        net,
        secrets,
        models,
        ...(commands.length > 0 ? { commands } : {}),
        runtime: node ? 'node' : 'sandbox',
      },
    },
  };
}

async function callComponent(options: McpOptions, tool: McpTool, input: JsonObject, context: ServerContext) {
  const { client } = options;
  const { signal, notify, _meta } = context.mcpReq;
  const id = newId('run');
  await client.runs.create({
    id,
    ref: tool.ref,
    inputs: input,
    ...(options.maxCost === undefined ? {} : { maxCost: options.maxCost }),
  });
  const driven = options.drive?.(id);
  const cancel = () =>
    void client.runs.cancel(id, { reason: 'the MCP client cancelled the call' }).catch(() => {});
  if (signal.aborted) cancel();
  else signal.addEventListener('abort', cancel, { once: true });
  let done = 0;
  let result: Json | undefined;
  for await (const entry of client.runs.follow(id)) {
    if (entry.kind !== 'event') continue;
    // The one node of a tool's run has the result as the tool gave it; the run's outputs are its fields.
    if (tool.component.kind === 'tool' && entry.event.type === 'node.succeeded')
      result = entry.event.data.result;
    if (_meta?.progressToken === undefined || !entry.event.path) continue;
    const message = progressOf(entry.event);
    if (message === undefined) continue;
    done++;
    await notify({
      method: 'notifications/progress',
      params: { progressToken: _meta.progressToken, progress: done, message },
    });
  }
  await driven;
  signal.removeEventListener('abort', cancel);
  const run = await client.runs.get(id);
  const meta = { 'iceos/run': id, 'iceos/cost': run.cost };
  if (run.state !== 'succeeded') {
    const reason = run.error
      ? `${run.error.code}: ${run.error.message}${run.error.hint ? `\n${run.error.hint}` : ''}`
      : `the run was ${run.state}`;
    return { content: [{ type: 'text' as const, text: reason }], isError: true, _meta: meta };
  }
  const output = result ?? run.outputs ?? {};
  return {
    content: [{ type: 'text' as const, text: typeof output === 'string' ? output : JSON.stringify(output) }],
    ...(isObjectSchema(tool.component.manifest.output) ? { structuredContent: output as JsonObject } : {}),
    _meta: meta,
  };
}

/** What a client is told of an event while a call runs; undefined for what is no news to it. */
function progressOf(event: AnyRunEvent): string | undefined {
  switch (event.type) {
    case 'node.started':
    case 'node.succeeded':
    case 'node.failed':
    case 'node.retrying':
      return `${event.path} ${event.type.slice('node.'.length)}`;
    case 'node.progress': {
      const { done, total, message } = event.data;
      const count = done === undefined ? '' : total === undefined ? `${done}` : `${done}/${total}`;
      return `${event.path} ${[count, message ?? ''].filter(Boolean).join(' ')}`;
    }
    case 'node.step':
      return event.data.kind === 'tool' ? `${event.path} called ${event.data.name}` : undefined;
    default:
      return undefined;
  }
}

const isObjectSchema = (schema: JsonSchema): boolean =>
  typeof schema === 'object' && schema['type'] === 'object';

/** MCP wants the schema of an object; a component's input is one, or says nothing. */
function objectSchema(schema: JsonSchema): { type: 'object'; [key: string]: unknown } {
  return typeof schema === 'object' ? { ...schema, type: 'object' } : { type: 'object' };
}

import type {
  LanguageModelV4,
  LanguageModelV4CallOptions,
  LanguageModelV4StreamPart,
} from '@ai-sdk/provider';
import { IceError } from '../../contracts/errors.ts';
import type { Json, JsonObject, JsonSchema } from '../../contracts/json.ts';
import { createRedactor } from '../../secrets/redactor.ts';
import type { ModelReply, ModelRequest, Provider, ToolRequest } from '../port.ts';
import { type ErrorContext, providerError } from './ai-sdk-errors.ts';
import { carryOf, type TurnPart, toPrompt } from './ai-sdk-prompt.ts';
import { boundedFetch } from './bounded-fetch.ts';
import { PROVIDERS, type ProviderName } from './catalog.ts';

export interface AiSdkOptions {
  /** Which protocol it speaks. */
  protocol: ProviderName;
  /** The name in `provider/name`; the protocol's unless said. */
  name?: string;
  /** The address; the vendor's own unless said. `openai-compatible` has none of its own. */
  baseUrl?: string;
  /** Names of the key, tried in turn; the protocol's unless said. */
  keys?: readonly string[];
  /** The value of a secret or variable, for the project that asks. */
  keyOf(name: string, project: string | undefined): Promise<string | undefined>;
  /** Whether the endpoint understands `response_format: json_schema`; true. */
  structuredOutputs?: boolean;
  /** The longest silence, before the answer and within it; two minutes. */
  stallMs?: number;
  fetch?: typeof fetch;
}

/** Longer answers are no model's: they are a server that will not stop. */
const MOST_CHARACTERS = 8 * 1024 * 1024;

/**
 * A provider reached through the AI SDK's model packages (never a protocol of our own). Each package is loaded when
 * it is first called. The loop, retries and structured output around a call are ours and journalled, so the packages'
 * language-model interface is used as it is, and the `ai` package, whose loop would do them again, is not loaded.
 */
export function createAiSdkProvider(options: AiSdkOptions): Provider {
  const info = PROVIDERS[options.protocol];
  const name = options.name ?? options.protocol;
  const keys = options.keys ?? info.keys;
  const keyOptional = 'keyOptional' in info || options.name !== undefined;
  const baseUrl = options.baseUrl ?? ('defaultUrl' in info ? info.defaultUrl : undefined);

  async function keyFor(project: string | undefined): Promise<string | undefined> {
    for (const key of keys) {
      const value = await options.keyOf(key, project);
      if (value) return value;
    }
    if (keyOptional) return undefined;
    throw new IceError('secret_missing', `${name} needs a key, and ${keys.join(' or ')} is not set`, {
      hint: `Set it: ice secret set ${keys[0]}. To try without keys, use model: echo/default.`,
      details: { secrets: [...keys] },
      terminal: true,
    });
  }

  return {
    name,
    async generate(request) {
      if (baseUrl === undefined) {
        throw new IceError('provider_missing', `${name} has no address`, {
          hint: `Set ${info.baseUrl}, as ${info.baseUrl}=http://127.0.0.1:11434/v1.`,
          terminal: true,
        });
      }
      const key = await keyFor(request.project);
      const context = {
        model: `${name}/${request.model}`,
        keys,
        key,
        origin: originOf(baseUrl, info.baseUrl),
      };
      const stall = stallSignal(context.model, options.stallMs ?? 120_000);
      const signal = AbortSignal.any([request.signal, stall.signal]);
      try {
        const settings = { baseUrl, key, name, fetch: boundedFetch(options.fetch ?? fetch) };
        const model = await loadModel(options, settings, request.model);
        const { stream } = await model.doStream(callOptions(request, options.protocol, name, signal));
        return await withoutKey(key, request, (shown) =>
          readStream(stream, shown, name, context, stall.beat),
        );
      } catch (error) {
        if (request.signal.aborted) throw request.signal.reason;
        if (stall.signal.aborted) throw stall.signal.reason;
        throw providerError(error, context);
      } finally {
        stall.stop();
      }
    },
  };
}

/** Loads the package of the protocol; says which line installs it where it is not there. */
async function loadModel(
  options: AiSdkOptions,
  settings: { baseUrl: string; key: string | undefined; name: string; fetch: typeof fetch },
  model: string,
): Promise<LanguageModelV4> {
  const { key, baseUrl: baseURL, name, fetch } = settings;
  try {
    switch (options.protocol) {
      case 'openai':
        return (await import('@ai-sdk/openai'))
          .createOpenAI({ baseURL, apiKey: key ?? '', fetch })
          .responses(model);
      case 'anthropic':
        return (await import('@ai-sdk/anthropic')).createAnthropic({
          baseURL: withVersion(baseURL),
          apiKey: key ?? '',
          fetch,
        })(model);
      case 'google':
        return (await import('@ai-sdk/google')).createGoogle({ baseURL, apiKey: key ?? '', fetch })(model);
      case 'openai-compatible':
        return (await import('@ai-sdk/openai-compatible')).createOpenAICompatible({
          baseURL,
          name,
          fetch,
          includeUsage: true,
          supportsStructuredOutputs: options.structuredOutputs ?? true,
          ...(key === undefined ? {} : { apiKey: key }),
        })(model);
    }
  } catch (error) {
    if ((error as { code?: string }).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    const needed = PROVIDERS[options.protocol].package;
    throw new IceError('provider_missing', `${name} needs the package ${needed}, which is not installed`, {
      hint: `Install it: npm install ${needed}`,
      terminal: true,
    });
  }
}

/** The vendor's own tools take ANTHROPIC_BASE_URL without the version, the AI SDK with it: both work. */
const withVersion = (url: string): string =>
  new URL(url).pathname === '/' ? `${url.replace(/\/$/, '')}/v1` : url;

function originOf(url: string, variable: string): string {
  try {
    return new URL(url).origin;
  } catch {
    throw new IceError('provider_missing', `The address of the provider is no URL`, {
      hint: `Give it whole, as ${variable}=https://models.example.com/v1.`,
      terminal: true,
    });
  }
}

function callOptions(
  request: ModelRequest,
  protocol: ProviderName,
  name: string,
  abortSignal: AbortSignal,
): LanguageModelV4CallOptions {
  const { output, tools } = request;
  return {
    prompt: toPrompt(request.messages, name),
    abortSignal,
    ...(request.temperature === undefined ? {} : { temperature: request.temperature }),
    ...(request.maxTokens === undefined ? {} : { maxOutputTokens: request.maxTokens }),
    ...(tools === undefined || tools.length === 0
      ? {}
      : {
          tools: tools.map((tool) => ({
            type: 'function' as const,
            name: tool.name,
            description: tool.description,
            inputSchema: tool.input as never,
          })),
        }),
    ...(output === undefined
      ? {}
      : { responseFormat: { type: 'json' as const, name: 'output', schema: wrapped(output) as never } }),
    ...(protocol === 'openai'
      ? // Nothing is kept at OpenAI: what the next turn needs travels in `carry`.
        {
          providerOptions: {
            openai: { store: false, strictJsonSchema: output === undefined || isStrict(output) },
          },
        }
      : {}),
  };
}

const isObjectSchema = (schema: JsonSchema): schema is { [keyword: string]: unknown } =>
  typeof schema === 'object' && schema['type'] === 'object';

/** Providers want an object at the root, so any other schema is asked for inside one. */
const wrapped = (schema: JsonSchema): JsonSchema =>
  isObjectSchema(schema)
    ? schema
    : { type: 'object', properties: { value: schema }, required: ['value'], additionalProperties: false };

/** Whether OpenAI's strict mode takes the schema: closed objects whose properties are all required, at every level. */
export function isStrict(schema: unknown): boolean {
  if (Array.isArray(schema)) return schema.every(isStrict);
  if (typeof schema !== 'object' || schema === null) return typeof schema !== 'boolean';
  const { type, properties, required, additionalProperties, ...rest } = schema as Record<string, unknown>;
  const objects = properties !== undefined || type === 'object';
  const names = Object.keys((properties as object | undefined) ?? {});
  const all = names.every((name) => Array.isArray(required) && required.includes(name));
  if (objects && (additionalProperties !== false || !all)) return false;
  if ('oneOf' in rest || 'allOf' in rest || 'not' in rest || 'if' in rest || 'patternProperties' in rest)
    return false;
  const parts = [...Object.values((properties as object | undefined) ?? {}), rest['items'], rest['anyOf']];
  for (const definitions of [rest['$defs'], rest['definitions']])
    parts.push(...Object.values(definitions ?? {}));
  return parts.every((part) => part === undefined || isStrict(part));
}

/** Shorter ones are no keys (`ollama`, `none`), and their letters are the letters of any text. */
const SHORTEST_KEY = 16;

/** The reply to a request, without the key: an endpoint that sends back what it was sent must not get it journalled. */
async function withoutKey(
  key: string | undefined,
  request: ModelRequest,
  read: (request: ModelRequest) => Promise<ModelReply>,
): Promise<ModelReply> {
  if (key === undefined || key.length < SHORTEST_KEY) return read(request);
  const redactor = createRedactor([key]);
  const { onDelta } = request;
  const stream = redactor.stream();
  const tell = (text: string) => {
    if (text !== '') onDelta?.(text);
  };
  const reply = await read(onDelta ? { ...request, onDelta: (text) => tell(stream.push(text)) } : request);
  tell(stream.end());
  return redactor.json(reply as unknown as JsonObject) as unknown as ModelReply;
}

type Block = Extract<TurnPart, { type: 'text' | 'reasoning' }>;

/** Folds the stream into a reply. A stream that ends without saying why is half a stream, and fails. */
async function readStream(
  stream: ReadableStream<LanguageModelV4StreamPart>,
  request: ModelRequest,
  name: string,
  context: ErrorContext,
  beat: () => void,
): Promise<ModelReply> {
  const turn: TurnPart[] = [];
  const open = new Map<string, Block>();
  const toolCalls: ToolRequest[] = [];
  let finish: Extract<LanguageModelV4StreamPart, { type: 'finish' }> | undefined;
  let characters = 0;
  for await (const part of stream) {
    beat();
    switch (part.type) {
      case 'text-start':
      case 'reasoning-start':
      case 'text-end':
      case 'reasoning-end': {
        const type = part.type.startsWith('text') ? ('text' as const) : ('reasoning' as const);
        const block: Block = open.get(type + part.id) ?? { type, text: '' };
        if (part.providerMetadata) block.providerOptions = part.providerMetadata;
        if (!open.has(type + part.id)) turn.push(block);
        open.set(type + part.id, block);
        break;
      }
      case 'text-delta':
      case 'reasoning-delta': {
        characters += part.delta.length;
        if (characters > MOST_CHARACTERS) throw new Error(`it has more than ${MOST_CHARACTERS} characters`);
        const block = open.get((part.type === 'text-delta' ? 'text' : 'reasoning') + part.id);
        if (block) block.text += part.delta;
        if (block && part.providerMetadata) block.providerOptions = part.providerMetadata;
        if (part.type === 'text-delta' && part.delta !== '') request.onDelta?.(part.delta);
        break;
      }
      case 'tool-call': {
        const input = parseInput(part.input);
        toolCalls.push({ id: part.toolCallId, name: part.toolName, input });
        turn.push({
          type: 'tool-call',
          toolCallId: part.toolCallId,
          toolName: part.toolName,
          input,
          ...(part.providerMetadata ? { providerOptions: part.providerMetadata } : {}),
        });
        break;
      }
      case 'error':
        throw part.error;
      case 'finish':
        finish = part;
    }
  }
  if (!finish || finish.finishReason.unified === 'interrupted' || finish.finishReason.unified === 'error')
    throw new Error('the stream ended before its end');
  const text = turn.map((part) => (part.type === 'text' ? part.text : '')).join('');
  const reason = finish.finishReason.unified;
  const carry = carryOf(turn, name);
  const object = objectOf(text, request.output);
  return {
    text,
    ...(object === undefined ? {} : { object }),
    ...(toolCalls.length > 0 ? { toolCalls } : {}),
    usage: {
      inputTokens: finish.usage.inputTokens.total ?? 0,
      outputTokens: finish.usage.outputTokens.total ?? 0,
    },
    finishReason: reason === 'content-filter' ? refuse(context) : reason,
    ...(carry ? { carry } : {}),
  };
}

function refuse(context: ErrorContext): never {
  throw new IceError('provider_rejected', `${context.model} did not answer: its content filter stopped it`, {
    hint: 'Change the prompt, or take another model.',
    details: { model: context.model },
    terminal: true,
  });
}

/** Arguments that are no JSON are handed on as text: they fail the tool's schema, and the model is told. */
function parseInput(text: string): Json {
  try {
    return text.trim() === '' ? {} : (JSON.parse(text) as Json);
  } catch {
    return text;
  }
}

/** Takes a value out of the object that it was asked for in; a text that is no JSON is left to the repair. */
function objectOf(text: string, output: JsonSchema | undefined): Json | undefined {
  if (output === undefined || isObjectSchema(output)) return undefined;
  try {
    const parsed = JSON.parse(text) as Json;
    const inside =
      typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) && 'value' in parsed;
    return inside ? parsed['value'] : parsed;
  } catch {
    return undefined;
  }
}

/** Aborts after a silence; `beat` says that something came. */
function stallSignal(model: string, ms: number): { signal: AbortSignal; beat: () => void; stop: () => void } {
  const controller = new AbortController();
  const timer = setTimeout(() => {
    controller.abort(
      new IceError('provider_failed', `${model} said nothing for ${ms / 1000} s`, {
        hint: 'Try again, or give the node retry or fallback.',
        details: { model, stallMs: ms },
      }),
    );
  }, ms);
  return { signal: controller.signal, beat: () => timer.refresh(), stop: () => clearTimeout(timer) };
}

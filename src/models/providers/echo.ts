import { IceError } from '../../contracts/errors.ts';
import type { Json, JsonObject } from '../../contracts/json.ts';
import { hint } from '../../language/expressions/suggest.ts';
import { type CheckSchema, smallestInstance } from '../instance/instance.ts';
import type { ModelReply, ModelRequest, Provider, ToolRequest } from '../port.ts';
import { countMessageTokens, countTokens } from '../tokens.ts';

/**
 * Results without keys and without a network, the same on every machine. `echo/default` answers with the last user
 * text, or with the smallest instance of `output`; `echo/script` plays the replies of `script`. Loads no library.
 */
export function createEchoProvider(options: { checkSchema: CheckSchema }): Provider {
  return {
    name: 'echo',
    async generate(request) {
      request.signal.throwIfAborted();
      if (request.model === 'default') return finish(request, echoed(request, options.checkSchema));
      if (request.model === 'script') return finish(request, scripted(request));
      throw new IceError('provider_missing', `echo has no model '${request.model}'`, {
        hint: hint(request.model, ['default', 'script']) ?? 'Use echo/default or echo/script.',
        terminal: true,
      });
    },
  };
}

type Draft = Pick<ModelReply, 'text' | 'object' | 'toolCalls'> & {
  finishReason?: ModelReply['finishReason'];
};

function echoed(request: ModelRequest, check: CheckSchema): Draft {
  if (request.output !== undefined) {
    const found = smallestInstance(request.output, request.seed, check);
    if (found.problem !== undefined) {
      throw new IceError(
        'provider_rejected',
        `echo found no instance of the output schema: ${found.problem}`,
        {
          hint: 'Check that the schema can be satisfied at all, or give the reply yourself with model: echo/script.',
          terminal: true,
        },
      );
    }
    return { text: JSON.stringify(found.value), object: found.value };
  }
  const last = request.messages.findLast((message) => message.role === 'user');
  return { text: last?.role === 'user' ? last.content : '' };
}

/**
 * The reply of a script is chosen by the conversation alone, so a resumed run plays the same one: as many replies as
 * the assistant has given (since the node began) are spent, and as many scripted failures as there were attempts before this one.
 */
function scripted(request: ModelRequest): Draft {
  if (!Array.isArray(request.script)) {
    throw new IceError('provider_rejected', 'echo/script has no script', {
      hint: 'Give the node a list of replies, as script: ["Hello", { toolCalls: [{ name: price, input: { cost: 10 } }] }].',
      terminal: true,
    });
  }
  let failures = (request.attempt ?? 1) - 1;
  const script = request.script.map(readEntry).filter((entry) => !(entry.error && failures-- > 0));
  const own = request.messages.slice(request.turnsFrom ?? 0);
  const turn = own.filter((message) => message.role === 'assistant').length;
  // A failure keeps its place until its attempt is over; it is no turn of the conversation.
  const entry = script[turn];
  if (!entry) {
    const replies = `${script.length} ${script.length === 1 ? 'reply' : 'replies'}`;
    throw new IceError('script_ended', `The echo script has ${replies}, and this is call ${turn + 1}`, {
      hint: 'Add a reply to the script, or end it with a text, so that nothing is called after it.',
      details: { replies: script.length, call: turn + 1 },
      terminal: true,
    });
  }
  if (entry.error) throw entry.error;
  return { ...entry.reply!, toolCalls: entry.reply!.toolCalls?.map((call, i) => named(call, turn, i)) };
}

const named = (call: ToolRequest, turn: number, i: number): ToolRequest =>
  call.id === '' ? { ...call, id: `call_${turn + 1}_${i + 1}` } : call;

interface Entry {
  reply?: Draft;
  error?: IceError;
}

const KEYS = ['text', 'object', 'toolCalls', 'finishReason', 'error'];
const REASONS = ['stop', 'length', 'tool-calls', 'other'] as const;
const SHAPES =
  'A reply is a text, { text }, { object }, { toolCalls: [{ name, input }] } or { error: { code, message, retryAfterMs } }.';

/** Reads one entry of a script; what is wrong is named with its place, counted from 1. */
function readEntry(entry: Json, index: number): Entry {
  const wrong = (reason: string, help = SHAPES) =>
    new IceError('provider_rejected', `Reply ${index + 1} of the echo script ${reason}`, {
      hint: help,
      terminal: true,
    });
  if (typeof entry === 'string') return { reply: { text: entry } };
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) throw wrong('is no reply');
  for (const key of Object.keys(entry))
    if (!KEYS.includes(key)) throw wrong(`has an unknown field '${key}'`, hint(key, KEYS));
  if (entry['error'] !== undefined) return { error: readError(entry['error'], wrong) };
  const { text, object, toolCalls, finishReason } = entry;
  if (text !== undefined && typeof text !== 'string') throw wrong('has a text that is no text');
  if (toolCalls !== undefined && !Array.isArray(toolCalls)) throw wrong('has toolCalls that are no list');
  if (text === undefined && object === undefined && toolCalls === undefined) throw wrong('says nothing');
  if (finishReason !== undefined && !REASONS.includes(finishReason as (typeof REASONS)[number]))
    throw wrong(
      `has the finishReason ${JSON.stringify(finishReason)}`,
      `It is one of ${REASONS.join(', ')}.`,
    );
  return {
    reply: {
      text: text ?? (object === undefined ? '' : JSON.stringify(object)),
      ...(object === undefined ? {} : { object }),
      ...(toolCalls === undefined ? {} : { toolCalls: toolCalls.map((call) => readCall(call, wrong)) }),
      ...(finishReason === undefined ? {} : { finishReason: finishReason as (typeof REASONS)[number] }),
    },
  };
}

function readCall(call: Json, wrong: (reason: string, help?: string) => IceError): ToolRequest {
  if (typeof call !== 'object' || call === null || Array.isArray(call) || typeof call['name'] !== 'string')
    throw wrong('has a tool call without a name', 'A tool call is { name: price, input: { cost: 10 } }.');
  return {
    id: typeof call['id'] === 'string' ? call['id'] : '',
    name: call['name'],
    input: call['input'] ?? {},
  };
}

function readError(error: Json, wrong: (reason: string, help?: string) => IceError): IceError {
  const body = (
    typeof error === 'object' && error !== null && !Array.isArray(error) ? error : {}
  ) as JsonObject;
  const code = body['code'] ?? 'provider_failed';
  if (code !== 'provider_failed' && code !== 'provider_rejected')
    throw wrong(`has the error code ${JSON.stringify(code)}`, 'It is provider_failed or provider_rejected.');
  const message = typeof body['message'] === 'string' ? body['message'] : 'The script says so';
  return new IceError(code, message, {
    terminal: code === 'provider_rejected',
    ...(typeof body['retryAfterMs'] === 'number' ? { retryAfterMs: body['retryAfterMs'] } : {}),
  });
}

/** Streams the text in words, cuts it at `maxTokens`, counts. */
function finish(request: ModelRequest, draft: Draft): ModelReply {
  let { text, toolCalls = [], finishReason } = draft;
  let outputTokens = countTokens(text);
  for (const call of toolCalls) outputTokens += countTokens(call.name + JSON.stringify(call.input));
  const cut = request.maxTokens !== undefined && outputTokens > request.maxTokens;
  if (cut) {
    // Calls come after the text, and half a call is none. Whole characters only: a broken one becomes U+FFFD.
    const bytes = Buffer.from(text, 'utf8').subarray(0, request.maxTokens! * 4);
    text = new TextDecoder().decode(bytes).replace(/\uFFFD$/, '');
    toolCalls = [];
    outputTokens = request.maxTokens!;
    finishReason = 'length';
  }
  if (request.onDelta) for (const chunk of text.match(/\s*\S+\s*|\s+/g) ?? []) request.onDelta(chunk);
  return {
    text,
    ...(draft.object === undefined || cut ? {} : { object: draft.object }),
    ...(toolCalls.length > 0 ? { toolCalls } : {}),
    usage: { inputTokens: countMessageTokens(request.messages), outputTokens },
    finishReason: finishReason ?? (toolCalls.length > 0 ? 'tool-calls' : 'stop'),
  };
}

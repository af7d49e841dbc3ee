import type { Json } from '../../../src/contracts/json.ts';

/** What a fake model says; each protocol writes it in its own words, as its vendor documents its stream. */
export interface Said {
  text?: string;
  toolCalls?: { id: string; name: string; input: Json | string }[];
  usage?: { input: number; output: number };
  finish?: 'stop' | 'length';
  /** Of Google: the signature of a thought that belongs to a call. */
  signature?: string;
}

export interface Protocol {
  /** The server-sent events of an answer, in order. */
  events(said: Said): string[];
  /** The body of an error. */
  error(status: number, message: string): Json;
}

const data = (value: Json): string => `data: ${JSON.stringify(value)}\n\n`;
const named = (value: { type: string; [key: string]: Json }): string =>
  `event: ${value.type}\n${data(value)}`;
/** A text in pieces that cut through words, as tokens do. */
const pieces = (text: string): string[] => text.match(/[\s\S]{1,5}/g) ?? [];
const argumentsOf = (input: Json | string): string =>
  typeof input === 'string' ? input : JSON.stringify(input);
const usageOf = (said: Said) => said.usage ?? { input: 12, output: 7 };

const openaiError = (status: number, message: string): Json => ({
  error: {
    message,
    type: status === 429 ? 'rate_limit_exceeded' : status >= 500 ? 'server_error' : 'invalid_request_error',
    param: null,
    code: null,
  },
});

/** OpenAI chat completions, as compatible servers speak it. */
const chat: Protocol = {
  events(said) {
    const chunk = (delta: Json, finish: string | null = null, more: object = {}) =>
      data({
        id: 'chatcmpl-1',
        object: 'chat.completion.chunk',
        created: 1,
        model: 'fake',
        choices: [{ index: 0, delta, finish_reason: finish }],
        ...more,
      });
    const calls = (said.toolCalls ?? []).flatMap((call, index) => [
      chunk({
        tool_calls: [{ index, id: call.id, type: 'function', function: { name: call.name, arguments: '' } }],
      }),
      ...pieces(argumentsOf(call.input)).map((piece) =>
        chunk({ tool_calls: [{ index, function: { arguments: piece } }] }),
      ),
    ]);
    const { input, output } = usageOf(said);
    return [
      chunk({ role: 'assistant', content: '' }),
      ...pieces(said.text ?? '').map((content) => chunk({ content })),
      ...calls,
      chunk({}, said.toolCalls ? 'tool_calls' : (said.finish ?? 'stop')),
      data({
        id: 'chatcmpl-1',
        object: 'chat.completion.chunk',
        created: 1,
        model: 'fake',
        choices: [],
        usage: { prompt_tokens: input, completion_tokens: output, total_tokens: input + output },
      }),
      'data: [DONE]\n\n',
    ];
  },
  error: openaiError,
};

/** OpenAI responses. */
const responses: Protocol = {
  events(said) {
    const { input, output } = usageOf(said);
    const response = (status: string, more: object = {}): Json => ({
      id: 'resp_1',
      object: 'response',
      created_at: 1,
      model: 'fake',
      status,
      output: [],
      ...more,
    });
    const message = (status: string, text: string): Json => ({
      id: 'msg_1',
      type: 'message',
      status,
      role: 'assistant',
      content: text === '' ? [] : [{ type: 'output_text', text, annotations: [] }],
    });
    const text = said.text ?? '';
    const texts =
      text === ''
        ? []
        : [
            named({ type: 'response.output_item.added', output_index: 0, item: message('in_progress', '') }),
            ...pieces(text).map((delta) =>
              named({
                type: 'response.output_text.delta',
                item_id: 'msg_1',
                output_index: 0,
                content_index: 0,
                delta,
              }),
            ),
            named({ type: 'response.output_item.done', output_index: 0, item: message('completed', text) }),
          ];
    const calls = (said.toolCalls ?? []).flatMap((call, i) => {
      const item = (status: string, args: string): Json => ({
        id: `fc_${i}`,
        type: 'function_call',
        status,
        call_id: call.id,
        name: call.name,
        arguments: args,
      });
      const args = argumentsOf(call.input);
      return [
        named({ type: 'response.output_item.added', output_index: i + 1, item: item('in_progress', '') }),
        ...pieces(args).map((delta) =>
          named({
            type: 'response.function_call_arguments.delta',
            item_id: `fc_${i}`,
            output_index: i + 1,
            delta,
          }),
        ),
        named({ type: 'response.output_item.done', output_index: i + 1, item: item('completed', args) }),
      ];
    });
    const usage = {
      input_tokens: input,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: output,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: input + output,
    };
    const end =
      said.finish === 'length'
        ? named({
            type: 'response.incomplete',
            response: response('incomplete', { incomplete_details: { reason: 'max_output_tokens' }, usage }),
          })
        : named({ type: 'response.completed', response: response('completed', { usage }) });
    return [named({ type: 'response.created', response: response('in_progress') }), ...texts, ...calls, end];
  },
  error: openaiError,
};

const anthropic: Protocol = {
  events(said) {
    const { input, output } = usageOf(said);
    let index = 0;
    const block = (start: Json, deltas: Json[]): string[] => {
      const at = index++;
      return [
        named({ type: 'content_block_start', index: at, content_block: start }),
        ...deltas.map((delta) => named({ type: 'content_block_delta', index: at, delta })),
        named({ type: 'content_block_stop', index: at }),
      ];
    };
    const texts = said.text
      ? block(
          { type: 'text', text: '' },
          pieces(said.text).map((text) => ({ type: 'text_delta', text })),
        )
      : [];
    const calls = (said.toolCalls ?? []).flatMap((call) =>
      block(
        { type: 'tool_use', id: call.id, name: call.name, input: {} },
        pieces(argumentsOf(call.input)).map((partial_json) => ({ type: 'input_json_delta', partial_json })),
      ),
    );
    const reason = said.toolCalls ? 'tool_use' : said.finish === 'length' ? 'max_tokens' : 'end_turn';
    return [
      named({
        type: 'message_start',
        message: {
          id: 'msg_1',
          type: 'message',
          role: 'assistant',
          model: 'fake',
          content: [],
          stop_reason: null,
          stop_sequence: null,
          usage: { input_tokens: input, output_tokens: 1 },
        },
      }),
      named({ type: 'ping' }),
      ...texts,
      ...calls,
      named({
        type: 'message_delta',
        delta: { stop_reason: reason, stop_sequence: null },
        usage: { output_tokens: output },
      }),
      named({ type: 'message_stop' }),
    ];
  },
  error: (status, message) => ({
    type: 'error',
    error: {
      type: status === 429 ? 'rate_limit_error' : status >= 500 ? 'api_error' : 'invalid_request_error',
      message,
    },
  }),
};

const google: Protocol = {
  events(said) {
    const { input, output } = usageOf(said);
    const candidate = (parts: Json[], finishReason?: string) =>
      data({
        candidates: [
          { index: 0, content: { role: 'model', parts }, ...(finishReason ? { finishReason } : {}) },
        ],
        usageMetadata: {
          promptTokenCount: input,
          candidatesTokenCount: output,
          totalTokenCount: input + output,
        },
        modelVersion: 'fake',
      });
    const calls = (said.toolCalls ?? []).map((call) => ({
      functionCall: { name: call.name, args: call.input },
      ...(said.signature ? { thoughtSignature: said.signature } : {}),
    }));
    return [
      ...pieces(said.text ?? '').map((text) => candidate([{ text }])),
      ...(calls.length > 0 ? [candidate(calls)] : []),
      candidate([], said.finish === 'length' ? 'MAX_TOKENS' : 'STOP'),
    ];
  },
  error: (status, message) => ({
    error: { code: status, message, status: status === 429 ? 'RESOURCE_EXHAUSTED' : 'INTERNAL' },
  }),
};

export const PROTOCOLS = { chat, responses, anthropic, google };
export type ProtocolName = keyof typeof PROTOCOLS;

import type { Usage } from '../contracts/events.ts';
import type { Json, JsonSchema } from '../contracts/json.ts';

export interface ToolRequest {
  id: string;
  name: string;
  input: Json;
}

export type ModelMessage =
  | { role: 'system' | 'user'; content: string }
  | {
      role: 'assistant';
      content: string;
      toolCalls?: ToolRequest[];
      /** The `carry` of the reply that this message was. */
      carry?: ModelReply['carry'];
    }
  | { role: 'tool'; toolCallId: string; name: string; content: Json };

export interface ModelRequest {
  /** The name after the provider's: `gpt-5` of `openai/gpt-5`. */
  model: string;
  messages: ModelMessage[];
  tools?: { name: string; description: string; input: JsonSchema }[];
  /** The schema of `object`; the provider must return an object that matches it. */
  output?: JsonSchema;
  temperature?: number;
  maxTokens?: number;
  /** US dollars that this may cost at most, with its repairs and fallbacks (`budget_exceeded`); absent = no limit. */
  budget?: number;
  /** For echo: the replies of a script, and the seed of what is generated. */
  script?: Json[];
  seed: string;
  /** For echo: which attempt of its node this is, from 1; a script's scripted failures are spent by attempts. */
  attempt?: number;
  /** For echo: the place in `messages` from which turns are its script's; what stands before was said elsewhere. */
  turnsFrom?: number;
  /** Whose provider keys to use; absent = those of the target itself. */
  project?: string;
  signal: AbortSignal;
  onDelta?(text: string): void;
}

export interface ModelReply {
  text: string;
  object?: Json;
  toolCalls?: ToolRequest[];
  usage: Usage;
  finishReason: 'stop' | 'length' | 'tool-calls' | 'other';
  /**
   * What a provider needs back with this turn to go on with the conversation (signed thoughts, item ids). Opaque to
   * everyone but `by`; other providers get the text and the tool calls.
   */
  carry?: { by: string; parts: Json };
}

/** US dollars for a million tokens. */
export interface Price {
  input: number;
  output: number;
  /** What all of a call costs whose prompt has more tokens than `over`. */
  long?: { over: number; input: number; output: number } | undefined;
}

/** A source of language models. Fails with `provider_failed` (may be retried) or `provider_rejected`. */
export interface Provider {
  readonly name: string;
  generate(request: ModelRequest): Promise<ModelReply>;
}

/** All providers of a target: resolves `provider/name`, prices the usage, enforces structured output. */
export interface Models {
  generate(
    model: string,
    request: Omit<ModelRequest, 'model'> & { fallback?: string[] },
  ): Promise<ModelReply & { model: string; cost: number }>;
  /** The price of `provider/name`; undefined when the table has none, so that no budget can be kept. */
  price?(model: string): Price | undefined;
}

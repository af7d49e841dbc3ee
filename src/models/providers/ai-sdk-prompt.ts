import type {
  LanguageModelV4Message,
  LanguageModelV4Prompt,
  LanguageModelV4ReasoningPart,
  LanguageModelV4TextPart,
  LanguageModelV4ToolCallPart,
} from '@ai-sdk/provider';
import type { Json } from '../../contracts/json.ts';
import type { ModelMessage } from '../port.ts';

/** The parts of an assistant's turn in the order in which they came, with what the provider wants back of each. */
export type TurnPart = LanguageModelV4TextPart | LanguageModelV4ReasoningPart | LanguageModelV4ToolCallPart;

/** Our messages as the AI SDK's prompt. Results of tools that were called together travel in one message. */
export function toPrompt(messages: readonly ModelMessage[], provider: string): LanguageModelV4Prompt {
  const prompt: LanguageModelV4Message[] = [];
  for (const message of messages) {
    switch (message.role) {
      case 'system':
        prompt.push({ role: 'system', content: message.content });
        break;
      case 'user':
        prompt.push({ role: 'user', content: [{ type: 'text', text: message.content }] });
        break;
      case 'assistant':
        prompt.push({ role: 'assistant', content: turnOf(message, provider) });
        break;
      case 'tool': {
        const part = {
          type: 'tool-result' as const,
          toolCallId: message.toolCallId,
          toolName: message.name,
          output:
            typeof message.content === 'string'
              ? { type: 'text' as const, value: message.content }
              : { type: 'json' as const, value: message.content as never },
        };
        const last = prompt.at(-1);
        if (last?.role === 'tool') last.content.push(part);
        else prompt.push({ role: 'tool', content: [part] });
      }
    }
  }
  return prompt;
}

function turnOf(message: Extract<ModelMessage, { role: 'assistant' }>, provider: string): TurnPart[] {
  if (message.carry?.by === provider) return message.carry.parts as unknown as TurnPart[];
  const parts: TurnPart[] = message.content === '' ? [] : [{ type: 'text', text: message.content }];
  for (const call of message.toolCalls ?? [])
    parts.push({ type: 'tool-call', toolCallId: call.id, toolName: call.name, input: call.input });
  return parts;
}

/** What to hand back with the next turn; nothing when the text and the tool calls already say it all. */
export function carryOf(parts: TurnPart[], provider: string): { by: string; parts: Json } | undefined {
  const says = parts.some((part) => part.type === 'reasoning' || part.providerOptions !== undefined);
  return says ? { by: provider, parts: JSON.parse(JSON.stringify(parts)) as Json } : undefined;
}

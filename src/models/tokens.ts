import type { ModelMessage } from './port.ts';

/**
 * The fixed tokenizer: a quarter of the UTF-8 bytes, rounded up. It is no provider's own, but it is the same on every
 * machine and in every version, so that echo's usage, cost and budgets can be tested to the token.
 */
export const countTokens = (text: string): number => Math.ceil(Buffer.byteLength(text, 'utf8') / 4);

/** Tokens of a conversation by the fixed tokenizer: the sum over its messages' texts, tool calls and tool results. */
export function countMessageTokens(messages: readonly ModelMessage[]): number {
  let sum = 0;
  for (const message of messages) {
    sum += countTokens(
      typeof message.content === 'string' ? message.content : JSON.stringify(message.content),
    );
    if (message.role !== 'assistant') continue;
    for (const call of message.toolCalls ?? []) sum += countTokens(call.name + JSON.stringify(call.input));
  }
  return sum;
}

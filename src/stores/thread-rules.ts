import type { Json } from '../contracts/json.ts';

const MOST_MESSAGES = 200;
/** A turn has at least two messages: what was asked, and the answer. */
export const MOST_TURNS = MOST_MESSAGES / 2;
/** About 64,000 tokens: more memory than that drowns the question. */
const MOST_CHARACTERS = 256 * 1024;

/** The last messages of turns (oldest first) that a model can take in; a turn is remembered whole or not at all. */
export function lastMessages(turns: readonly Json[][]): Json[] {
  const kept: Json[][] = [];
  let messages = 0;
  let characters = 0;
  for (const turn of turns.toReversed()) {
    messages += turn.length;
    characters += JSON.stringify(turn).length;
    if (messages > MOST_MESSAGES || characters > MOST_CHARACTERS) break;
    kept.unshift(turn);
  }
  return kept.flat();
}

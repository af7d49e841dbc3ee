import type { Case } from './format.ts';

/** What came of a case. */
export interface Got {
  /** The code it ended in, or `ok`. */
  outcome: string;
  message: string;
  result: unknown;
  ms: number;
  hits: number;
  /** All that anybody may see of it. */
  said: string;
  canary: string;
}

const wantedOf = (it: Case): string[] => (it.expect === undefined ? ['ok'] : [it.expect].flat());

/** The time of a call, ms: cases that end by themselves have enough on a machine that does ten other things. */
export const timeOf = (it: Case): number =>
  wantedOf(it).includes('timeout') ? (it.limits.timeoutMs ?? 500) : 60_000;
/** What is not over by so much after its time would never be. */
const SLACK_MS = 60_000;

/** What was not as it must be; `ESCAPE` begins what must never be. */
export function judge(it: Case, got: Got): string[] {
  const problems: string[] = [];
  if (got.said.includes(got.canary)) problems.push('ESCAPE: it read the environment of the parent');
  if (got.hits > it.hits) problems.push(`ESCAPE: it reached the server ${got.hits} times`);
  if (got.hits < it.hits) problems.push(`it reached the server ${got.hits} times, expected ${it.hits}`);
  if (Object.keys(Object.prototype).length > 0 || 'escaped' in globalThis)
    problems.push('ESCAPE: it changed this process');
  if (it.not !== undefined && got.said.includes(it.not)) problems.push(`ESCAPE: it showed ${it.not}`);
  const wanted = wantedOf(it);
  if (!wanted.includes(got.outcome))
    problems.push(
      `ended in ${got.outcome} (${got.message.slice(0, 200) || JSON.stringify(got.result)?.slice(0, 200)}), expected ${wanted.join(' or ')}`,
    );
  if (
    it.result !== undefined &&
    got.outcome === 'ok' &&
    JSON.stringify(got.result) !== JSON.stringify(it.result)
  )
    problems.push(
      `${wanted.includes('ok') ? 'ESCAPE? ' : ''}gave ${JSON.stringify(got.result)?.slice(0, 300)}, expected ${JSON.stringify(it.result)}`,
    );
  if (it.says !== undefined && !got.message.includes(it.says))
    problems.push(`said ${got.message.slice(0, 200)}, expected ${it.says}`);
  const within = timeOf(it) + SLACK_MS;
  if (got.ms > within) problems.push(`took ${Math.round(got.ms)} ms, at most ${within}`);
  return problems;
}

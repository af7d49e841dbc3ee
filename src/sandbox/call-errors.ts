import { cut } from '../contracts/cut.ts';
import { IceError } from '../contracts/errors.ts';
import { absentHint } from './absent-globals.ts';
import type { ChildEnd } from './child-pool.ts';
import type { GuestError } from './guest/harness.ts';
import type { CallLimits } from './protocol.ts';

/** How a failed call is told: every way has its code and, where there is one, the line that mends it. */

/** What the guest says of its failure, as the error of the call. */
export function guestFailure(error: GuestError, limits: CallLimits): IceError {
  const message = clean(error.message);
  const details = {
    ...(error.name === undefined || error.name === 'Error' ? {} : { name: clean(error.name) }),
    ...at(error.stack),
  };
  const some = Object.keys(details).length > 0 ? { details } : {};
  switch (error.kind) {
    case 'terminal':
      return new IceError('tool_failed', message, { terminal: true, ...some });
    case 'retryable':
      return new IceError('tool_failed', message, { retryAfterMs: error.retryAfterMs, ...some });
    case 'input':
      return new IceError('input_invalid', message, { terminal: true });
    case 'output':
    case 'result':
      return new IceError('output_invalid', message, {
        hint: 'Mend what run() returns, or the output schema',
      });
    case 'definition':
      return new IceError('project_invalid', message, { hint: absentHint(message), ...some });
    case 'denied':
      return new IceError('tool_denied', message, { terminal: true, hint: error.hint });
    case 'limit':
      return error.code === 'timeout'
        ? limitError('timeout', limits)
        : error.code === 'memory'
          ? limitError('memory', limits, message)
          : new IceError('tool_limit', message, { terminal: true, hint: error.hint });
    default:
      return new IceError('tool_failed', message, { hint: absentHint(message), ...some });
  }
}

/** A limit that a call ran into. */
export function limitError(
  what: 'timeout' | 'memory' | 'output',
  limits: CallLimits,
  said = 'out of memory',
): IceError {
  switch (what) {
    case 'timeout':
      return new IceError('timeout', `The call took longer than ${limits.timeoutMs} ms`, {
        hint: 'Raise limits.timeoutMs of the tool, or do less in one call',
      });
    case 'memory':
      return new IceError(
        'tool_limit',
        `The call used more than ${limits.memoryBytes / 1024 / 1024} MB of memory${/out of memory/i.test(said) ? '' : `; it threw: ${said}`}`,
        {
          terminal: true,
          hint: 'Raise limits.memoryMb of the tool, or hold less at once',
        },
      );
    case 'output':
      return new IceError('tool_limit', `The result is larger than ${limits.outputBytes} bytes`, {
        terminal: true,
        hint: 'Raise limits.outputBytes of the tool, or return less',
      });
  }
}

/** A child that ended in the middle of a call. */
export function crashError(end: ChildEnd, limits: CallLimits): IceError {
  if (/heap out of memory|allocation failed|out of memory/i.test(end.stderr))
    return limitError('memory', limits);
  const how = end.signal === null ? `exited with code ${end.code}` : `was killed by ${end.signal}`;
  return new IceError('tool_crashed', `The process of the tool ${how} in the middle of the call`, {
    hint: end.signal === null ? 'A tool returns its result; it does not call process.exit()' : undefined,
    details: { exitCode: end.code, signal: end.signal },
  });
}

const MOST_CALLERS = 8;

/**
 * Where it was thrown: the first frame inside the bundle, as `parse (bundle:12:5)`, and those that called it, nearest
 * first; never a path of this machine.
 */
function at(stack: string | undefined): { at?: string; callers?: string[] } {
  const frames: string[] = [];
  for (const line of stack?.split('\n').slice(0, 50) ?? []) {
    const match =
      /^\s*at (?:(?:async )?(.+?) \()?(?:ice-tool:sha256:[0-9a-f]+|<tool>)(:\d+(?::\d+)?)\)?\s*$/.exec(line);
    if (match)
      frames.push(`${match[1] === undefined ? '' : `${cut(clean(match[1]), 100)} `}(bundle${match[2]})`);
    if (frames.length > MOST_CALLERS) break;
  }
  const [first, ...callers] = frames;
  return first === undefined ? {} : { at: first, ...(callers.length > 0 ? { callers } : {}) };
}

/** Characters of what a tool says of its failure; the guest cuts at the same place. */
const MOST_CHARS = 2000;

/** Without control characters, which would act on a terminal, and without what points into this machine. */
function clean(text: string): string {
  return cut(text, MOST_CHARS)
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\u{fffd}')
    .replace(/file:\/\/\S+\/([^/\s:]+)/g, '$1')
    .replace(/ice-tool:sha256:[0-9a-f]+/g, 'bundle');
}

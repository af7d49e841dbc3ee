import type { Meter } from './meter.ts';
import { compileRegex, type Program, RegexError } from './regex-compile.ts';

/** Compiled patterns are few (they stand in the expressions), but data may hold any number of them. */
const MAX_CACHED = 200;
const cache = new Map<string, Program>();

/** Why a pattern cannot be used, or undefined when it can. */
export function regexProblem(pattern: string): string | undefined {
  try {
    compileRegex(pattern);
    return undefined;
  } catch (error) {
    if (error instanceof RegexError) return error.message;
    throw error;
  }
}

function programOf(m: Meter, pattern: string): Program {
  const known = cache.get(pattern);
  if (known) return known;
  m.spend(pattern.length);
  let program: Program;
  try {
    program = compileRegex(pattern);
  } catch (error) {
    if (error instanceof RegexError) m.fail('ICE1313', error.message);
    throw error;
  }
  if (cache.size >= MAX_CACHED) cache.clear();
  cache.set(pattern, program);
  return program;
}

const isWord = (code: number): boolean =>
  (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || code === 95 || (code >= 97 && code <= 122);

/**
 * Whether the pattern is found anywhere in the text. All ways through the program are followed at once, so the time
 * is linear in the text and cannot explode; a step is paid for every four instructions looked at.
 */
export function matchRegex(m: Meter, pattern: string, text: string): boolean {
  const program = programOf(m, pattern);
  const size = program.length;
  // seen[pc] === generation: this place is already in the set of the current character.
  const seen = new Int32Array(size).fill(-1);
  let now: number[] = [];
  let then: number[] = [];
  const open: number[] = [];
  let at = 0;
  let before = -1;
  for (let generation = 0; ; generation++) {
    const code = at < text.length ? text.codePointAt(at)! : -1;
    let looked = 0;
    // The pattern may start at every character.
    now.push(0);
    const threads = now;
    const live: number[] = [];
    for (const thread of threads) {
      open.push(thread);
      while (open.length > 0) {
        const pc = open.pop()!;
        if (seen[pc] === generation) continue;
        seen[pc] = generation;
        looked++;
        const step = program[pc]!;
        switch (step.op) {
          case 'match':
            return true;
          case 'jump':
            open.push(step.to);
            break;
          case 'split':
            open.push(step.other, step.to);
            break;
          case 'assert':
            if (holds(step.what, before, code)) open.push(pc + 1);
            break;
          default:
            live.push(pc);
        }
      }
    }
    m.spend(1 + (looked >> 2));
    if (code === -1) return false;
    for (const pc of live) {
      const step = program[pc]!;
      if (step.op === 'test' && step.accepts(code)) then.push(pc + 1);
    }
    now = then;
    then = [];
    before = code;
    at += code > 0xffff ? 2 : 1;
  }
}

function holds(
  what: 'start' | 'end' | 'lineStart' | 'lineEnd' | 'word' | 'notWord',
  before: number,
  next: number,
): boolean {
  switch (what) {
    case 'start':
      return before === -1;
    case 'end':
      return next === -1;
    case 'lineStart':
      return before === -1 || before === 10;
    case 'lineEnd':
      return next === -1 || next === 10;
    case 'word':
      return isWord(before) !== isWord(next);
    case 'notWord':
      return isWord(before) === isWord(next);
  }
}

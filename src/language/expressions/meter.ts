import type { Json, Span } from './ast.ts';
import { ExpressionError } from './error.ts';

/** What `nodes.<id>` shows of a node. */
export interface NodeOutcome {
  state: string;
  error?: { code: string; message: string };
  result?: Json;
  /** Of a loop that goes on without the items that fail: those, in their order. */
  failed?: FailedItem[];
}
export type FailedItem = { index: number; error: { code: string; message: string } };

/** What an expression may read. Values are JSON and are never changed. */
export interface Scope {
  /** A variable; undefined when it has no value here. */
  get(name: string): Json | undefined;
  /** What became of the node behind `nodes.<id>`. */
  node?(id: string): NodeOutcome | undefined;
}

export interface EvalOptions {
  /** Default 1,000,000. */
  maxSteps?: number;
}

export const DEFAULT_MAX_STEPS = 1_000_000;
/** The longest text, and the largest JSON, that an expression may give. */
export const MAX_OUTPUT_CHARS = 10_000_000;
/** All that one evaluation may build on its way there. */
const MAX_BUILT_CHARS = 64_000_000;

/** One evaluation: what it reads, what it may still spend, and where it stands. */
export class Meter {
  readonly scope: Scope;
  readonly source: string;
  readonly locals: Json[];
  left: number;
  private room = MAX_BUILT_CHARS;
  private readonly maxSteps: number;
  /** The call that runs now; errors of functions point at it. */
  at: Span = NOWHERE;

  constructor(source: string, scope: Scope, slots: number, maxSteps: number) {
    this.source = source;
    this.scope = scope;
    this.locals = slots === 0 ? NO_LOCALS : new Array<Json>(slots).fill(null);
    this.left = maxSteps;
    this.maxSteps = maxSteps;
  }

  /** Pays for work that grows with the data. */
  spend(steps: number): void {
    this.left -= steps;
    if (this.left < 0) this.exhausted();
  }

  exhausted(): never {
    this.fail('ICE1315', `The expression took more than ${this.maxSteps} steps`, {
      help: 'Do less in one expression: a tool or code node has no such limit.',
    });
  }

  /** Pays for a text or list of `chars` before it is built. */
  grow(chars: number): void {
    this.room -= chars;
    if (chars > MAX_OUTPUT_CHARS || this.room < 0) {
      this.fail('ICE1316', 'The expression builds too much data', {
        help: `A value may have ${MAX_OUTPUT_CHARS} characters at most.`,
      });
    }
  }

  fail(code: string, message: string, more: { at?: Span; help?: string } = {}): never {
    const at = more.at ?? this.at;
    throw new ExpressionError(code, message, {
      start: at.start,
      end: at.end,
      source: this.source,
      help: more.help,
    });
  }
}

const NO_LOCALS: Json[] = [];
const NOWHERE: Span = { start: 0, end: 0 };

import type { AnyRunEvent, EventData, EventError, EventType, Usage } from '../contracts/events.ts';
import { render } from '../language/expressions/index.ts';
import { toEventError } from './event-error.ts';
import type { Frame, NodeRecord, RunFold } from './fold.ts';
import { retryableCode, retryDelay } from './retry.ts';

export interface Spent {
  usage?: Usage;
  cost?: number;
}

/** Events being decided on: numbered from the fold's last one, which stays as it is. */
export class Draft {
  readonly fold: RunFold;
  readonly now: number;
  readonly events: AnyRunEvent[] = [];
  /** Something failed, ended or was stopped: nothing is started in the same breath. */
  halted = false;
  /** Containers that this draft ends well: an enclosing one that ends too need not stop them. */
  readonly done = new Set<NodeRecord>();

  constructor(fold: RunFold, now: number) {
    this.fold = fold;
    this.now = now;
  }

  run<T extends EventType>(type: T, data: EventData[T]): void {
    const seq = this.fold.seq + this.events.length + 1;
    this.events.push({ v: 1, seq, ts: this.now, runId: this.fold.runId, type, data } as AnyRunEvent);
  }

  node<T extends EventType>(type: T, path: string, attempt: number, data: EventData[T]): void {
    const seq = this.fold.seq + this.events.length + 1;
    const { runId } = this.fold;
    this.events.push(
      (attempt > 0
        ? { v: 1, seq, ts: this.now, runId, type, path, attempt, data }
        : { v: 1, seq, ts: this.now, runId, type, path, data }) as AnyRunEvent,
    );
  }

  /** The node fails for good: its `onError` says whether that is dealt with. */
  fail(record: NodeRecord, error: EventError, more: Spent & { because?: string } = {}): void {
    const { onError } = record.spec.node;
    let handled = onError === 'continue';
    let told = error;
    if (typeof onError === 'object') {
      try {
        render(record.spec.template('onErrorValue'), record.frame);
        handled = true;
      } catch (thrown) {
        const second = toEventError(thrown);
        told = { ...error, message: `${error.message} (and the value of onError failed: ${second.message})` };
      }
    }
    this.node('node.failed', record.path, record.attempt, {
      error: told,
      ...(handled ? { handled } : {}),
      ...(record.startedAt > 0 ? { durationMs: this.now - record.startedAt } : {}),
      ...more,
    });
    if (!handled) this.halted = true;
  }

  /** A container fails: what runs in it is stopped, then it is tried again or fails for good. */
  failContainer(record: NodeRecord, error: EventError, because: string | undefined, random: number): void {
    this.cancelWithin(record);
    this.halted = true;
    const wait = retryableCode(error.code)
      ? retryDelay(record.spec.node.retry, record.failures + 1, random)
      : undefined;
    if (wait === undefined) this.fail(record, error, because === undefined ? {} : { because });
    else this.node('node.retrying', record.path, record.attempt, { error, at: this.now + wait });
  }

  /** Everything that runs inside a container, or that an agent has called, the innermost first. */
  cancelWithin(record: NodeRecord): void {
    if (record.lanes) for (const frame of record.lanes.frames.values()) this.cancelFrame(frame);
    if (record.calls) this.cancelFrame(record.calls);
  }

  cancelFrame(frame: Frame): void {
    if (frame.active === 0) return;
    for (const record of frame.records) {
      if (!record.active || this.done.has(record)) continue;
      this.cancelWithin(record);
      this.node('node.cancelled', record.path, record.attempt, {});
    }
    this.halted = true;
  }
}

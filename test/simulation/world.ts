import { IceError } from '../../src/contracts/errors.ts';
import type { Plan } from '../../src/contracts/plan.ts';
import { createEngine, type Engine } from '../../src/engine/engine.ts';
import type { Attempt, AttemptResult, RunStore } from '../../src/engine/ports.ts';
import { createMemoryRuns } from '../../src/stores/memory.ts';
import { effectsOf, request } from '../engine/play.ts';
import { brokenInvariants } from './invariants.ts';
import { randomOf, SimulatedProcess, VirtualTime } from './virtual-clock.ts';

export const LEASE_MS = 10_000;

/** What goes wrong at some commits; they are counted over all workers, from 0. */
export type Mishap =
  | { kind: 'none' }
  /** The process that commits dies before, or just after, the commit reaches the disk. */
  | { kind: 'dies'; at: number[]; written: boolean }
  /** The process is stopped within the commit for longer than its lease. */
  | { kind: 'sleeps'; at: number[] }
  /** Somebody else's process asks for it. */
  | { kind: 'cancelled'; at: number[]; force: boolean }
  /** … and resumes the run after a while. */
  | { kind: 'paused'; at: number[] };

export interface Outcome {
  state: string;
  outputs: unknown;
  handled: string[];
  commits: number;
  broken: string[];
  story: string;
}

/** Plays a plan with one worker that meets a mishap, and others that take over. Everything is drawn from the seed. */
export async function simulate(plan: Plan, seed: number, mishap: Mishap, workers = 2): Promise<Outcome> {
  const time = new VirtualTime();
  const random = randomOf(seed ^ 0x5bd1e995);
  const store = createMemoryRuns();
  const runs = request(plan, { n: 3, yes: seed % 2 === 0 }, `run_${String(seed).padStart(26, '0')}`);
  const broken: string[] = [];
  let commits = 0;
  let stopped = 0;

  const effect =
    (process: SimulatedProcess) =>
    async (attempt: Attempt): Promise<AttemptResult> => {
      const journal = await store.events('demo', attempt.runId);
      const mine = journal.filter((event) => event.path === attempt.path);
      if (!mine.some((event) => event.type === 'node.started' && event.attempt === attempt.attempt)) {
        broken.push(`${attempt.path}#${attempt.attempt} is executed, and its start is not in the journal`);
      }
      if (mine.some((event) => event.type === 'node.succeeded')) {
        broken.push(`${attempt.path}#${attempt.attempt} is executed again after it succeeded`);
      }
      const {
        do: what,
        ms,
        at,
        reads,
        calls = [],
      } = attempt.args as { do: string; ms: number; at: number; reads: never; calls?: string[] };
      const fail = () => new IceError('tool_failed', `${attempt.path} failed`);
      const result = {
        result: { reads, path: attempt.path },
        cost: 0.001,
        usage: { inputTokens: 1, outputTokens: 1 },
      };
      for (const [step, workflow] of calls.entries()) {
        if (attempt.steps[step]) continue;
        const call = { name: workflow, kind: 'workflow' as const, ref: workflow, workflow };
        const ended = await attempt.call({ step, ...call, inputs: { n: 7, yes: true } });
        await attempt.step({
          kind: 'tool',
          name: workflow,
          result: ended.error ? { error: ended.error.code } : ended.result!,
          within: { usage: ended.usage, cost: ended.cost },
        });
      }
      if (what === 'slow') await time.sleep(ms, process);
      if (what === 'flaky' && attempt.attempt < 3) throw fail();
      if (what === 'fail' || (what === 'item' && at === 1)) throw fail();
      if (what === 'hang') {
        // Some stop when they are told to, and some do not listen.
        await new Promise((_, reject) => {
          if (ms % 2) attempt.signal.addEventListener('abort', () => reject(attempt.signal.reason));
        });
      }
      return result;
    };

  const start = (name: string): { engine: Engine; process: SimulatedProcess } => {
    const process = new SimulatedProcess();
    const engine = createEngine({
      store: within(time, store, process, interfere),
      effects: effectsOf(effect(process)),
      checkSchema: () => undefined,
      clock: time.clock(random, process),
      workerId: name,
      leaseMs: LEASE_MS,
      onError: (error) => broken.push(`${name}: ${String(error)}`),
    });
    return { engine, process };
  };

  /** What another process asks of the run in the middle of it. */
  const meddle = async (what: Exclude<Mishap, { kind: 'none' | 'dies' | 'sleeps' }>): Promise<void> => {
    const { engine } = start('other');
    if (what.kind === 'cancelled') {
      await engine.cancel('demo', runs.id, { by: 'them', reason: 'enough', force: what.force });
      return;
    }
    await engine.pause('demo', runs.id);
    await time.sleep(3_000);
    await engine.resume('demo', runs.id, 'them');
  };

  /** Called for each commit, around the real one. */
  const interfere = async (write: () => Promise<void>, process: SimulatedProcess): Promise<void> => {
    const mine = commits++;
    if (mishap.kind === 'none' || !mishap.at.includes(mine)) return write();
    if (mishap.kind === 'sleeps') {
      process.stoppedUntil = time.now + LEASE_MS * 2.5;
      stopped += 1;
      await time.sleep(LEASE_MS * 2.5);
      stopped -= 1;
      return write();
    }
    if (mishap.kind === 'cancelled' || mishap.kind === 'paused') {
      meddle(mishap).catch((error) => {
        if (error?.code !== 'run_ended') broken.push(`meddling: ${String(error)}`);
      });
      return write();
    }
    if (mishap.written) await write();
    process.dead = true;
    return new Promise(() => {});
  };

  const isOver = async () => {
    const row = await store.get('demo', runs.id);
    return row?.endedAt !== null;
  };
  let over = false;
  const watch = store.onChange(() => {
    isOver().then((yes) => {
      over = yes;
    });
  });
  const first = start('w1');
  first.engine.start();
  await first.engine.create(runs);
  for (let i = 2; i <= workers; i++) start(`w${i}`).engine.start();

  try {
    // Who was stopped goes on after the run has ended elsewhere, and must not harm it.
    await time.run(() => over && stopped === 0);
    await time.run(() => true);
  } catch (error) {
    broken.push(String(error));
  }
  watch();

  const events = await store.events('demo', runs.id);
  const row = (await store.get('demo', runs.id))!;
  broken.push(...brokenInvariants(events, row, plan));
  const last = events.at(-1)!;
  return {
    state: row.state,
    outputs: last.type === 'run.succeeded' ? last.data.outputs : null,
    handled: last.type === 'run.succeeded' ? [...(last.data.handledFailures ?? [])].sort() : [],
    commits,
    broken,
    story: events
      .map(
        (event) =>
          `${event.seq} ${event.type} ${event.path ?? ''}#${event.attempt ?? ''} ${JSON.stringify(event.data)}`,
      )
      .join('\n'),
  };
}

/** The store as a process sees it that may be dead: nothing that it asks for happens, nothing answers. */
function within(
  time: VirtualTime,
  store: RunStore,
  process: SimulatedProcess,
  interfere: (write: () => Promise<void>, process: SimulatedProcess) => Promise<void>,
): RunStore {
  const alive = async <T>(work: () => Promise<T>): Promise<T> => {
    if (process.dead) return new Promise(() => {});
    if (process.stoppedUntil > time.now) await time.sleep(process.stoppedUntil - time.now);
    const answer = await work();
    return process.dead ? new Promise(() => {}) : answer;
  };
  return new Proxy(store, {
    get(target, name) {
      const method = Reflect.get(target, name) as (...args: never[]) => Promise<unknown>;
      // All processes share this store: what others write is told, as from a file, by a change of anything.
      if (name === 'onChange') {
        return (listener: (project: string, runId: string) => void) =>
          store.onChange((project, runId) => {
            if (!process.dead) {
              listener(project, runId);
              listener('', '');
            }
          });
      }
      if (name === 'commit') {
        return (change: never) =>
          alive(() => interfere(() => alive(() => method.call(target, change) as Promise<void>), process));
      }
      return (...args: never[]) => alive(() => method.apply(target, args));
    },
  });
}

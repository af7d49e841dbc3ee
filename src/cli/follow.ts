import { IceError } from '../contracts/errors.ts';
import { ENDED } from '../contracts/events.ts';
import { RunView } from '../contracts/run-view.ts';
import type { Run } from '../contracts/runs.ts';
import type { Connection } from './connect.ts';
import { type Audience, type Presenter, presenterFor } from './present.ts';
import { listenForSignals, type Wish } from './signals.ts';

export interface FollowRequest extends Audience {
  connection: Connection;
  /** How long this command waits. */
  timeoutMs?: number | undefined;
}

/** How long the last picture waits for the journal to say that the run is paused. */
const LAST_WORD_MS = 500;

/** How following ended. */
export type FollowEnd =
  | 'ended'
  /** The run goes on at its server. */
  | 'detached'
  /** The run was given back, and waits for `ice runs resume`. */
  | 'suspended'
  | 'timeout'
  /** Nothing but an answer from a person brings the run on. */
  | 'waiting'
  /** The person did not wait for the cancel to be done. */
  | 'forced';

export interface Followed {
  end: FollowEnd;
  run: Run;
  view: RunView;
  /** The view has been shown, the reason of a failure included. */
  shown: boolean;
}

/**
 * Executes a run if this process is the one to do it, and shows it until it ends or somebody wishes otherwise. The
 * terminal is as it was on every way out.
 */
export async function followRun(request: FollowRequest): Promise<Followed> {
  const { connection, runId, output } = request;
  const { client } = connection;
  // Events that go to a file are wanted also where nothing is shown.
  const watched = request.show || output.wantsEvents;
  const stop = new AbortController();
  let end: FollowEnd = 'ended';
  /** Somebody wished to leave, or the time was up: what the run does then is no other end. */
  let left = false;
  let presenter: Presenter | undefined;

  let wasPaused = (): void => {};
  const paused = new Promise<void>((resolve) => {
    wasPaused = resolve;
  });

  const leave = async (as: FollowEnd): Promise<void> => {
    left = true;
    end = as;
    if (connection.executes && (as === 'detached' || as === 'timeout')) {
      await connection.suspend(runId);
      if (as === 'detached') end = 'suspended';
      // The last picture says that the run is paused, if its journal's word for it comes in time.
      if (watched) await Promise.race([paused, new Promise((done) => setTimeout(done, LAST_WORD_MS))]);
    }
    stop.abort();
  };
  const failed = (error: unknown): void => stop.abort(error);
  const onWish = (wish: Wish): void => {
    if (wish === 'detach') void leave('detached').catch(failed);
    else if (wish === 'cancel') {
      presenter?.notice('Cancelling. Ctrl-C again = force, d = detach');
      client.runs.cancel(runId, { reason: 'asked at the terminal' }).catch(ignoreEnded(failed));
    } else if (wish === 'force') {
      left = true;
      end = 'forced';
      void client.runs
        .cancel(runId, { reason: 'forced at the terminal', force: true })
        .catch(ignoreEnded(failed))
        .finally(() => stop.abort());
    } else {
      presenter?.restore();
      process.exit(130);
    }
  };

  // From now on: the run is there already, and would be left to itself by a signal that nobody hears.
  const signals = listenForSignals({ mode: request.mode, person: request.person, onWish });
  const { outline } = watched
    ? await client.runs.outline(runId).catch((error: unknown) => {
        signals.release();
        throw error;
      })
    : { outline: [] };
  const view = new RunView(outline);
  presenter = presenterFor({ ...request, view, keys: (key) => signals.key(key) });
  const timer =
    request.timeoutMs === undefined
      ? undefined
      : setTimeout(() => void leave('timeout').catch(failed), request.timeoutMs);
  // A reader of JSON lines that has gone wants no more; a run without a server still has to be executed.
  const gone = (): void => {
    if (!connection.executes) void leave('detached').catch(failed);
  };
  if (output.mode === 'events') output.readerGone.addEventListener('abort', gone, { once: true });

  try {
    stop.signal.throwIfAborted();
    const driven = connection.drive(runId).then(async () => {
      if (!connection.executes || left) return;
      // The worker has let go: the run has ended, is paused, or waits for a person.
      const { state } = await client.runs.get(runId);
      if (!left && !ENDED.has(state) && state !== 'queued') {
        end = 'waiting';
        stop.abort();
      }
    });
    driven.catch(failed);
    if (watched) await watch(request, view, presenter, stop.signal, wasPaused);
    else await client.runs.wait(runId, { signal: stop.signal });
    await driven;
  } catch (error) {
    if (!stop.signal.aborted || stop.signal.reason instanceof IceError) throw stop.signal.reason ?? error;
    if (stop.signal.reason instanceof Error && stop.signal.reason.name !== 'AbortError')
      throw stop.signal.reason;
  } finally {
    clearTimeout(timer);
    signals.release();
    output.readerGone.removeEventListener('abort', gone);
    presenter.end(end);
  }
  return { end, run: await client.runs.get(runId), view, shown: presenter.shows };
}

async function watch(
  request: FollowRequest,
  view: RunView,
  presenter: Presenter,
  signal: AbortSignal,
  wasPaused: () => void,
): Promise<void> {
  const follow = request.connection.client.runs.follow(request.runId, {
    signal,
    onReconnect: (error) =>
      request.output.detail(`The stream broke off and is taken up again: ${error.message}`),
  });
  for await (const entry of follow) {
    if (entry.kind === 'event') {
      const node = view.apply(entry.event);
      await presenter.event(entry.event, node);
      if (entry.event.type === 'run.paused') {
        wasPaused();
        // It makes no more events until somebody resumes it.
        presenter.notice(`The run is paused; it goes on with: ice runs resume ${request.runId}`);
      }
    } else if (entry.kind === 'delta') {
      view.delta(entry);
      presenter.delta();
    } else return;
  }
}

/** Between the wish and its arrival the run may have ended, which is as good. */
const ignoreEnded =
  (failed: (error: unknown) => void) =>
  (error: unknown): void => {
    if (!(error instanceof IceError && error.code === 'run_ended')) failed(error);
  };

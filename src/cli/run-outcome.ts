import { ERRORS, EXIT, IceError, isErrorCode } from '../contracts/errors.ts';
import type { Run } from '../contracts/runs.ts';
import type { Connection } from './connect.ts';
import type { Followed } from './follow.ts';
import type { Outcome, View } from './outcome.ts';
import { formatCost, formatDuration } from './render/figures.ts';
import { outputLines } from './render/outputs.ts';
import { type SavedFile, saveOutputs } from './save-outputs.ts';

export interface RunOutcomeOptions {
  connection: Connection;
  cwd: string;
  /** Folder that the outputs are saved in. */
  out?: string | undefined;
}

/** What a command that followed a run hands back: the run, its outputs, and its end as the exit code. */
export async function runOutcome(followed: Followed, options: RunOutcomeOptions): Promise<Outcome> {
  const { run, end } = followed;
  const { connection } = options;
  const body = { run, outputs: run.outputs, target: connection.target };
  const ci = async () => (await import('./render/step-summary.ts')).runReport(run, followed.view.failedPath);
  const error = errorOf(run);
  if (error) {
    return { body, error, ci, exit: exitOf(run), told: false, next: [`ice runs show ${run.id}`] };
  }
  if (run.state === 'succeeded') {
    const saved =
      options.out === undefined
        ? []
        : await saveOutputs(followed, options.out, connection.client, options.cwd);
    return {
      body: { ...body, ...(options.out === undefined ? {} : { saved }) },
      text: (view) => resultLines(followed, saved, view),
      ci,
    };
  }
  return { body: { ...body, left: end }, ci, ...leftOpen(end, run) };
}

/** `--detach` needs somebody else to execute the run. */
export function needServer(executes: boolean, verb: string): void {
  if (!executes) return;
  throw new IceError('usage', 'There is no server here to leave the run to.', {
    hint: `Start one in another terminal: ice dev. Or leave --detach out: this ${verb} then executes the run itself.`,
  });
}

function errorOf(run: Run): IceError | undefined {
  if (run.state === 'cancelled') return new IceError('run_cancelled', `The run ${run.id} was cancelled.`);
  if (run.state !== 'failed') return undefined;
  const why = run.error ?? { code: 'internal', message: 'without a reason' };
  const code = why.code === 'budget_exceeded' ? 'budget_exceeded' : 'run_failed';
  const failedIn = (run.error as { path?: string } | null)?.path;
  const reason = why.code === code ? why.message : `${why.code}: ${why.message}`;
  return new IceError(code, `The run failed: ${reason}`, {
    ...(why.hint === undefined ? {} : { hint: why.hint }),
    details: { run: run.id, error: why, ...(failedIn === undefined ? {} : { path: failedIn }) },
  });
}

/** A run that failed exits with 1, whatever a node failed with, except where the budget ended it. */
const exitOf = (run: Run): number => {
  if (run.state === 'cancelled') return EXIT.cancelled;
  const code = run.error?.code;
  return isErrorCode(code) && ERRORS[code].exit === 'budget' ? EXIT.budget : EXIT.failed;
};

/** The run has not ended, and this command no longer waits for it. */
function leftOpen(end: Followed['end'], run: Run): Pick<Outcome, 'exit' | 'next' | 'error' | 'told'> {
  if (end === 'forced') return { exit: EXIT.interrupted, next: [`ice runs show ${run.id}`] };
  const goOn = run.state === 'paused' ? `ice runs resume ${run.id}` : `ice runs watch ${run.id}`;
  const error = new IceError('wait_timeout', `The run ${run.id} has not ended; it is ${run.state}.`, {
    hint: goOn,
  });
  // Who asked to leave knows why; who ran out of time is told.
  return end === 'timeout' ? { error } : { error, told: true, next: [goOn] };
}

/** stdout of a run that succeeded: for a person its outputs at a glance, for a pipe one JSON value. */
function resultLines({ run }: Followed, saved: SavedFile[], view: View): string[] {
  const { theme } = view;
  const outputs = run.outputs ?? {};
  if (!view.isTTY) return [JSON.stringify(outputs, null, 2)];
  const lines = outputLines(outputs, view);
  for (const { file, bytes } of saved)
    lines.push(`${theme.good(theme.mark.ok)} ${file} ${theme.dim(`${bytes} B`)}`);
  const took =
    run.startedAt && run.endedAt ? formatDuration(Date.parse(run.endedAt) - Date.parse(run.startedAt)) : '';
  const notes = [took, run.cost > 0 ? formatCost(run.cost) : ''].filter(Boolean);
  return lines.length > 0 ? lines : [theme.dim(`succeeded ${notes.join(', ')}`.trim())];
}

import { IceError } from '../contracts/errors.ts';

/** What a run store refuses, worded once for all stores. */
export const noSuchRun = (runId: string): IceError =>
  new IceError('not_found', `There is no run ${runId}`, { hint: 'ice runs list' });

export const leaseLost = (runId: string): IceError =>
  new IceError('lease_lost', `Another worker drives ${runId}`, { hint: `ice runs watch ${runId}` });

export const otherContent = (runId: string): IceError =>
  new IceError(
    'idempotency_mismatch',
    `There is a run ${runId} already, and it was asked for something else`,
    {
      hint: 'Leave the id out, or use a new one.',
    },
  );

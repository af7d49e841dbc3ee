import { IceError } from '../contracts/errors.ts';

/** What a run store refuses, worded once for all stores. */
export const noSuchRun = (runId: string): IceError =>
  new IceError('not_found', `There is no run ${runId}`, { hint: 'ice runs list' });

export const leaseLost = (runId: string): IceError =>
  new IceError('lease_lost', `Another worker drives ${runId}`, { hint: `ice runs watch ${runId}` });

export const otherContent = (id: string): IceError =>
  new IceError('idempotency_mismatch', `The run ${id} is there already, with other content`, {
    hint: 'Leave the id out, or make a new one; the same id with the same content is a safe retry',
    details: { id },
  });

import { IceError } from '../contracts/errors.ts';

/** Drafts are work in hand: more than this in one project is a program that forgets to remove them. */
export const MOST_DRAFTS = 1_000;

export const tooManyDrafts = (project: string): IceError =>
  new IceError('conflict', `${project} has ${MOST_DRAFTS} drafts, which is the most`, {
    hint: 'Finalize or remove some of them',
  });

import { hash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import canonicalize from 'canonicalize';
import * as z from 'zod';
import type { BodyOf } from '../client/index.ts';
import { type PushEntry, type PushPlan, pushPlanSchema } from '../contracts/components.ts';
import { IceError } from '../contracts/errors.ts';
import { digestSchema } from '../contracts/id-schemas.ts';
import { pushRequestSchema } from '../contracts/requests/pushes.ts';
import type { ProjectComponent } from '../project/build-components.ts';
import type { TargetNote } from './connect.ts';

export type PushRequest = Omit<BodyOf<'pushesCreate'>, 'dryRun'>;

/** What a push asks the target for. */
export function pushRequestOf(
  components: readonly ProjectComponent[],
  options: Omit<PushRequest, 'items'>,
): PushRequest {
  return {
    items: components.map(({ kind, name, version, digest, info, file }) => ({
      kind,
      name,
      version,
      digest,
      info,
      file,
    })),
    ...options,
  };
}

/**
 * Writes a plan to be reviewed: what was planned, for which target, and what applying it will ask for. The check sum
 * finds an edit by hand: what is applied is what was reviewed.
 */
export function writePlanFile(
  name: string,
  cwd: string,
  target: TargetNote,
  { request, content }: { request: PushRequest; content: readonly string[] },
  plan: PushPlan,
): string {
  const body = {
    icePushPlan: 1,
    target: { name: target.name, url: target.url ?? null, project: target.project },
    plan,
    request: { ...request, base: plan.base },
    content,
  };
  const text = `${JSON.stringify({ ...body, check: checkOf(body) }, null, 2)}\n`;
  try {
    writeFileSync(resolve(cwd, name), text);
  } catch (error) {
    throw new IceError('machine', `The plan could not be written to ${name}.`, {
      hint: 'Is its folder there, and may you write into it?',
      cause: error,
    });
  }
  return name;
}

/** A plan as it was reviewed. */
export interface PlanFile {
  /** With the `base` that the plan was made against. */
  request: PushRequest;
  plan: PushPlan;
  /** Digests of everything that the components are made of. */
  content: string[];
}

/** Reads a plan file. Errors: `usage` for what is none or was edited, `target_moved` for one of another target. */
export function readPlanFile(name: string, cwd: string, target: TargetNote): PlanFile {
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(readFileSync(resolve(cwd, name), 'utf8')) as Record<string, unknown>;
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new IceError('usage', missing ? `There is no file ${name}.` : `${name} is not JSON.`, {
      hint: `Make one: ice push --plan ${name}`,
    });
  }
  const { check, ...content } = value;
  const request = pushRequestSchema.omit({ dryRun: true }).safeParse(content['request']);
  const plan = pushPlanSchema.safeParse(content['plan']);
  const digests = z.array(digestSchema).safeParse(content['content']);
  if (content['icePushPlan'] !== 1 || !request.success || !plan.success || !digests.success)
    throw new IceError('usage', `${name} is no push plan.`, { hint: `Make one: ice push --plan ${name}` });
  if (check !== checkOf(content))
    throw new IceError('push_refused', `${name} was changed after it was written.`, {
      hint: `A plan is applied as it was reviewed. Make it anew: ice push --plan ${name}`,
    });
  const made = content['target'] as { name: string; url: string | null; project: string };
  if (made.project !== target.project || (made.url !== null && made.url !== (target.url ?? null)))
    throw new IceError(
      'target_moved',
      `${name} was made for the target ${made.name}, project ${made.project}.`,
      {
        hint: `ice push --apply ${name} --target ${made.name}`,
      },
    );
  return { request: request.data, plan: plan.data, content: digests.data };
}

/** Whether the target would now do what was reviewed, entry by entry. */
export const sameEntries = (reviewed: PushPlan, now: PushPlan): boolean =>
  canonicalize(reviewed.entries.map(effectOf)) === canonicalize(now.entries.map(effectOf));

const effectOf = ({ action, kind, name, version, previous, digest }: PushEntry) => ({
  action,
  kind,
  name,
  version,
  previous,
  digest,
});

const checkOf = (content: object): string => `sha256:${hash('sha256', canonicalize(content) ?? '')}`;

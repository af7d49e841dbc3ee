import type { z } from 'zod';
import type { RouteName } from '../routes.ts';
import { ARTIFACT_REQUESTS } from './artifacts.ts';
import { BLUEPRINT_REQUESTS } from './blueprints.ts';
import { COMPONENT_REQUESTS } from './components.ts';
import { DRAFT_REQUESTS } from './drafts.ts';
import { IDENTITY_REQUESTS } from './identity.ts';
import { PUSH_REQUESTS } from './pushes.ts';
import { RUN_REQUESTS } from './runs.ts';
import { SECRET_REQUESTS } from './secrets.ts';

/** The schema of a part of what a route takes; `undefined` where it takes none. */
export type RequestSchema<
  N extends RouteName,
  K extends 'params' | 'query' | 'body',
> = N extends keyof typeof REQUESTS
  ? (typeof REQUESTS)[N] extends Record<K, infer S extends z.ZodType>
    ? S
    : undefined
  : undefined;

/** What each route takes; routes that take nothing are absent. A server has them one by one, by `load.ts`. */
export const REQUESTS = {
  ...IDENTITY_REQUESTS,
  ...COMPONENT_REQUESTS,
  ...ARTIFACT_REQUESTS,
  ...PUSH_REQUESTS,
  ...BLUEPRINT_REQUESTS,
  ...DRAFT_REQUESTS,
  ...SECRET_REQUESTS,
  ...RUN_REQUESTS,
};

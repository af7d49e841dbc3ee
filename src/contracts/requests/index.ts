import { ARTIFACT_REQUESTS } from './artifacts.ts';
import { BLUEPRINT_REQUESTS } from './blueprints.ts';
import { COMPONENT_REQUESTS } from './components.ts';
import { DRAFT_REQUESTS } from './drafts.ts';
import { IDENTITY_REQUESTS } from './identity.ts';
import { PUSH_REQUESTS } from './pushes.ts';
import { RUN_REQUESTS } from './runs.ts';
import { SECRET_REQUESTS } from './secrets.ts';

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

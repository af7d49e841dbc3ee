/** The rules of versions: pure, so that server, command line and tests plan alike. */
export { changeOfPlan, refusalOf } from './change-of-plan.ts';
export { changeUse, type UseChange, type UseRequest } from './change-use.ts';
export { type ComparableVersion, type ComponentDiff, diffComponents } from './diff-components.ts';
export { asksForMore, diffPermissions, NOTHING, type Reach, sayAdded } from './diff-permissions.ts';
export { diffSchemas } from './diff-schemas.ts';
export { nextVersion, taggedVersion } from './next-version.ts';
export { type PushOptions, planPush, type RegistryState, type WantedComponent } from './plan-push.ts';
export {
  highestRelease,
  isRelease,
  isTag,
  LATEST,
  type Resolution,
  type ResolvableVersion,
  resolveRange,
} from './resolve-range.ts';

/** The user's folder: what is in it, where commands go, what is made of it. */
export { BuildCache } from './build-cache.ts';
export {
  type BuildOptions,
  type BuiltProject,
  buildComponents,
  manifestBytes,
  type ProjectComponent,
} from './build-components.ts';
export type { Extract, ExtractDocument } from './build-tool.ts';
export { type CatalogParts, catalogOf, refKey, unansweredRefs } from './catalog.ts';
export type { ComponentSource } from './component-sources.ts';
export {
  databasePath,
  isOn,
  resolveSettings,
  type SettingSources,
  type Settings,
  settingsAsGiven,
} from './config.ts';
export { type Credential, type Credentials, openCredentials } from './credentials.ts';
export { findProject, PROJECT_FILE } from './find-project.ts';
export { type LoadedProject, loadProject, type Project } from './load-project.ts';
export {
  type InitOptions,
  initProject,
  isProject,
  type NewOptions,
  type NextStep,
  newComponent,
  type Scaffolded,
} from './scaffold.ts';
export {
  addTarget,
  type KnownTarget,
  knownTargets,
  removeTarget,
  resolveTarget,
  type Target,
  useTarget,
} from './targets.ts';
export { findTemplate, listTemplates, type Template } from './templates.ts';
export { iceVersion, toolchain } from './toolchain.ts';
export {
  EMPTY_USER_CONFIG,
  readUserConfig,
  type UserConfig,
  updateUserConfig,
  userConfigPath,
} from './user-config.ts';

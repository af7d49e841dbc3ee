/** The front end of the compiler: text -> diagnostics, and a plan when there are none. */

export { checkAgent } from './check/check-agent.ts';
export {
  type CheckResult,
  checkBlueprint,
  type ParseResult,
  parseBlueprint,
} from './check/check-blueprint.ts';
export { blueprintSchemas } from './check/check-document.ts';
export { rootCauseFirst } from './check/order.ts';
export { CODES, type CodeEntry } from './diagnostics/codes.ts';
export { finding } from './diagnostics/finding.ts';
export { applyFixes } from './diagnostics/fixes.ts';
export {
  DIAGNOSTIC_FORMATS,
  type DiagnosticFormat,
  type FormatOptions,
  formatDiagnostics,
} from './diagnostics/format.ts';
export { ANSI_PALETTE, type Palette } from './diagnostics/pretty.ts';
export { agentPlan } from './plan/agent-plan.ts';
export { canonicalBlueprint } from './plan/canonical.ts';
export { compilePlan } from './plan/compile.ts';
export { PLAN_DEFAULTS } from './plan/defaults.ts';
export { inputSchemaOf, writeOnlyInputs } from './plan/input-schema.ts';
export { modelsOf, type NeededSecret, neededSecrets } from './plan/needed-secrets.ts';
export { outlineOf } from './plan/outline.ts';
export { toolPlan } from './plan/tool-plan.ts';
export {
  type Catalog,
  type CatalogEntry,
  EMPTY_CATALOG,
  modelsIn,
  referencesOf,
  withReferences,
} from './references/catalog.ts';
export { documentText } from './source/document-text.ts';

import type { ComponentInfo, Manifest, PermissionChange, SchemaChange } from '../contracts/components.ts';
import { asksForMore, diffPermissions } from './diff-permissions.ts';
import { diffSchemas } from './diff-schemas.ts';

/** A version of a component, registered or just built. */
export interface ComparableVersion {
  version: string;
  digest: string;
  manifest: Manifest;
  info: ComponentInfo;
}

/** What is different in another version of a component, as a caller and as the owner of the machine see it. */
export interface ComponentDiff {
  /** Same digest: nothing that runs, or that callers see, is different. */
  same: boolean;
  schema: SchemaChange[];
  permissions: PermissionChange[];
  /** The bundle, or the document, is another one. */
  content: boolean;
  description: boolean;
  breaking: boolean;
  asksForPermissions: boolean;
}

/** Compares two versions; `before` is what callers have. */
export function diffComponents(before: ComparableVersion, after: ComparableVersion): ComponentDiff {
  const schema = [
    ...diffSchemas('input', before.manifest.input, after.manifest.input),
    ...diffSchemas('output', before.manifest.output, after.manifest.output),
  ];
  const permissions = diffPermissions(before.manifest, after.manifest);
  return {
    same: before.digest === after.digest,
    schema,
    permissions,
    content: before.manifest.entry !== after.manifest.entry,
    description: before.info.description !== after.info.description,
    breaking: schema.some((change) => change.breaking),
    asksForPermissions: asksForMore(permissions),
  };
}

import type { ComponentInfo, Manifest } from '../contracts/components.ts';
import type { ComponentKind } from '../contracts/ids.ts';
import type { Json } from '../contracts/json.ts';

/** A version as the store keeps it; times in epoch milliseconds. */
export interface VersionRow {
  project: string;
  kind: ComponentKind;
  name: string;
  version: string;
  digest: string;
  manifest: Manifest;
  info: ComponentInfo;
  createdAt: number;
  createdBy: string;
  archivedAt: number | null;
}

export interface TagRow {
  kind: ComponentKind;
  name: string;
  tag: string;
  version: string;
}

/** Everything that a push writes, in one transaction. */
export interface RegistryChange {
  project: string;
  /** Hash of the registry that this change was planned against; another one is `target_moved`. */
  base: string;
  versions: VersionRow[];
  tags: TagRow[];
  archive: { kind: ComponentKind; name: string; version: string; at: number | null }[];
  /** Tags that are removed; one that is not there is none the less gone. */
  untag?: Omit<TagRow, 'version'>[];
}

export interface RegistryStore {
  /** All versions of a project (archived ones included), newest first. */
  versions(project: string, filter?: { kind?: ComponentKind; name?: string }): Promise<VersionRow[]>;
  tags(project: string): Promise<TagRow[]>;
  /** Changes with every change of the project's versions and tags. */
  revision(project: string): Promise<string>;
  apply(change: RegistryChange): Promise<void>;
}

/** Content by digest, in a project. A digest is proof of nothing but content: reading needs membership. */
export interface ArtifactStore {
  put(project: string, digest: string, bytes: Uint8Array, by: string): Promise<{ created: boolean }>;
  get(project: string, digest: string): Promise<{ bytes: Uint8Array; by: string } | undefined>;
  has(project: string, digests: string[]): Promise<Set<string>>;
}

/** A draft of a blueprint as the store keeps it; times in epoch milliseconds. */
export interface DraftRow {
  project: string;
  /** `dft_…`: sorts by the time when it was made. */
  id: string;
  name: string | null;
  document: { [key: string]: Json };
  revision: number;
  createdAt: number;
  createdBy: string;
  updatedAt: number;
  updatedBy: string;
}

/** Drafts of a project, each changed only by who knows its revision. */
export interface DraftStore {
  /** Newest first; those with an id below `before`. */
  list(project: string, query: { before?: string; limit: number }): Promise<DraftRow[]>;
  get(project: string, id: string): Promise<DraftRow | undefined>;
  /** Errors: `conflict` when the project has as many as it may. */
  create(row: DraftRow): Promise<void>;
  /** False when the draft is gone, or is not at the revision before `row.revision`. */
  update(row: DraftRow): Promise<boolean>;
  /** False when the draft is gone, or at another revision. */
  remove(project: string, id: string, revision: number): Promise<boolean>;
}

export type Role = 'viewer' | 'runner' | 'developer' | 'admin';
export const ROLES: readonly Role[] = ['viewer', 'runner', 'developer', 'admin'];

/** A bearer token; only its sha256 is kept. */
export interface TokenRow {
  id: string;
  hash: string;
  name: string;
  org: string;
  /** The project it is for; null = every project of the org. */
  project: string | null;
  role: Role;
  /** The operator's own token: made by the server on its first start. */
  operator: boolean;
  createdAt: number;
  createdBy: string;
  expiresAt: number | null;
  lastUsedAt: number | null;
  revokedAt: number | null;
}

export interface TokenStore {
  byHash(hash: string): Promise<TokenRow | undefined>;
  list(org: string): Promise<TokenRow[]>;
  put(row: TokenRow): Promise<void>;
  touch(id: string, at: number): Promise<void>;
  revoke(id: string, at: number): Promise<boolean>;
}

/** Answers to writes that carried an Idempotency-Key. */
export interface IdempotencyStore {
  /** Returns the stored answer, or reserves the key; the same key with another request hash is `idempotency_mismatch`. */
  begin(
    scope: string,
    key: string,
    requestHash: string,
    now: number,
  ): Promise<{ status: number; body: string } | 'new' | 'in-progress'>;
  finish(scope: string, key: string, answer: { status: number; body: string }): Promise<void>;
  abandon(scope: string, key: string): Promise<void>;
}

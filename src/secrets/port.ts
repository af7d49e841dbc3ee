import type { KeyPlace } from './key-source.ts';

/** Names of secrets are those of environment variables, so that a tool reads the same name wherever it runs. */
export const SECRET_NAME = /^[A-Z][A-Z0-9_]{0,99}$/;
/** Longer values are files, not secrets; it also bounds what redaction has to look for. */
export const LONGEST_SECRET = 16 * 1024;

/**
 * A value under two keys: encrypted with a data key of its own, which is encrypted with a master key. Rotating the
 * master key encrypts the data keys again and leaves the values alone. Parts are base64; AES-256-GCM throughout.
 */
export interface SealedValue {
  v: 1;
  /** Which master key: the first 16 hex digits of a hash of it. */
  key: string;
  dataKey: SealedPart;
  value: SealedPart;
}
export interface SealedPart {
  iv: string;
  tag: string;
  text: string;
}

/** A secret as a store keeps it; times in epoch milliseconds. */
export interface SecretRow {
  project: string;
  name: string;
  sealed: SealedValue;
  /** From 1; counts each new value. */
  version: number;
  createdAt: number;
  updatedAt: number;
  updatedBy: string;
}

/** Sealed secrets of projects. A store never holds a plain value, nor a key. */
export interface SecretStore {
  get(project: string, name: string): Promise<SecretRow | undefined>;
  /** By name. */
  list(project: string): Promise<SecretRow[]>;
  /** Makes or replaces; `version` and `createdAt` are the store's to count and keep. */
  put(row: Omit<SecretRow, 'version' | 'createdAt'>): Promise<SecretRow>;
  remove(project: string, name: string): Promise<boolean>;
  /** Of all projects, at most `limit`: those that are not under this master key. */
  notUnder(key: string, limit: number): Promise<SecretRow[]>;
  /** Puts the value under another master key, unless a new value came meanwhile (another `version`): then false. */
  reseal(row: Pick<SecretRow, 'project' | 'name' | 'version' | 'sealed'>): Promise<boolean>;
}

/** What one may know of a secret. */
export type SecretInfo = Omit<SecretRow, 'sealed' | 'project'>;

/** Secrets of projects, plain only in the hands of who needs them. */
export interface Secrets {
  /** Fails with `secret_missing`, naming all that are missing. */
  values(project: string, names: readonly string[]): Promise<Record<string, string>>;
  find(project: string, name: string): Promise<string | undefined>;
  list(project: string): Promise<SecretInfo[]>;
  /** Fails with `bad_request` on a name or value that can't be one. */
  set(project: string, name: string, value: string, by: string): Promise<SecretInfo>;
  remove(project: string, name: string): Promise<boolean>;
  /** Puts every secret under the current master key, or a new one; says how many were not. */
  rotate(how?: { newKey?: boolean }): Promise<{ resealed: number }>;
  /** Where the master key is. */
  keyPlace(): Promise<KeyPlace>;
}

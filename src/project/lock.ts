import { hash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import canonicalize from 'canonicalize';
import { parse, stringify } from 'yaml';
import { blueprintSchema } from '../contracts/blueprint.ts';
import {
  type ComponentInfo,
  componentInfoSchema,
  type Manifest,
  manifestSchema,
} from '../contracts/components.ts';
import { IceError } from '../contracts/errors.ts';
import { parseRef } from '../contracts/ids.ts';
import type { Json } from '../contracts/json.ts';
import { type LockFile, lockSchema } from '../contracts/lock.ts';
import { agentDocumentSchema } from '../contracts/nodes/agent.ts';
import type { CatalogEntry } from '../language/index.ts';
import { explainFileError } from './file-errors.ts';
import { LOCK_FILE } from './find-project.ts';

/** What was pulled, one folder a version; it is committed with the lock, and reviewed like any code. */
export const VENDOR_FOLDER = 'vendor/ice';

const HEADING = `Written by ice pull; commit it together with ${VENDOR_FOLDER}.
With --locked, references mean exactly what stands here, whatever the target has by now.`;
const ENTRY_FILES = { tool: 'tool.mjs', workflow: 'workflow.json', agent: 'agent.json' } as const;
/** A tool of an MCP server has no code; its entry says where it is. */
const entryFileOf = (kind: Manifest['kind'], name: string): string =>
  name.startsWith('mcp/') ? 'tool.json' : ENTRY_FILES[kind];

/** A version as it was pulled: all that a target needs to run it, and a project to check against it. */
export interface PulledVersion {
  version: string;
  digest: string;
  manifest: Manifest;
  info: ComponentInfo;
  entry: Uint8Array;
}

/** The lock of a project, with what was pulled; everything is checked against its digest when it is read. */
export interface ProjectLock {
  file: LockFile;
  versions: ReadonlyMap<string, PulledVersion>;
}

const digestOf = (bytes: Uint8Array | string): string => `sha256:${hash('sha256', bytes, 'hex')}`;
const folderOf = ({ manifest, version }: Pick<PulledVersion, 'manifest' | 'version'>): string =>
  `${VENDOR_FOLDER}/${manifest.kind}/${manifest.name}@${version}`;

/**
 * Reads the lock; undefined when the project has none. Errors: `project_invalid` for a file that is no lock,
 * `artifact_mismatch` for something in vendor/ice that is not what was pulled, `lock_stale` for what is missing there.
 */
export function readLock(root: string): ProjectLock | undefined {
  const path = join(root, LOCK_FILE);
  if (!existsSync(path)) return undefined;
  let value: unknown;
  try {
    value = parse(readText(path), { maxAliasCount: 0 });
  } catch (error) {
    if (error instanceof IceError) throw error;
    throw noLock('it is not YAML');
  }
  const parsed = lockSchema.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw noLock(`${issue.path.join('.') || 'it'}: ${issue.message}`);
  }
  const versions = new Map<string, PulledVersion>();
  for (const [key, { version, digest }] of Object.entries(parsed.data.refs)) {
    const ref = parseRef(key);
    if (!ref?.kind) throw noLock(`${key.slice(0, 100)} is no reference with its kind`);
    if (/[/\\]/.test(version)) throw noLock(`${version.slice(0, 100)} is no version`);
    if (ref.name.startsWith('std/')) continue;
    versions.set(key, readPulled(root, ref.kind, ref.name, version, digest));
  }
  return { file: parsed.data, versions };
}

const noLock = (why: string): IceError =>
  new IceError('project_invalid', `${LOCK_FILE} is no lock: ${why}.`, { hint: 'Make it anew: ice pull' });

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw explainFileError(error, path, 'read');
  }
}

function readPulled(
  root: string,
  kind: Manifest['kind'],
  name: string,
  version: string,
  digest: string,
): PulledVersion {
  const folder = `${VENDOR_FOLDER}/${kind}/${name}@${version}`;
  const at = (file: string): string => join(root, folder, file);
  if (!existsSync(at('manifest.json')) || !existsSync(at(entryFileOf(kind, name))))
    throw new IceError(
      'lock_stale',
      `${LOCK_FILE} has ${kind}/${name} ${version}, and ${folder} is not there.`,
      {
        hint: 'Get it again: ice pull',
        details: { missing: [folder] },
      },
    );
  const changed = (file: string): IceError =>
    new IceError('artifact_mismatch', `${folder}/${file} is not what was pulled: its digest is another.`, {
      hint: 'What was pulled is not edited. Get it again: ice pull',
      details: { file: `${folder}/${file}`, digest },
    });
  const manifest = jsonOf(readText(at('manifest.json')));
  const parsed = manifestSchema.safeParse(manifest);
  if (!parsed.success || digestOf(canonicalize(manifest) ?? '') !== digest) throw changed('manifest.json');
  if (parsed.data.kind !== kind || parsed.data.name !== name) throw changed('manifest.json');
  const file = entryFileOf(kind, name);
  const bytes = file.endsWith('.mjs') ? readBytes(at(file)) : canonicalBytes(jsonOf(readText(at(file))));
  if (digestOf(bytes) !== parsed.data.entry) throw changed(file);
  const info = componentInfoSchema.safeParse(
    existsSync(at('info.json')) ? jsonOf(readText(at('info.json'))) : {},
  );
  return {
    version,
    digest,
    manifest: parsed.data,
    info: info.success ? info.data : componentInfoSchema.parse({}),
    entry: bytes,
  };
}

function readBytes(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw explainFileError(error, path, 'read');
  }
}

function jsonOf(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}

const canonicalBytes = (value: Json): Uint8Array => new TextEncoder().encode(canonicalize(value));

/** What was pulled, as a catalog has it. Errors: `artifact_mismatch` for a document that is none. */
export function pulledEntry({ version, digest, manifest, info, entry }: PulledVersion): CatalogEntry {
  const plain: CatalogEntry = { version, digest, manifest, description: info.description };
  if (manifest.kind === 'tool') return plain;
  const value = jsonOf(new TextDecoder().decode(entry));
  const parsed =
    manifest.kind === 'workflow' ? blueprintSchema.safeParse(value) : agentDocumentSchema.safeParse(value);
  if (!parsed.success)
    throw new IceError('artifact_mismatch', `The document of ${manifest.kind}/${manifest.name} is none.`, {
      hint: 'It may be of a newer ice: npm i -D iceos@latest',
    });
  return manifest.kind === 'workflow'
    ? { ...plain, blueprint: parsed.data as NonNullable<CatalogEntry['blueprint']> }
    : { ...plain, agent: parsed.data as NonNullable<CatalogEntry['agent']> };
}

/** Writes the lock and what it names, and takes away what no reference means any more. What is there already stays. */
export function writeLock(root: string, { file, versions }: ProjectLock): void {
  const kept = new Set<string>();
  for (const pulled of versions.values()) {
    const folder = folderOf(pulled);
    if (kept.has(folder)) continue;
    kept.add(folder);
    const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
    const { kind, name } = pulled.manifest;
    const file = entryFileOf(kind, name);
    write(root, `${folder}/manifest.json`, json(pulled.manifest));
    write(root, `${folder}/info.json`, json({ description: pulled.info.description }));
    write(
      root,
      `${folder}/${file}`,
      file.endsWith('.mjs') ? pulled.entry : json(jsonOf(new TextDecoder().decode(pulled.entry))),
    );
  }
  sweep(root, kept);
  const sorted = Object.fromEntries(Object.entries(file.refs).sort(([a], [b]) => (a < b ? -1 : 1)));
  const comment = HEADING.replace(/^/gm, '# ');
  write(root, LOCK_FILE, `${comment}\n${stringify({ ...file, refs: sorted }, { lineWidth: 0 })}`);
}

/** Whole or not at all; a file that has this content already is left alone. */
function write(root: string, name: string, content: string | Uint8Array): void {
  const path = join(root, name);
  try {
    if (existsSync(path) && Buffer.from(content).equals(readFileSync(path))) return;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}.part`, content);
    renameSync(`${path}.part`, path);
  } catch (error) {
    throw explainFileError(error, path, 'write');
  }
}

/** Folders of versions that nothing means; only those of our own form are touched. */
function sweep(root: string, kept: ReadonlySet<string>): void {
  const visit = (folder: string, depth: number): void => {
    if (!existsSync(join(root, folder))) return;
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const inner = `${folder}/${entry.name}`;
      if (entry.name.includes('@')) {
        if (!kept.has(inner)) rmSync(join(root, inner), { recursive: true, force: true });
      } else if (entry.isDirectory() && depth > 0) visit(inner, depth - 1);
    }
  };
  // `mcp/<server>/<tool>` lies two folders deeper than other names.
  for (const kind of Object.keys(ENTRY_FILES)) visit(`${VENDOR_FOLDER}/${kind}`, 2);
}

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { IceError } from '../../contracts/errors.ts';
import { explainFileError } from '../file-errors.ts';
import { type PlannedFile, writeFiles } from '../write-files.ts';
import { isMap } from './json-pointer.ts';

/** What an import remembers beside its files, so that the next one knows which of them a person has changed. */
export const RECORD_FILE = '_import.json';

export interface ImportedFile {
  /** Relative to the folder of the import. */
  path: string;
  text: string;
}

/** What becomes of a file; `changed` is one that a person has changed since it was imported. */
export type FileAction = 'create' | 'update' | 'unchanged' | 'changed';

export interface FolderPlan {
  dir: string;
  files: (ImportedFile & { action: FileAction })[];
  /** The text of the record. */
  record: string;
}

/**
 * What writing an import into a folder would do. A file that is as the last import wrote it may be replaced; one that
 * a person has changed, or made, may not.
 */
export function planFolder(
  dir: string,
  files: readonly ImportedFile[],
  facts: Record<string, unknown>,
): FolderPlan {
  const recorded = readRecord(dir);
  const planned = files.map(({ path, text }) => ({
    path,
    text,
    action: actionOf(dir, path, text, recorded[path]),
  }));
  const kept = Object.fromEntries(
    Object.entries(recorded).filter(
      ([path]) => existsSync(join(dir, path)) && !files.some((file) => file.path === path),
    ),
  );
  const all = { ...kept, ...Object.fromEntries(files.map(({ path, text }) => [path, sha256(text)])) };
  const sorted = Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { dir, files: planned, record: `${JSON.stringify({ ...facts, files: sorted }, null, 2)}\n` };
}

/** Writes all of the plan or nothing. Errors: `conflict` for files that a person has changed, unless `force`. */
export function writeFolder(
  plan: FolderPlan,
  { force = false, shown = plan.dir }: { force?: boolean; shown?: string } = {},
): void {
  const changed = plan.files.filter((file) => file.action === 'changed');
  if (changed.length > 0 && !force) throw changedByHand(changed.map((file) => `${shown}/${file.path}`));
  if (
    plan.files.every((file) => file.action === 'unchanged') &&
    sameText(join(plan.dir, RECORD_FILE), plan.record)
  )
    return;
  const files: PlannedFile[] = plan.files.map(({ path, text, action }) => ({
    path,
    text,
    action: action === 'create' ? 'create' : action === 'unchanged' ? 'keep' : 'extend',
  }));
  files.push({
    path: RECORD_FILE,
    text: plan.record,
    action: existsSync(join(plan.dir, RECORD_FILE)) ? 'extend' : 'create',
  });
  writeFiles(plan.dir, files);
}

export function changedByHand(files: readonly string[]): IceError {
  const some = files.slice(0, 5).join(', ');
  return new IceError(
    'conflict',
    files.length === 1
      ? `${some} is there already, and a person wrote or changed it since.`
      : `${files.length} files are there already, and a person wrote or changed them since: ${some}${files.length > 5 ? ', …' : ''}.`,
    {
      hint: 'Keep them by importing into another folder: --out DIR. Or write over them: --force',
      details: { files: files.slice(0, 100) },
    },
  );
}

function actionOf(dir: string, path: string, text: string, recorded: string | undefined): FileAction {
  const file = join(dir, path);
  if (!existsSync(file)) return 'create';
  let before: string;
  try {
    before = readFileSync(file, 'utf8');
  } catch (error) {
    throw explainFileError(error, file, 'read');
  }
  if (before === text) return 'unchanged';
  // Line ends may have been changed by git, which is no change of a person.
  return recorded !== undefined && sha256(before.replaceAll('\r\n', '\n')) === recorded
    ? 'update'
    : 'changed';
}

function readRecord(dir: string): Record<string, string> {
  try {
    const record: unknown = JSON.parse(readFileSync(join(dir, RECORD_FILE), 'utf8'));
    if (!isMap(record) || !isMap(record['files'])) return {};
    return Object.fromEntries(
      Object.entries(record['files']).filter(
        (entry): entry is [string, string] => typeof entry[1] === 'string',
      ),
    );
  } catch {
    // Without a record every file counts as changed by a person, which loses nothing.
    return {};
  }
}

function sameText(file: string, text: string): boolean {
  try {
    return readFileSync(file, 'utf8') === text;
  } catch {
    return false;
  }
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

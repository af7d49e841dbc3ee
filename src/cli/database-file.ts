import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { IceError } from '../contracts/errors.ts';
import type { Output } from './output.ts';
import { targetOf, type Workspace } from './workspace.ts';

/** The database file of the local target; where a command goes elsewhere, it is told that this one stays. */
export function databaseFileOf(workspace: Workspace, output: Output): { root: string; file: string } {
  const root = workspace.loaded?.project?.root ?? workspace.cwd;
  const target = targetOf(workspace);
  if (target.kind === 'remote')
    output.warn(`This is the local target's database; the target ${target.name} has its own.`);
  return { root, file: resolve(root, workspace.settings.database.value ?? '.ice/ice.db') };
}

export function assertThere(file: string): void {
  if (!existsSync(file))
    throw new IceError('not_found', `There is no database ${file} yet.`, {
      hint: 'The first run or push makes it; ice db status shows where it is',
    });
}

import { resolve } from 'node:path';
import { Flags } from '@oclif/core';
import { IceCommand } from '../../base-command.ts';
import { assertThere, databaseFileOf } from '../../database-file.ts';
import { requiredArg } from '../../flags.ts';
import type { Outcome } from '../../outcome.ts';
import { formatBytes } from '../../render/figures.ts';

export default class DbBackup extends IceCommand<typeof DbBackup> {
  static override summary = 'Copy the database of the local target to a file, while it is in use';
  static override description =
    'A whole, checked copy; nobody has to stop. Secrets are in it encrypted: without the master key they cannot be read, so keep that elsewhere.';
  static override examples = ['ice db backup ../ice-backup.db'];
  static override args = { file: requiredArg('Where the copy goes') };
  static override flags = { force: Flags.boolean({ description: 'Over a file that is there' }) };
  static override exitCodes = [11, 12];

  override async run(): Promise<Outcome> {
    const { file } = databaseFileOf(await this.workspace(), this.output);
    assertThere(file);
    const { backupDatabase } = await import('../../../host/database.ts');
    const copied = await backupDatabase(
      file,
      resolve(this.world.cwd, this.args.file),
      this.flags.force === true,
    );
    return {
      body: { database: file, ...copied },
      text: ({ theme }) => [
        `${theme.good(theme.mark.ok)} ${this.args.file} ${theme.dim(formatBytes(copied.bytes))}`,
      ],
      next: [`ice db restore ${this.args.file}`],
    };
  }
}

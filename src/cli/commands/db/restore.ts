import { existsSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { IceError } from '../../../contracts/errors.ts';
import { IceCommand } from '../../base-command.ts';
import { databaseFileOf } from '../../database-file.ts';
import { requiredArg } from '../../flags.ts';
import type { Outcome } from '../../outcome.ts';

export default class DbRestore extends IceCommand<typeof DbRestore> {
  static override summary = 'Put a backup in the place of the database of the local target';
  static override description =
    'The backup is checked first, and an older schema is brought up to date. The database that was there stays beside it under another name. Nobody may use it meanwhile.';
  static override examples = ['ice db restore ../ice-backup.db', 'ice db restore backup.db --yes'];
  static override args = { file: requiredArg('A file that ice db backup wrote') };
  static override exitCodes = [9, 11, 12];

  override async run(): Promise<Outcome> {
    const { root, file } = databaseFileOf(await this.workspace(), this.output);
    const from = resolve(this.world.cwd, this.args.file);
    const { liveServer } = await import('../../../host/server-file.ts');
    const server = await liveServer(root);
    if (server)
      throw new IceError('conflict', `A server of this folder uses the database (process ${server.pid}).`, {
        hint: 'Stop it first: Ctrl-C where ice dev runs',
      });
    if (existsSync(file) && !this.flags.yes) {
      if (!this.mayAsk)
        throw new IceError('input_needed', 'Nobody is here to say that the database is to be replaced.', {
          hint: `ice db restore ${this.args.file} --yes`,
        });
      const { confirm } = await import('@inquirer/prompts');
      const message = `Replace ${file}? It stays beside it under another name.`;
      if (!(await confirm({ message, default: false }, { output: process.stderr })))
        return { body: { database: file, restored: false }, text: () => ['Nothing was restored.'] };
    }
    const { restoreDatabase } = await import('../../../host/database.ts');
    const restored = await restoreDatabase(from, file);
    return {
      body: { database: file, restored: true, ...restored },
      text: ({ theme }) => [
        `${theme.good(theme.mark.ok)} ${file} is what ${this.args.file} was`,
        ...(restored.before === null
          ? []
          : [theme.dim(`the database before is ${relative(this.world.cwd, restored.before)}`)]),
      ],
    };
  }
}

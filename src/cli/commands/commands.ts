import { fileURLToPath } from 'node:url';
import { EXIT } from '../../contracts/errors.ts';
import { IceCommand } from '../base-command.ts';
import { Catalogue } from '../catalogue.ts';
import type { Outcome } from '../outcome.ts';
import { table } from '../render/table.ts';

export default class Commands extends IceCommand<typeof Commands> {
  static override summary = 'List all commands';
  static override description =
    'With --json: every command with its arguments, flags, examples, exit codes, and whether it only reads. Made for coding agents and completion.';
  static override examples = ['ice commands', 'ice commands --json'];
  static override readOnly = true;

  override async run(): Promise<Outcome> {
    const { root, version } = this.world;
    const catalogue = await Catalogue.open(fileURLToPath(root), this.world.commands, version);
    const commands = catalogue.cards
      .filter((card) => !card.hidden)
      .map(({ relativePath: _, id, exitCodes, ...card }) => ({
        command: `ice ${id.replaceAll(':', ' ')}`,
        ...card,
        exitCodes: [...new Set([0, 2, 4, 5, 14, 70, ...(exitCodes ?? [])])].sort((a, b) => a - b),
      }));
    return {
      body: { version, exitCodes: EXIT, commands },
      text: ({ theme, columns }) =>
        table(
          commands,
          [
            { title: 'COMMAND', cell: (one) => one.command },
            { title: 'WHAT IT DOES', cell: (one) => one.summary ?? '', flex: true },
          ],
          theme,
          columns,
        ),
    };
  }
}

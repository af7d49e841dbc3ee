import { fileURLToPath } from 'node:url';
import { IceError } from '../../contracts/errors.ts';
import { IceCommand } from '../base-command.ts';
import { Catalogue } from '../catalogue.ts';
import { completionScript, SHELLS, type Shell } from '../completion.ts';
import { optionalArg } from '../flags.ts';
import type { Outcome } from '../outcome.ts';

export default class Completion extends IceCommand<typeof Completion> {
  static override summary = 'Completion for bash, zsh or fish';
  static override description =
    'The script holds all commands and flags, and finds components by their files, so completing starts no process. Make it anew after an update.';
  static override examples = [
    'source <(ice completion bash)   # now; put it in ~/.bashrc to keep it',
    'ice completion zsh > ~/.zfunc/_ice   # a folder of $fpath',
    'ice completion fish > ~/.config/fish/completions/ice.fish',
  ];
  static override args = { shell: optionalArg('bash, zsh or fish; that of $SHELL unless said') };
  static override readOnly = true;

  override async run(): Promise<Outcome> {
    const named = this.args.shell ?? this.world.env['SHELL']?.split('/').pop() ?? '';
    if (!SHELLS.includes(named as Shell))
      throw new IceError('usage', 'Completion is for bash, zsh and fish.', { hint: 'ice completion bash' });
    const catalogue = await Catalogue.open(
      fileURLToPath(this.world.root),
      this.world.commands,
      this.world.version,
    );
    const script = completionScript(named as Shell, catalogue.cards);
    return { body: { shell: named, script }, text: () => [script.trimEnd()] };
  }
}

import { IceError } from '../../../contracts/errors.ts';
import { IceCommand } from '../../base-command.ts';
import { requiredArg } from '../../flags.ts';
import type { Outcome } from '../../outcome.ts';

export default class SecretSet extends IceCommand<typeof SecretSet> {
  static override summary = 'Set a secret of the project: asked for, or read from stdin';
  static override description =
    "The value is never an argument, where others can read it. It is encrypted at rest, reaches only tools that declare its name and the model provider whose key it is, and can't be read back. A newline at its end is left out.";
  static override examples = [
    'ice secret set OPENAI_API_KEY',
    'ice secret set OPENAI_API_KEY < key.txt',
    'pass show openai | ice secret set OPENAI_API_KEY --target prod',
  ];
  static override args = { name: requiredArg('Its name: capital letters, digits and _') };
  static override exitCodes = [9];

  override async run(): Promise<Outcome> {
    const { name } = this.args;
    const workspace = await this.workspace();
    const value = await this.#value(name);
    return this.connected(
      workspace,
      async ({ client, target }) => {
        const secret = await client.secrets.put(name, { value });
        return {
          body: { secret, target },
          text: ({ theme }) => [
            `${theme.good(theme.mark.ok)} ${theme.strong(name)} ${secret.version === 1 ? 'is set' : `has a new value (the ${ordinal(secret.version)})`}`,
          ],
        };
      },
      { changes: true },
    );
  }

  async #value(name: string): Promise<string> {
    const missing = (hint: string) =>
      new IceError('input_needed', `The value of ${name} is needed.`, { hint });
    if (this.mayAsk) {
      const { password } = await import('@inquirer/prompts');
      const text = await password({ message: `Value of ${name}`, mask: '*' }, { output: process.stderr });
      if (text === '') throw missing(`ice secret set ${name}`);
      return text;
    }
    // Told not to ask, a terminal is not waited for; a pipe is, as by any filter.
    if (this.world.stdin().isTTY) throw missing(`ice secret set ${name} < FILE`);
    const text = (await this.readStdin('the value')).replace(/\r?\n$/, '');
    if (text === '') throw missing(`ice secret set ${name} < FILE`);
    return text;
  }
}

const ordinal = (n: number): string =>
  `${n}${n % 100 > 10 && n % 100 < 14 ? 'th' : (['th', 'st', 'nd', 'rd'][n % 10] ?? 'th')}`;

import { Flags } from '@oclif/core';
import { IceError } from '../../../contracts/errors.ts';
import { addTarget } from '../../../project/targets.ts';
import { IceCommand } from '../../base-command.ts';
import { requiredArg } from '../../flags.ts';
import type { Outcome } from '../../outcome.ts';
import { configFolderOf, credentialsOf } from '../../workspace.ts';

export default class TargetAdd extends IceCommand<typeof TargetAdd> {
  static override summary = 'Name an API, and keep its token';
  static override description =
    'The address goes to your config; the token to the keyring of the system, or where there is none to a file that only you can read. A token is never an argument: it is asked for, or read from stdin with --token -.';
  static override examples = [
    'ice target add prod https://ice.example.com',
    'ice target add prod https://ice.example.com --token - < token.txt',
    'ice target add prod https://ice.example.com --replace',
  ];
  static override args = {
    name: requiredArg('A name for it: prod, staging'),
    url: requiredArg('Its address: https://ice.example.com'),
  };
  static override flags = {
    token: Flags.string({ description: '-: read the token from stdin', helpValue: '-' }),
    replace: Flags.boolean({ description: 'Also when the name has another address' }),
    use: Flags.boolean({ description: 'And make it the one that commands go to' }),
  };
  static override exitCodes = [9, 12];

  override async run(): Promise<Outcome> {
    const { args, flags } = this;
    if (flags.token !== undefined && flags.token !== '-')
      throw new IceError('usage', 'A token does not belong on the command line, where others can read it.', {
        hint: `ice target add ${args.name} ${args.url} --token - < FILE`,
      });
    const workspace = await this.workspace();
    const folder = configFolderOf(workspace);
    const token = await this.#token();
    await addTarget(
      folder,
      args.name,
      { url: args.url, ...(flags.project === undefined ? {} : { project: flags.project }) },
      { replace: flags.replace },
    );
    const kept = token === undefined ? undefined : await credentialsOf(workspace).set(args.url, token);
    if (flags.use) {
      const { useTarget } = await import('../../../project/targets.ts');
      await useTarget(folder, args.name, [{ name: args.name, url: args.url, from: 'user' }]);
    }
    return {
      body: { target: { name: args.name, url: args.url }, credential: kept ?? null, used: flags.use },
      text: ({ theme }) => [
        `${theme.good(theme.mark.ok)} ${theme.strong(args.name)}  ${args.url}`,
        theme.dim(kept ? `  token kept in ${kept.from}` : '  without a token'),
      ],
      next: kept
        ? [`ice whoami --target ${args.name}`]
        : [`ice target add ${args.name} ${args.url} --token - < FILE`],
    };
  }

  async #token(): Promise<string | undefined> {
    if (this.flags.token === '-') {
      const text = (await this.readStdin('--token')).trim();
      if (text === '')
        throw new IceError('usage', 'stdin had no token.', { hint: 'ice target add … --token - < FILE' });
      if (/\s/.test(text)) throw new IceError('usage', 'A token is one word, and stdin had more.');
      return text;
    }
    if (!this.mayAsk || this.flags.yes) return undefined;
    const { password } = await import('@inquirer/prompts');
    const text = await password(
      { message: 'Token (empty: none now)', mask: '*' },
      { output: process.stderr },
    );
    return text.trim() || undefined;
  }
}

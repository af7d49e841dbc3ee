import { basename, resolve } from 'node:path';
import { Flags } from '@oclif/core';
import { IceError } from '../../contracts/errors.ts';
import { IceCommand } from '../base-command.ts';
import { optionalArg } from '../flags.ts';
import type { Outcome } from '../outcome.ts';
import { scaffoldText } from '../render/scaffold.ts';

const DEFAULT_TEMPLATE = 'tool';

export default class Init extends IceCommand<typeof Init> {
  static override summary = 'Make a project from a template; works offline';
  static override description =
    'Fills a folder with a project that validates, tests and runs as it is. Nothing that is there is overwritten: a folder with something in it is refused unless --merge, and a second run says "unchanged".';
  static override examples = [
    'npx iceos init price-tool   # from nothing',
    'ice init reports --template workflow',
    'ice init . --merge --yes',
  ];
  static override args = { dir: optionalArg('Folder to fill; made when it is not there') };
  static override flags = {
    template: Flags.string({ description: 'What to start from: tool, workflow, project', helpValue: 'NAME' }),
    name: Flags.string({ description: "Name of the project; the folder's unless said", helpValue: 'NAME' }),
    merge: Flags.boolean({ description: 'Add what is missing to a folder with something in it' }),
    git: Flags.boolean({
      description: 'Make a repository where there is none',
      default: true,
      allowNo: true,
    }),
  };
  static override exitCodes = [9, 12];

  override async run(): Promise<Outcome> {
    const { initProject } = await import('../../project/scaffold.ts');
    const { flags, world } = this;
    const dir = await this.#dir();
    const made = await initProject({
      dir: resolve(world.cwd, dir),
      template: flags.template ?? (await this.#template()),
      ...(flags.name === undefined ? {} : { name: flags.name }),
      merge: flags.merge,
      git: flags.git,
      env: world.env,
      from: world.cwd,
    });
    return { body: { ...made }, text: (view) => scaffoldText(made, basename(made.dir), view) };
  }

  async #dir(): Promise<string> {
    if (this.args.dir !== undefined) return this.args.dir;
    if (!this.mayAsk || this.flags.yes) {
      if (this.flags.merge) return '.';
      throw new IceError('input_needed', 'Which folder?', { hint: 'ice init my-tool' });
    }
    const { input } = await import('@inquirer/prompts');
    return input({ message: 'Folder', default: 'my-tool' }, { output: process.stderr });
  }

  async #template(): Promise<string> {
    if (!this.mayAsk || this.flags.yes) return DEFAULT_TEMPLATE;
    const { listTemplates } = await import('../../project/templates.ts');
    const { select } = await import('@inquirer/prompts');
    return select(
      {
        message: 'Template',
        choices: listTemplates().map(({ name, summary }) => ({
          value: name,
          name: `${name.padEnd(10)} ${summary}`,
        })),
        default: DEFAULT_TEMPLATE,
      },
      { output: process.stderr },
    );
  }
}

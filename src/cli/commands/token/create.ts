import { Flags } from '@oclif/core';
import { IceCommand } from '../../base-command.ts';
import { durationFlag, requiredArg } from '../../flags.ts';
import type { Outcome } from '../../outcome.ts';

const ROLES = ['viewer', 'runner', 'developer', 'admin'] as const;

export default class TokenCreate extends IceCommand<typeof TokenCreate> {
  static override summary = 'Make a token; its secret is shown once';
  static override description =
    'viewer reads; runner starts registered versions; developer pushes and runs unpublished code; admin also makes tokens. The secret goes to stdout alone, so that it can be piped to where it is kept.';
  static override examples = [
    'ice token create ci --role developer --expires 90d',
    'ice token create ci --role runner --for reports --json',
  ];
  static override args = { name: requiredArg('What it is for: ci, laptop') };
  static override flags = {
    role: Flags.option({ options: ROLES, required: true, description: 'What it may do' })(),
    for: Flags.string({ description: 'Only this project; every project unless said', helpValue: 'PROJECT' }),
    expires: durationFlag({ description: 'How long it is valid; for ever unless said' }),
  };

  override async run(): Promise<Outcome> {
    const { args, flags } = this;
    return this.connected(
      await this.workspace(),
      async ({ client, target }) => {
        const token = await client.tokens.create({
          name: args.name,
          role: flags.role,
          project: flags.for ?? null,
          ...(flags.expires === undefined ? {} : { expiresInMs: flags.expires }),
        });
        this.output.note(
          `${this.output.theme.good(this.output.theme.mark.ok)} ${token.id} ${this.output.theme.dim(`${token.name}, ${token.role}, expires ${token.expiresAt ?? 'never'}`)}`,
          this.output.theme.warn('The secret is shown only now:'),
        );
        return { body: { token, target }, text: () => [token.secret] };
      },
      { changes: true },
    );
  }
}

import { Flags } from '@oclif/core';
import { IceError } from '../../../contracts/errors.ts';
import { IceCommand } from '../../base-command.ts';
import { findComponent, refOf } from '../../find-component.ts';
import { requiredArg } from '../../flags.ts';
import type { Outcome } from '../../outcome.ts';

export default class ComponentsTag extends IceCommand<typeof ComponentsTag> {
  static override summary = 'Let a tag name a version: price@stable';
  static override description =
    'A tag moves; a version never changes. `latest` is what a reference without a version means: moving it back takes a release back for everybody who names none. The tag is moved only if it is still where this command found it.';
  static override examples = [
    'ice components tag price@1.2.0 stable',
    'ice components tag price@1.1.0 latest   # take 1.2.0 back',
    'ice components tag price canary --remove',
  ];
  static override args = {
    ref: requiredArg('[kind/]name@version; with --remove without a version'),
    tag: requiredArg('The tag: lower-case letters, digits and dashes'),
  };
  static override flags = {
    remove: Flags.boolean({ description: 'Remove the tag' }),
    'if-at': Flags.string({ description: 'Only if the tag names this version now', helpValue: 'VERSION' }),
  };
  static override exitCodes = [11, 12];

  override async run(): Promise<Outcome> {
    const { args, flags } = this;
    if (!/^[a-z][a-z0-9-]{0,49}$/.test(args.tag))
      throw new IceError('usage', 'That is no tag.', {
        hint: 'A tag is lower-case letters, digits and dashes: stable, dev, canary',
      });
    const ref = refOf(args.ref);
    if (!flags.remove && ref.range === undefined)
      throw new IceError('usage', 'Which version? Name it with the component.', {
        hint: `ice components tag ${args.ref}@VERSION ${args.tag}`,
      });
    return this.connected(
      await this.workspace(),
      async ({ client, target }) => {
        const { kind, name, version, digest } = await findComponent(client, args.ref);
        const before = await client.components.tag(kind, name, args.tag);
        const from = before?.version ?? null;
        const at = flags['if-at'];
        if (at !== undefined && at !== from)
          throw new IceError('stale', `${args.tag} names ${from ?? 'nothing'}, not ${at}.`, {
            hint: `See its tags: ice components versions ${kind}/${name}`,
            details: { expected: at, actual: from },
          });
        if (flags.remove) {
          if (from === null)
            throw new IceError('not_found', `There is no tag ${args.tag} of ${kind}/${name}.`, {
              hint: `See its tags: ice components versions ${kind}/${name}`,
            });
          await client.components.removeTag(kind, name, args.tag, from);
          return {
            body: { kind, name, tag: args.tag, from, version: null, target },
            text: ({ theme }) => [
              `${theme.good(theme.mark.ok)} ${kind} ${theme.strong(name)}: ${args.tag} is gone ${theme.dim(`(it named ${from})`)}`,
            ],
          };
        }
        if (from !== version)
          await client.components.setTag(kind, name, args.tag, { version, from: before?.version });
        const moved = from === null ? 'new' : from === version ? 'unchanged' : `was ${from}`;
        return {
          body: { kind, name, tag: args.tag, from, version, digest, target },
          text: ({ theme }) => [
            `${theme.good(theme.mark.ok)} ${kind} ${theme.strong(name)}: ${args.tag} ${theme.mark.next} ${theme.strong(version)} ${theme.dim(`(${moved})`)}`,
          ],
        };
      },
      { changes: true },
    );
  }
}

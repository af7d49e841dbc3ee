import { Flags } from '@oclif/core';
import type { PushPlan } from '../../contracts/components.ts';
import { type ErrorCode, EXIT, IceError, isErrorCode } from '../../contracts/errors.ts';
import { askTarget } from '../ask-target.ts';
import { IceCommand } from '../base-command.ts';
import { buildProject, errorsIn } from '../built-project.ts';
import type { Connection } from '../connect.ts';
import { invalidProject } from '../findings.ts';
import { openWorkbench } from '../local-workbench.ts';
import type { Outcome } from '../outcome.ts';
import { type PushRequest, pushRequestOf, readPlanFile, writePlanFile } from '../plan-file.ts';
import { plural } from '../render/figures.ts';
import { planLines } from '../render/push-plan.ts';
import { contentOf, uploadContent } from '../run-order.ts';
import { projectOf, type Workspace } from '../workspace.ts';

export default class Push extends IceCommand<typeof Push> {
  static override summary = 'Register the components of the project on the target';
  static override description =
    'Validates, builds, and shows a plan: what is new, changed, unchanged; what breaks callers; what newly asks for the network or a secret. Then all of it in one transaction, or nothing. Off a terminal it says yes only with --yes.';
  static override examples = [
    'ice push --dry-run',
    'ice push',
    'ice push --yes --target prod',
    'ice push --plan plan.json   # to be reviewed',
    'ice push --apply plan.json --yes',
  ];
  static override flags = {
    'dry-run': Flags.boolean({ description: 'Only show the plan' }),
    plan: Flags.string({ description: 'Write the plan to a file, and apply nothing', helpValue: 'FILE' }),
    apply: Flags.string({
      description: 'Apply a plan file; refused if the target moved since',
      helpValue: 'FILE',
    }),
    tag: Flags.string({ description: 'Register prereleases under this tag: dev', helpValue: 'NAME' }),
    bump: Flags.boolean({
      description: 'Where only a bundled dependency changed, take the next patch version',
    }),
    'allow-breaking': Flags.boolean({ description: 'Also changes that break callers' }),
    'allow-permissions': Flags.boolean({ description: 'Also components that ask for more' }),
    'allow-archive': Flags.boolean({ description: 'Archive what the project no longer has' }),
  };
  static override exitCodes = [3, 8, 9, 12];

  override async run(): Promise<Outcome> {
    const { flags } = this;
    if (flags.apply !== undefined && (flags.plan !== undefined || flags['dry-run']))
      throw new IceError('usage', '--apply does not go with --plan or --dry-run.');
    const workspace = await this.workspace();
    return this.connected(workspace, (connection) => this.#push(workspace, connection), {
      changes: !flags['dry-run'],
    });
  }

  async #push(workspace: Workspace, connection: Connection): Promise<Outcome> {
    const { flags, output } = this;
    const { client, target } = connection;
    const request = flags.apply
      ? readPlanFile(flags.apply, this.world.cwd, target)
      : await this.#request(workspace, connection);
    const { plan } = await client.pushes.create({ ...request, dryRun: true });
    if (request.base !== undefined && request.base !== plan.base)
      throw new IceError('target_moved', `${target.name} has changed since ${flags.apply} was made.`, {
        hint: `Make the plan anew: ice push --plan ${flags.apply}`,
      });
    const body = { plan, applied: false, target };

    const refusal = refusalOf(plan);
    if (refusal) return { body, error: refusal, exit: EXIT.refused, text: (view) => planLines(plan, view) };
    if (plan.changes === 0)
      return {
        body,
        text: (view) => [...planLines(plan, view), `${view.theme.good(view.theme.mark.ok)} Nothing to push`],
      };
    if (flags.plan !== undefined) {
      const file = writePlanFile(flags.plan, this.world.cwd, target, request, plan);
      return {
        body: { ...body, file },
        text: (view) => planLines(plan, view),
        next: [`ice push --apply ${file}`],
      };
    }
    if (flags['dry-run']) return { body, text: (view) => planLines(plan, view), next: ['ice push'] };

    if (!flags.yes && !this.mayAsk) {
      const error = new IceError(
        'input_needed',
        `Nobody is here to say yes to ${plural(plan.changes, 'change')}.`,
        {
          hint: 'ice push --yes',
        },
      );
      return { body, error, text: (view) => planLines(plan, view) };
    }
    if (!flags.yes && !(await this.#ask(plan, target.name)))
      return { body, text: () => ['Nothing was pushed.'] };
    const done = await client.pushes.create({ ...request, base: plan.base, dryRun: false });
    const shown = this.mayAsk && !flags.yes;
    return {
      body: { plan: done.plan, applied: done.applied, target },
      text: (view) => [
        ...(shown ? [] : planLines(done.plan, view)),
        `${view.theme.good(view.theme.mark.ok)} Pushed ${plural(done.plan.changes, 'change')} to ${target.name}`,
      ],
      ...(output.quiet ? {} : { next: [`ice run ${nextRun(done.plan)}`] }),
    };
  }

  async #request(workspace: Workspace, connection: Connection): Promise<PushRequest> {
    const { flags, output } = this;
    const project = projectOf(workspace);
    const workbench = openWorkbench();
    try {
      const built = await buildProject({
        project,
        workbench,
        ask: (refs) => askTarget(connection.client, refs),
      });
      if (errorsIn(built.diagnostics).length > 0)
        throw invalidProject(output, built.diagnostics, built.texts);
      await uploadContent(connection.client, contentOf(built.components));
      return pushRequestOf(built.components, {
        archiveMissing: flags['allow-archive'] === true,
        allowBreaking: flags['allow-breaking'] === true,
        allowPermissions: flags['allow-permissions'] === true,
        bump: flags.bump === true,
        ...(flags.tag === undefined ? {} : { tag: flags.tag }),
      });
    } finally {
      await workbench.close();
    }
  }

  async #ask(plan: PushPlan, target: string): Promise<boolean> {
    const { output } = this;
    const { theme } = output;
    output.note(...planLines(plan, { theme, columns: output.screen.columns, isTTY: true }));
    const { confirm } = await import('@inquirer/prompts');
    return confirm({ message: `Push to ${target}?`, default: true }, { output: process.stderr });
  }
}

/** Why the plan cannot be applied: its first refused entry, with all of them in the details. */
function refusalOf(plan: PushPlan): IceError | undefined {
  if (!plan.refused) return undefined;
  const refused = plan.entries.filter((entry) => entry.action === 'refused');
  const [first] = refused;
  const code: ErrorCode = isErrorCode(first?.code) ? first.code : 'push_refused';
  const others = refused.length > 1 ? ` (and ${refused.length - 1} more)` : '';
  const name = first ? `${first.kind}/${first.name} ${first.version}: ` : '';
  return new IceError(code, `${name}${first?.reason ?? 'The push is refused'}${others}`, {
    hint: first?.hint,
    details: {
      refused: refused.map(({ kind, name: of, version, code: why, reason }) => ({
        kind,
        name: of,
        version,
        code: why,
        reason,
      })),
    },
  });
}

const nextRun = (plan: PushPlan): string => {
  const entry = plan.entries.find((one) => one.action === 'create' || one.action === 'update');
  return entry ? entry.name : 'NAME';
};

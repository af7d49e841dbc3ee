import { Flags } from '@oclif/core';
import type { PushPlan } from '../../contracts/components.ts';
import { type ErrorCode, EXIT, IceError, isErrorCode } from '../../contracts/errors.ts';
import { buildComponents } from '../../project/build-components.ts';
import { LATEST, underTag } from '../../project/under-tag.ts';
import { askTarget } from '../ask-target.ts';
import { IceCommand } from '../base-command.ts';
import { buildProject, errorsIn } from '../built-project.ts';
import type { Connection } from '../connect.ts';
import { lockedFlag } from '../flags.ts';
import { openWorkbench } from '../local-workbench.ts';
import type { Outcome, View } from '../outcome.ts';
import { type PushRequest, pushRequestOf, readPlanFile, sameEntries, writePlanFile } from '../plan-file.ts';
import { plural } from '../render/figures.ts';
import { planLines } from '../render/push-plan.ts';
import { contentOf, uploadContent } from '../run-order.ts';
import { projectOf, type Workspace } from '../workspace.ts';

export default class Push extends IceCommand<typeof Push> {
  static override summary = 'Register the components of the project on the target';
  static override description =
    'Validates, builds, and shows a plan: what is new, changed, unchanged; what breaks callers; what newly asks for the network or a secret. Then all of it in one transaction, or nothing. Off a terminal, what asks for permissions, breaks callers or archives needs --yes; what only adds versions does not.';
  static override examples = [
    'ice push --dry-run',
    'ice push',
    'ice push --yes --target prod',
    'ice push --plan plan.json   # to be reviewed',
    'ice push --apply plan.json --yes',
    'ice push --locked --yes   # only if the target resolves as ice.lock.yaml does',
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
    ...lockedFlag,
  };
  static override exitCodes = [3, 8, 9, 12];

  override async run(): Promise<Outcome> {
    const { flags } = this;
    if (flags.apply !== undefined && (flags.plan !== undefined || flags['dry-run']))
      throw new IceError('usage', '--apply does not go with --plan or --dry-run.');
    const decided = (
      ['tag', 'bump', 'allow-breaking', 'allow-permissions', 'allow-archive', 'locked'] as const
    ).find((name) => flags[name] !== undefined && flags[name] !== false);
    if (flags.apply !== undefined && decided !== undefined)
      throw new IceError('usage', `--apply does what the plan says; --${decided} goes with --plan.`, {
        hint: `ice push --plan ${flags.apply} --${decided}`,
      });
    const workspace = await this.workspace();
    return this.connected(workspace, (connection) => this.#push(workspace, connection), {
      changes: !flags['dry-run'],
    });
  }

  async #push(workspace: Workspace, connection: Connection): Promise<Outcome> {
    const outcome = await this.#planned(workspace, connection);
    const { plan, applied } = outcome.body as { plan?: PushPlan; applied?: boolean };
    const { name } = connection.target;
    return plan
      ? {
          ...outcome,
          ci: async () =>
            (await import('../render/step-summary.ts')).pushReport(plan, name, applied === true),
        }
      : outcome;
  }

  async #planned(workspace: Workspace, connection: Connection): Promise<Outcome> {
    const { flags, output } = this;
    const { client, target } = connection;
    const reviewed = flags.apply ? readPlanFile(flags.apply, this.world.cwd, target) : undefined;
    const { request, content } = reviewed ?? (await this.#request(workspace, connection));
    if (reviewed) await this.#restoreContent(workspace, connection, reviewed.content, reviewed.request.tag);
    const { plan } = await client.pushes.create({ ...request, dryRun: true });
    if (reviewed && (request.base !== plan.base || !sameEntries(reviewed.plan, plan)))
      throw new IceError('target_moved', `${target.name} has changed since ${flags.apply} was made.`, {
        hint:
          plan.changes === 0 && !plan.refused
            ? 'What it would do is done: there is nothing left to push'
            : `Make the plan anew: ice push --plan ${flags.apply}`,
        details: { planned: request.base, now: plan.base, changes: plan.changes },
      });
    const body = { plan, applied: false, target };

    const refusal = refusalOf(plan);
    if (refusal) return { body, error: refusal, exit: EXIT.refused, text: (view) => planLines(plan, view) };
    if (flags.plan !== undefined) {
      // Also one that does nothing: a job that applies it later finds it.
      const file = writePlanFile(flags.plan, this.world.cwd, target, { request, content }, plan);
      return {
        body: { ...body, file },
        text: (view) => [...planLines(plan, view), ...(plan.changes === 0 ? [nothingToPush(view)] : [])],
        next: [`ice push --apply ${file}`],
      };
    }
    if (plan.changes === 0)
      return {
        body,
        text: (view) => [...planLines(plan, view), nothingToPush(view)],
      };
    if (flags['dry-run']) return { body, text: (view) => planLines(plan, view), next: ['ice push'] };

    if (!flags.yes && !this.mayAsk && needsYes(plan)) {
      const error = new IceError(
        'input_needed',
        `Nobody is here to say yes to ${plural(plan.changes, 'change')}.`,
        {
          hint: 'ice push --yes',
        },
      );
      return { body, error, text: (view) => planLines(plan, view) };
    }
    if (!flags.yes && this.mayAsk && !(await this.#ask(plan, target.name)))
      return { body, text: () => ['Nothing was pushed.'] };
    let done: Awaited<ReturnType<typeof client.pushes.create>>;
    try {
      done = await client.pushes.create({ ...request, base: plan.base, dryRun: false });
    } catch (error) {
      // Another push came between: if it brought just this, there is nothing left to do, and that is no failure.
      const now =
        !reviewed && IceError.from(error).code === 'target_moved'
          ? (await client.pushes.create({ ...request, dryRun: true })).plan
          : undefined;
      if (now === undefined || now.refused || now.changes > 0) throw error;
      return {
        body: { ...body, plan: now },
        text: (view) => [...planLines(now, view), nothingToPush(view)],
      };
    }
    const shown = this.mayAsk && !flags.yes;
    return {
      body: { plan: done.plan, applied: done.applied, target },
      text: (view) => [
        ...(shown ? [] : planLines(done.plan, view)),
        `${view.theme.good(view.theme.mark.ok)} Pushed ${plural(done.plan.changes, 'change')} to ${target.name}`,
      ],
      ...(output.quiet ? {} : { next: [`ice run ${nextRun(done.plan)}${underOtherTag(request.tag)}`] }),
    };
  }

  async #request(
    workspace: Workspace,
    connection: Connection,
  ): Promise<{ request: PushRequest; content: string[] }> {
    const { flags, output } = this;
    const project = projectOf(workspace);
    const workbench = openWorkbench();
    try {
      const locked = flags.locked ? (await import('../locked.ts')).openLocked(project) : undefined;
      const built = await buildProject({
        project,
        workbench,
        output: this.output,
        ask: locked?.ask ?? ((refs) => askTarget(connection.client, refs)),
      });
      locked?.assertStd(built);
      if (errorsIn(built.diagnostics).length > 0)
        throw (await import('../findings.ts')).invalidProject(output, built.diagnostics, built.texts);
      // Runs of what is pushed resolve there: the lock says nothing about them if the target means something else.
      if (locked)
        await (await import('../locked.ts')).assertTargetAgrees(
          connection.client,
          locked,
          connection.target.name,
        );
      const components = underTag(built.components, flags.tag);
      const content = contentOf(components);
      await uploadContent(connection.client, content);
      const request = pushRequestOf(components, {
        archiveMissing: flags['allow-archive'] === true,
        allowBreaking: flags['allow-breaking'] === true,
        allowPermissions: flags['allow-permissions'] === true,
        bump: flags.bump === true,
        ...(flags.tag === undefined ? {} : { tag: flags.tag }),
      });
      return { request, content: [...content.keys()] };
    } finally {
      await workbench.close();
    }
  }

  /** What a plan needs was uploaded when it was made. If the target has lost it since, the project may still have it. */
  async #restoreContent(
    workspace: Workspace,
    { client }: Connection,
    digests: string[],
    tag: string | undefined,
  ): Promise<void> {
    const missing = new Set(digests.length === 0 ? [] : await client.artifacts.missing(digests));
    if (missing.size === 0) return;
    const project = workspace.loaded?.project;
    const workbench = openWorkbench();
    try {
      const built = project && (await buildComponents(project, workbench));
      for (const [digest, bytes] of contentOf(underTag(built?.components ?? [], tag)))
        if (missing.delete(digest)) await client.artifacts.put(digest, bytes);
    } finally {
      await workbench.close();
    }
    if (missing.size > 0)
      throw new IceError(
        'push_refused',
        `The target no longer has what ${this.flags.apply} was made of, and the project is not what it was.`,
        {
          hint: `Make the plan anew: ice push --plan ${this.flags.apply}`,
          details: { missing: [...missing] },
        },
      );
  }

  async #ask(plan: PushPlan, target: string): Promise<boolean> {
    const { output } = this;
    const { theme } = output;
    output.note(...planLines(plan, { theme, columns: output.screen.columns, isTTY: true }));
    const { confirm } = await import('@inquirer/prompts');
    return confirm({ message: `Push to ${target}?`, default: true }, { output: process.stderr });
  }
}

/**
 * Whether somebody has to say yes off a terminal too. What only adds versions does not: it can be neither wrong for
 * callers nor ask for anything. What breaks or archives has flags of its own besides.
 */
const needsYes = (plan: PushPlan): boolean =>
  plan.breaking ||
  plan.entries.some(
    ({ action, permissions }) =>
      action === 'archive' || permissions.some((permission) => permission.added.length > 0),
  );

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

const nothingToPush = ({ theme }: View): string => `${theme.good(theme.mark.ok)} Nothing to push`;

const underOtherTag = (tag: string | undefined): string =>
  tag === undefined || tag === LATEST ? '' : `@${tag}`;

const nextRun = (plan: PushPlan): string => {
  const entry = plan.entries.find((one) => one.action === 'create' || one.action === 'update');
  return entry ? entry.name : 'NAME';
};

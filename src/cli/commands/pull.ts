import { Args, Flags } from '@oclif/core';
import { IceError } from '../../contracts/errors.ts';
import { buildComponents, type ProjectComponent } from '../../project/build-components.ts';
import { LOCK_FILE } from '../../project/find-project.ts';
import type { Project } from '../../project/load-project.ts';
import { type ProjectLock, readLock, writeLock } from '../../project/lock.ts';
import { asksForMore, sayAdded } from '../../registry/index.ts';
import { IceCommand } from '../base-command.ts';
import { errorsIn } from '../built-project.ts';
import type { Connection } from '../connect.ts';
import { type Drift, driftOf } from '../drift.ts';
import { findComponent, refOf } from '../find-component.ts';
import { invalidProject } from '../findings.ts';
import { openWorkbench } from '../local-workbench.ts';
import type { Outcome, View } from '../outcome.ts';
import { type LockChange, lockChanges, resolveLock, staleLock, wantedRef } from '../pull.ts';
import { type PulledDocument, planDocument, writeDocument } from '../pull-document.ts';
import { plural } from '../render/figures.ts';
import { permissionLines } from '../render/push-plan.ts';
import { projectOf } from '../workspace.ts';

export default class Pull extends IceCommand<typeof Pull> {
  static override summary = 'Get what the project refers to from the target, and lock it';
  static override description =
    'Writes ice.lock.yaml (what each reference to a component outside of the project means) and vendor/ice (those components, whole), for --locked. With names: a workflow or an agent becomes a file of the project, a tool is locked and kept. What newly asks for the network, a secret or Node needs a yes.';
  static override examples = [
    'ice pull --target prod',
    'ice pull report --target prod    # workflows/report.yaml',
    'ice pull tool/price@^1',
    'ice pull --check                 # in CI: exit 8 if the lock is not up to date',
  ];
  static override strict = false;
  static override args = {
    names: Args.string({
      description: '[kind/]name[@version] on the target',
      multiple: true,
      ignoreStdin: true,
    }),
  };
  static override flags = {
    check: Flags.boolean({ description: 'Write nothing; exit 8 if the lock is not up to date' }),
    force: Flags.boolean({ description: 'Write over documents with changes that nobody pushed' }),
    'allow-permissions': Flags.boolean({ description: 'Also components that newly ask for something' }),
  };
  static override exitCodes = [3, 8, 9, 11, 12];

  override async run(): Promise<Outcome> {
    const workspace = await this.workspace();
    const project = projectOf(workspace);
    const names = (this.args.names as unknown as string[] | undefined) ?? [];
    if (this.flags.check && names.length > 0)
      throw new IceError('usage', '--check looks at the whole lock: it takes no names.');
    for (const name of names) refOf(name);
    return this.connected(workspace, (connection) => this.#pull(project, connection, names));
  }

  async #pull(project: Project, connection: Connection, names: readonly string[]): Promise<Outcome> {
    const { client, target } = connection;
    const before = this.#before(project.root);
    const workbench = openWorkbench();
    try {
      const built = await buildComponents(project, { ...workbench, pulledTypes: false });
      // What a broken document refers to is not known: the lock would lose it.
      if (errorsIn(built.diagnostics).length > 0)
        throw invalidProject(this.output, built.diagnostics, built.texts);
      const wanted = [...(before?.file.wanted ?? [])];
      const documents: PulledDocument[] = [];
      for (const name of names) {
        const version = await findComponent(client, name);
        if (version.origin === 'std')
          throw new IceError('usage', `${version.name} ships with ice: there is nothing to pull.`);
        if (version.kind === 'tool') wanted.push(wantedRef(version, refOf(name)));
        else
          documents.push(
            await planDocument(client, project, built.components, version, this.flags.force === true),
          );
      }
      const changed = documents.filter((one) => one.action !== 'unchanged');
      const components = [
        ...built.components.filter((one) => !changed.some((each) => each.file === one.file)),
        ...changed.map((one) => one.component),
      ];
      const lock = await resolveLock({
        client,
        components,
        std: await workbench.std(),
        wanted: wanted.filter((ref) => !isOwn(ref, components)),
        target: { name: target.name, url: target.url ?? null, project: target.project },
        before,
      });
      const changes = lockChanges(before, lock);
      const drift = await driftOf(client, components);
      const body = { lock: lock.file, changes, documents: documents.map(shownDocument), drift, target };
      const text = (view: View): string[] => pullLines(documents, changes, drift, lock, target.name, view);
      if (this.flags.check)
        return changes.length === 0
          ? { body: { ...body, written: false }, text }
          : { body: { ...body, written: false }, text, error: staleLock(changes) };
      const refused = await this.#mayWrite(changes, text);
      if (refused) return { body: { ...body, written: false }, text, error: refused };
      for (const one of changed) writeDocument(project, one);
      const nothing = lock.versions.size === 0 && Object.keys(lock.file.refs).length === 0 && !before;
      if (!nothing) writeLock(project.root, lock);
      return {
        body: { ...body, written: !nothing || changed.length > 0 },
        text,
        ...(nothing ? {} : { next: ['ice validate --locked'] }),
      };
    } finally {
      await workbench.close();
    }
  }

  /** The lock as it is; one that cannot be used any more is made anew. */
  #before(root: string): ProjectLock | undefined {
    try {
      return readLock(root);
    } catch (error) {
      if (!(error instanceof IceError) || this.flags.check) throw error;
      this.output.warn(`${error.message} It is made anew.`);
      return undefined;
    }
  }

  /** Code of others that newly asks for something needs a yes; undefined when it has one. */
  async #mayWrite(
    changes: readonly LockChange[],
    text: (view: View) => string[],
  ): Promise<IceError | undefined> {
    const asking = changes.filter((one) => asksForMore(one.permissions));
    if (asking.length === 0 || this.flags['allow-permissions']) return undefined;
    const [first] = asking;
    if (this.mayAsk) {
      const { output } = this;
      output.note(...text({ theme: output.theme, columns: output.screen.columns, isTTY: true }));
      const { confirm } = await import('@inquirer/prompts');
      const message = `${plural(asking.length, 'component')} may touch more than before. Keep that?`;
      if (await confirm({ message, default: false }, { output: process.stderr })) return undefined;
    }
    return new IceError(
      'permissions_widened',
      `${first!.ref} ${first!.to} newly asks for ${sayAdded(first!.permissions)}${asking.length > 1 ? ` (and ${asking.length - 1} more)` : ''}.`,
      {
        hint: 'Accept it with --allow-permissions',
        details: { asking: asking.map(({ ref, to, permissions }) => ({ ref, version: to, permissions })) },
      },
    );
  }
}

/** What became a source of the project needs no place in the lock. */
const isOwn = (text: string, components: readonly ProjectComponent[]): boolean => {
  const ref = refOf(text);
  return components.some((one) => one.kind === ref.kind && one.name === ref.name);
};

const shownDocument = ({ text: _text, component: _component, ...rest }: PulledDocument) => rest;

function pullLines(
  documents: readonly PulledDocument[],
  changes: readonly LockChange[],
  drift: readonly Drift[],
  lock: ProjectLock,
  target: string,
  { theme }: View,
): string[] {
  const lines = documents.map((one) => {
    const mark =
      one.action === 'create'
        ? theme.good('+')
        : one.action === 'update'
          ? theme.accent('~')
          : theme.dim(theme.mark.dot);
    const from = one.action === 'update' ? theme.dim(` (${one.from ?? 'own changes'} before)`) : '';
    return `${mark} ${one.file}  ${theme.dim(`${one.kind} ${one.name}`)} ${theme.strong(one.version)}${from}`;
  });
  for (const { ref, from, to, permissions } of changes) {
    const mark = from === null ? theme.good('+') : to === null ? theme.dim('-') : theme.accent('~');
    const versions = [from, to].filter((one) => one !== null).join(` ${theme.mark.next} `);
    lines.push(
      `${mark} ${ref}  ${theme.strong(versions)}${to === null ? theme.dim(' no longer needed') : ''}`,
    );
    lines.push(...permissionLines(permissions, theme));
  }
  for (const { kind, name, version, newest } of drift)
    lines.push(
      theme.warn(`${theme.mark.warn} ${target} has ${kind}/${name} ${newest}, the project ${version}`),
      theme.dim(
        kind === 'tool'
          ? `    ice components diff ${kind}/${name}@${newest}`
          : `    ice pull ${kind}/${name}@${newest}`,
      ),
    );
  const count = Object.keys(lock.file.refs).length;
  lines.push(
    count === 0
      ? theme.dim('The project refers to nothing outside of itself.')
      : changes.length === 0
        ? `${theme.good(theme.mark.ok)} ${LOCK_FILE} is up to date: ${plural(count, 'reference')}`
        : theme.dim(`${LOCK_FILE}: ${plural(count, 'reference')}`),
  );
  return lines;
}

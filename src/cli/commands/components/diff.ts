import type { Client } from '../../../client/index.ts';
import type { ComponentVersion } from '../../../contracts/components.ts';
import { IceError } from '../../../contracts/errors.ts';
import type { Json } from '../../../contracts/json.ts';
import type { ProjectComponent } from '../../../project/build-components.ts';
import { type ComparableVersion, diffComponents } from '../../../registry/index.ts';
import { askTarget, readDocument } from '../../ask-target.ts';
import { IceCommand } from '../../base-command.ts';
import { buildProject, errorsIn, validationFailed } from '../../built-project.ts';
import { diffDocuments } from '../../document-diff.ts';
import { findComponent, refOf } from '../../find-component.ts';
import { optionalArg } from '../../flags.ts';
import { openWorkbench } from '../../local-workbench.ts';
import type { Outcome } from '../../outcome.ts';
import { diffLines, type ShownDiff } from '../../render/component-diff.ts';
import { componentOf } from '../../run-order.ts';
import { projectOf, type Workspace } from '../../workspace.ts';

/** One side of a comparison. */
type Side = ComparableVersion & { kind: string; name: string; where: string; document: Json | undefined };

export default class ComponentsDiff extends IceCommand<typeof ComponentsDiff> {
  static override summary = 'What differs between two versions, or between the project and the target';
  static override description =
    'Inputs and result (what breaks callers), permissions, and for documents each node. Without arguments: every component of the project against the target. With one: the project’s against that version. With two: the second against the first.';
  static override examples = [
    'ice components diff',
    'ice components diff price@1.0.0 price@1.1.0',
    'ice components diff price   # the project against the target',
  ];
  static override args = {
    from: optionalArg('[kind/]name[@version] on the target'),
    to: optionalArg('[kind/]name[@version] on the target'),
  };
  static override readOnly = true;
  static override exitCodes = [3, 11, 12];

  override async run(): Promise<Outcome> {
    const { from, to } = this.args;
    const workspace = await this.workspace();
    return this.connected(workspace, async ({ client, target }) => {
      const pairs =
        from !== undefined && to !== undefined
          ? [await this.#versions(client, from, to)]
          : await this.#withProject(workspace, client, from);
      const diffs = pairs.map(([before, after]) => shown(before, after));
      return {
        body: { diffs, different: diffs.filter((one) => !one.same).length, target },
        text: (view) => diffLines(diffs, view),
      };
    });
  }

  async #versions(client: Client, from: string, to: string): Promise<[Side, Side]> {
    const [before, after] = [await findComponent(client, from), await findComponent(client, to)];
    if (before.kind !== after.kind)
      throw new IceError('usage', `A ${before.kind} and a ${after.kind} can't be compared.`);
    return [await sideOf(client, before), await sideOf(client, after)];
  }

  /** The target is what callers have, so it is the first side. */
  async #withProject(
    workspace: Workspace,
    client: Client,
    text: string | undefined,
  ): Promise<[Side | undefined, Side][]> {
    const project = projectOf(workspace);
    const workbench = openWorkbench();
    try {
      const built = await buildProject({
        project,
        workbench,
        output: this.output,
        ask: (refs) => askTarget(client, refs),
      });
      if (errorsIn(built.diagnostics).length > 0) throw validationFailed(built.diagnostics);
      const ref = text === undefined ? undefined : refOf(text);
      const own = ref && componentOf(built.components, { ...ref, range: undefined });
      if (ref && !own)
        throw new IceError('not_found', `The project has no component ${ref.name}.`, {
          hint: `Two versions of the target: ice components diff ${ref.name}@A ${ref.name}@B`,
        });
      const components = own ? [own] : built.components;
      const names = components.map((one) => `${one.kind}/${one.name}`);
      const asked = ref?.range === undefined ? names : names.map((name) => `${name}@${ref.range}`);
      const found: Record<string, ComponentVersion> =
        asked.length === 0 ? {} : (await client.components.resolve(asked)).found;
      if (ref?.range !== undefined && Object.keys(found).length === 0) await findComponent(client, text!);
      return await Promise.all(
        components.map(async (one, i): Promise<[Side | undefined, Side]> => {
          const registered = found[asked[i]!];
          return [registered && (await sideOf(client, registered)), ownSide(one)];
        }),
      );
    } finally {
      await workbench.close();
    }
  }
}

async function sideOf(client: Client, version: ComponentVersion): Promise<Side> {
  const document =
    version.kind === 'tool' ? undefined : ((await readDocument(client, version.manifest.entry)) as Json);
  return { ...version, where: version.origin === 'std' ? 'with ice' : 'target', document };
}

const ownSide = (component: ProjectComponent): Side => ({
  ...component,
  where: component.file,
  document:
    component.kind === 'tool' ? undefined : (JSON.parse(new TextDecoder().decode(component.entry)) as Json),
});

const NOWHERE = { schema: [], permissions: [], breaking: false, asksForPermissions: false };

function shown(before: Side | undefined, after: Side): ShownDiff {
  const place = ({ version, digest, where }: Side) => ({ version, digest, where });
  const { kind, name } = after;
  if (!before)
    return {
      ...NOWHERE,
      kind,
      name,
      from: null,
      to: place(after),
      same: false,
      content: true,
      description: false,
      document: [],
    };
  return {
    kind,
    name: before.name === name ? name : `${before.name} ${name}`,
    from: place(before),
    to: place(after),
    ...diffComponents(before, after),
    document:
      before.document !== undefined && after.document !== undefined
        ? diffDocuments(before.document, after.document)
        : [],
  };
}

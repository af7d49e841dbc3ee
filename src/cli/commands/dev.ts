import { Flags } from '@oclif/core';
import { type Client, createClient } from '../../client/index.ts';
import type { PushPlan } from '../../contracts/components.ts';
import { IceError } from '../../contracts/errors.ts';
import { formatDiagnostics } from '../../language/diagnostics/format.ts';
import type { ProjectComponent } from '../../project/build-components.ts';
import { askTarget } from '../ask-target.ts';
import { IceCommand } from '../base-command.ts';
import { buildProject, errorsIn } from '../built-project.ts';
import { countFlag, eventsFlag } from '../flags.ts';
import { type LocalServer, listenLocally, untilStopped } from '../local-server.ts';
import { openWorkbench, type Workbench } from '../local-workbench.ts';
import type { Outcome } from '../outcome.ts';
import { pushRequestOf } from '../plan-file.ts';
import { formatDuration, plural } from '../render/figures.ts';
import { contentOf, uploadContent } from '../run-order.ts';
import { watchFolder } from '../watch-folder.ts';
import { projectOf } from '../workspace.ts';

const TAG = 'dev';

export default class Dev extends IceCommand<typeof Dev> {
  static override summary = 'Serve the project on this machine, and push what changes';
  static override description =
    'Commands in the folder use this server while it runs, and runs go on when their command ends. Each change is validated and registered under the tag `dev` (price@dev); ranges never mean such versions. State is in .ice/.';
  static override examples = ['ice dev', 'ice dev --port 0', 'ice dev --events'];
  static override flags = {
    host: Flags.string({ description: 'Address to listen on (ICE_HOST)', helpValue: 'ADDRESS' }),
    port: countFlag(0, 65_535)({ description: 'Port; 0 = any free one (ICE_PORT)' }),
    ...eventsFlag,
  };
  static override exitCodes = [3, 12];

  /** The last round found errors. */
  #broken = false;

  override async run(): Promise<Outcome> {
    const { flags, output } = this;
    const workspace = await this.workspace({
      host: flags.host,
      port: flags.port === undefined ? undefined : String(flags.port),
    });
    const { root } = projectOf(workspace);
    const serving = await listenLocally(workspace, this.world.env, { local: true });
    const workbench = openWorkbench();
    const { url, tokenFile, project } = serving;
    const { theme } = output;
    const body = { url, pid: process.pid, tokenFile, project };
    if (output.mode === 'events') await output.event({ v: 1, ts: Date.now(), type: 'dev.ready', ...body });
    else await output.announce({ body, text: (view) => (view.isTTY ? [] : [url]) });
    output.note(
      `${theme.good(theme.mark.ok)} ${theme.strong(project)} at ${theme.strong(url)}  ${theme.dim(`API ${url}/docs, token in ${serving.tokenFileShown}`)}`,
      theme.dim('  Ctrl-C stops it. In another terminal: ice run NAME'),
    );
    const stop = new AbortController();
    const pushing = this.#pushChanges(root, serving, workbench, stop.signal);
    pushing.catch(() => stop.abort());
    await untilStopped(async () => {
      stop.abort();
      await Promise.allSettled([pushing]);
      await workbench.close();
      await serving.close();
    });
    return { body };
  }

  async #pushChanges(
    root: string,
    serving: LocalServer,
    workbench: Workbench,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#pushOnce(serving, workbench, []);
    for await (const names of watchFolder(root, signal)) await this.#pushOnce(serving, workbench, names);
  }

  /** One round; what is wrong with the project is shown and waits for the next change. */
  async #pushOnce(serving: LocalServer, workbench: Workbench, changed: string[]): Promise<void> {
    const { output } = this;
    const { theme } = output;
    const from = performance.now();
    const time = theme.dim(new Date().toLocaleTimeString());
    try {
      const workspace = await this.workspace();
      const project = projectOf(workspace);
      const client = createClient({
        baseUrl: 'http://ice.local',
        fetch: serving.fetch,
        token: serving.token,
        project: serving.project,
      });
      const built = await buildProject({ project, workbench, ask: (refs) => askTarget(client, refs) });
      const errors = errorsIn(built.diagnostics);
      if (errors.length > 0) {
        this.#broken = true;
        const text = formatDiagnostics(errors, built.texts, 'pretty', {
          color: theme.color,
          width: output.screen.columns,
        });
        output.note(
          `${time} ${theme.bad(theme.mark.fail)} ${plural(errors.length, 'error')}`,
          text.trimEnd(),
        );
        await output.event({ v: 1, ts: Date.now(), type: 'dev.invalid', changed, diagnostics: errors });
        return;
      }
      await uploadContent(client, contentOf(built.components));
      const { plan, leftOut } = await pushWhatCompiles(client, built.components);
      const took = formatDuration(performance.now() - from);
      const what = plan.changes > 0 ? changesOf(plan) : this.#broken ? 'valid again' : 'nothing changed';
      if (changed.length === 0 || plan.changes > 0 || this.#broken)
        output.note(
          `${time} ${theme.good(theme.mark.ok)} ${what} ${theme.dim(took)}`,
          ...leftOut.map((name) =>
            theme.dim(`  ${name} refers to versions that only a push makes; ice run uses your sources`),
          ),
        );
      this.#broken = false;
      await output.event({ v: 1, ts: Date.now(), type: 'dev.pushed', changed, changes: plan.changes });
    } catch (error) {
      const known = IceError.from(error);
      output.note(
        `${time} ${theme.bad(theme.mark.fail)} ${known.message}${known.hint ? theme.dim(` ${theme.mark.next} ${known.hint}`) : ''}`,
      );
      await output.event({ v: 1, ts: Date.now(), type: 'dev.failed', changed, error: known.toBody() });
    }
  }
}

/**
 * Registers what can be: a document that refers to a component of the project by a range does not compile against
 * versions like 1.0.0-dev.…, which no range means. It runs from its source all the same.
 */
async function pushWhatCompiles(
  client: Client,
  components: readonly ProjectComponent[],
): Promise<{ plan: PushPlan; leftOut: string[] }> {
  const leftOut: string[] = [];
  for (;;) {
    const items = components.filter((one) => !leftOut.includes(`${one.kind}/${one.name}`));
    try {
      const { plan } = await client.pushes.create({
        ...pushRequestOf(items, { tag: TAG, allowBreaking: true, allowPermissions: true }),
        dryRun: false,
      });
      return { plan, leftOut };
    } catch (error) {
      const failed = (error instanceof IceError && error.details?.['components']) as
        | { component: string }[]
        | undefined
        | false;
      const names = failed
        ? failed.map(({ component }) => component).filter((name) => !leftOut.includes(name))
        : [];
      if (names.length === 0) throw error;
      leftOut.push(...names);
    }
  }
}

function changesOf(plan: PushPlan): string {
  const names = plan.entries
    .filter((entry) => entry.action === 'create' || entry.action === 'update')
    .map((entry) => entry.name);
  return `${[...new Set(names)].slice(0, 5).join(', ')}${names.length > 5 ? ' …' : ''} registered as @${TAG}`;
}

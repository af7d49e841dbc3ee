import { Flags } from '@oclif/core';
import { type Client, createClient } from '../../client/index.ts';
import type { PushPlan } from '../../contracts/components.ts';
import type { Diagnostic } from '../../contracts/diagnostics.ts';
import { IceError } from '../../contracts/errors.ts';
import { formatDiagnostics } from '../../language/diagnostics/format.ts';
import { underTag } from '../../project/under-tag.ts';
import { askTarget } from '../ask-target.ts';
import { IceCommand } from '../base-command.ts';
import { type BuiltProject, buildProject, errorsIn } from '../built-project.ts';
import { type DevScreen, openDevScreen } from '../dev-screen.ts';
import { countFlag, eventsFlag } from '../flags.ts';
import { firstSignal, listenLocally } from '../local-server.ts';
import { openWorkbench, type Workbench } from '../local-workbench.ts';
import type { Outcome } from '../outcome.ts';
import { pushRequestOf } from '../plan-file.ts';
import { clockTime, formatDuration, plural } from '../render/figures.ts';
import { runTable } from '../render/run-table.ts';
import { contentOf, uploadContent } from '../run-order.ts';
import { watchFolder } from '../watch-folder.ts';
import { projectOf } from '../workspace.ts';

const TAG = 'dev';

/** One look at the project: who asked for it, and what is pushed where. */
interface Round {
  client: Client;
  workbench: Workbench;
  changed: string[];
  /** A key asked for it, so that it is answered also when nothing changed. */
  asked: boolean;
}

export default class Dev extends IceCommand<typeof Dev> {
  static override summary = 'Serve the project on this machine, and push what changes';
  static override description =
    'Commands in the folder use this server while it runs, and runs go on when their command ends. Each change is validated and registered under the tag `dev` (price@dev); ranges never mean such versions, so what refers to the project is registered with the versions of its own push. In a terminal keys work: r pushes again, v shows findings, l the last runs, c clears, q stops. State is in .ice/.';
  static override examples = ['ice dev', 'ice dev --port 0', 'ice dev --events'];
  static override flags = {
    host: Flags.string({ description: 'Address to listen on (ICE_HOST)', helpValue: 'ADDRESS' }),
    port: countFlag(0, 65_535)({ description: 'Port; 0 = any free one (ICE_PORT)' }),
    ...eventsFlag,
  };
  static override exitCodes = [3, 12];

  /** The last round found errors. */
  #broken = false;
  /** What the last round built. */
  #last: Pick<BuiltProject, 'diagnostics' | 'texts'> | undefined;
  #screen!: DevScreen;

  override async run(): Promise<Outcome> {
    const { flags, output } = this;
    const workspace = await this.workspace({
      host: flags.host,
      port: flags.port === undefined ? undefined : String(flags.port),
    });
    const { root } = projectOf(workspace);
    const stopped = firstSignal();
    const serving = await listenLocally(workspace, this.world.env, { local: true });
    const workbench = openWorkbench();
    const { url, tokenFile, project } = serving;
    const { theme } = output;
    const body = { url, pid: process.pid, tokenFile, project };
    if (output.mode === 'events') await output.event({ v: 1, ts: Date.now(), type: 'dev.ready', ...body });
    else await output.announce({ body, text: (view) => (view.isTTY ? [] : [url]) });
    const stop = new AbortController();
    const client = createClient({
      baseUrl: 'http://ice.local',
      fetch: serving.fetch,
      token: serving.token,
      project,
    });
    const round: Round = { client, workbench, changed: [], asked: false };
    // Rounds and what keys ask for come one after the other, so that their lines do not mix.
    let last: Promise<void> = Promise.resolve();
    const next = (work: () => Promise<void>): Promise<void> => {
      last = last.then(work);
      return last;
    };
    let asked = (): void => {};
    const stopKey = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const screen = openDevScreen(output, this.world.stdin(), [
      { key: 'r', does: 'push again', run: () => next(() => this.#pushOnce({ ...round, asked: true })) },
      { key: 'v', does: 'findings', run: () => next(async () => this.#showFindings()) },
      { key: 'l', does: 'last runs', run: () => next(() => this.#showRuns(client)) },
      { key: 'c', does: 'clear', run: () => this.#screen.clear() },
      { key: 'q', does: 'stop', run: asked },
    ]);
    this.#screen = screen;
    screen.say(
      `${theme.good(theme.mark.ok)} ${theme.strong(project)} at ${theme.strong(url)}  ${theme.dim(`API ${url}/docs, token in ${serving.tokenFileShown}`)}`,
      theme.dim('  Ctrl-C stops it. In another terminal: ice run NAME'),
    );
    const pushing = this.#pushChanges(root, round, next, stop.signal);
    pushing.catch(() => stop.abort());
    await Promise.race([stopped, stopKey]);
    screen.end();
    stop.abort();
    await Promise.allSettled([pushing, last]);
    await workbench.close();
    await serving.close();
    return { body };
  }

  async #pushChanges(
    root: string,
    round: Round,
    next: (work: () => Promise<void>) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    for await (const changed of watchFolder(root, signal))
      await next(() => this.#pushOnce({ ...round, changed }));
  }

  #showFindings(): void {
    const { theme } = this.output;
    const { diagnostics, texts } = this.#last ?? { diagnostics: [], texts: new Map() };
    const text = this.#format(diagnostics, texts);
    this.#screen.say(text === '' ? theme.dim('  Nothing was found.') : text);
  }

  async #showRuns(client: Client): Promise<void> {
    const { theme, screen } = this.output;
    try {
      const { items } = await client.runs.list({ limit: 5 });
      const view = { theme, columns: screen.columns, isTTY: true };
      this.#screen.say(
        ...(items.length === 0 ? [theme.dim('  No runs yet.')] : runTable(items, view, Date.now())),
      );
    } catch (error) {
      this.#screen.say(theme.bad(IceError.from(error).message));
    }
  }

  #format(diagnostics: readonly Diagnostic[], texts: ReadonlyMap<string, string>): string {
    const { theme, screen } = this.output;
    return formatDiagnostics(diagnostics, texts, 'pretty', {
      color: theme.color,
      width: screen.columns,
    }).trimEnd();
  }

  /** One round; what is wrong with the project is shown and waits for the next change. */
  async #pushOnce({ client, workbench, changed, asked }: Round): Promise<void> {
    const { output } = this;
    const { theme } = output;
    const from = performance.now();
    const time = theme.dim(clockTime(new Date()));
    try {
      const workspace = await this.workspace();
      const project = projectOf(workspace);
      const built = await buildProject({ project, workbench, ask: (refs) => askTarget(client, refs) });
      this.#last = built;
      const errors = errorsIn(built.diagnostics);
      if (errors.length > 0) {
        this.#broken = true;
        this.#screen.say(
          `${time} ${theme.bad(theme.mark.fail)} ${plural(errors.length, 'error')}`,
          this.#format(errors, built.texts),
        );
        await output.event({ v: 1, ts: Date.now(), type: 'dev.invalid', changed, diagnostics: errors });
        return;
      }
      const components = underTag(built.components, TAG);
      await uploadContent(client, contentOf(components));
      const { plan } = await client.pushes.create({
        ...pushRequestOf(components, { tag: TAG, allowBreaking: true, allowPermissions: true }),
        dryRun: false,
      });
      const took = formatDuration(performance.now() - from);
      const what = plan.changes > 0 ? changesOf(plan) : this.#broken ? 'valid again' : 'nothing changed';
      const warnings = built.diagnostics.filter(({ severity }) => severity === 'warning').length;
      const more = warnings > 0 ? theme.warn(`, ${plural(warnings, 'warning')}`) : '';
      if (changed.length === 0 || asked || plan.changes > 0 || this.#broken)
        this.#screen.say(`${time} ${theme.good(theme.mark.ok)} ${what}${more} ${theme.dim(took)}`);
      this.#broken = false;
      await output.event({ v: 1, ts: Date.now(), type: 'dev.pushed', changed, changes: plan.changes });
    } catch (error) {
      const known = IceError.from(error);
      this.#screen.say(
        `${time} ${theme.bad(theme.mark.fail)} ${known.message}${known.hint ? theme.dim(` ${theme.mark.next} ${known.hint}`) : ''}`,
      );
      await output.event({ v: 1, ts: Date.now(), type: 'dev.failed', changed, error: known.toBody() });
    }
  }
}

function changesOf(plan: PushPlan): string {
  const names = plan.entries
    .filter((entry) => entry.action === 'create' || entry.action === 'update')
    .map((entry) => entry.name);
  return `${[...new Set(names)].slice(0, 5).join(', ')}${names.length > 5 ? ' …' : ''} registered as @${TAG}`;
}

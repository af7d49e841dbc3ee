import { Args, Flags } from '@oclif/core';
import type { Diagnostic } from '../../contracts/diagnostics.ts';
import { IceError } from '../../contracts/errors.ts';
import type { AnyRunEvent } from '../../contracts/events.ts';
import { formatDiagnostics } from '../../language/diagnostics/format.ts';
import { compilePlan } from '../../language/index.ts';
import { annotations } from '../../testing/annotations.ts';
import { Coverage } from '../../testing/coverage.ts';
import { junit } from '../../testing/junit.ts';
import { type CaseReport, countsOf, sayMissed } from '../../testing/report.ts';
import { IceCommand } from '../base-command.ts';
import { type BuiltProject, buildProject, errorsIn } from '../built-project.ts';
import { countFlag, eventsFlag, lockedFlag } from '../flags.ts';
import { openTestHost } from '../local-test-host.ts';
import { openWorkbench } from '../local-workbench.ts';
import { errorDocument, type Outcome, type View } from '../outcome.ts';
import { plural } from '../render/figures.ts';
import { testLines } from '../render/test-report.ts';
import { selectTests } from '../test-files.ts';
import { gatherTests, type Suite } from '../test-jobs.ts';
import { fetchPushed, nothingPushed } from '../test-pushed.ts';
import { type RanTests, runTests } from '../test-run.ts';
import { watchFolder } from '../watch-folder.ts';
import { projectOf, type Workspace } from '../workspace.ts';

const REPORTERS = ['pretty', 'json', 'junit', 'github'] as const;

/** Either what to run, or why nothing can be run. */
type Gathered = { built: BuiltProject; suites: Suite[] } | { refused: Outcome };

export default class Test extends IceCommand<typeof Test> {
  static override summary = 'Run the tests of the project';
  static override description =
    'Examples of tools, and cases in *.test.yaml files: inputs, and what outputs, assertions, errors or scores a run has to have. Runs are the real thing, in memory and in the sandbox; models and the network are played from cassettes, so that no key is needed and nothing goes out. `--record` makes the cassettes.';
  static override examples = [
    'ice test',
    'ice test tests/shop.test.yaml --filter kettle',
    'ice test --watch',
    'ice test --record               # goes out, and writes NAME.cassette.yaml',
    'ice test --coverage',
    'ice test --reporter junit > junit.xml',
  ];
  static override strict = false;
  static override args = {
    files: Args.string({
      description: 'Test files, components or folders; the whole project unless said',
      multiple: true,
      ignoreStdin: true,
    }),
  };
  static override flags = {
    filter: Flags.string({
      description: 'Only cases with this in their name, or in that of what they test',
      helpValue: 'TEXT',
    }),
    watch: Flags.boolean({ description: 'Again whenever a file changes' }),
    record: Flags.boolean({
      description: 'Go out to models and the network, and record what they answer',
      exclusive: ['live', 'watch'],
    }),
    live: Flags.boolean({ description: 'Go out to models and the network, and record nothing' }),
    coverage: Flags.boolean({ description: 'Show which nodes and branches of workflows never ran' }),
    concurrency: countFlag(1, 64)({ description: 'Cases at once; 8 unless said' }),
    reporter: Flags.option({
      options: REPORTERS,
      description: 'How results are written',
      default: 'pretty',
    })(),
    ...lockedFlag,
    ...eventsFlag,
  };
  static override exitCodes = [1, 3, 8, 10, 11];

  override async run(): Promise<Outcome> {
    const workspace = await this.workspace();
    return this.flags.watch ? this.#watch(workspace) : this.#test(workspace);
  }

  async #test(workspace: Workspace): Promise<Outcome> {
    const { flags, output } = this;
    const gathered = await this.#gather(workspace);
    if ('refused' in gathered) return gathered.refused;
    const { built, suites } = gathered;
    const { root, name, file } = projectOf(workspace);
    const mode = flags.record ? 'record' : flags.live ? 'live' : 'replay';
    const coverage = flags.coverage ? this.#coverage(built) : undefined;
    const total = suites.reduce((sum, suite) => sum + suite.cases.length, 0);
    const host = await openTestHost({
      root,
      project: workspace.settings.project.value ?? name,
      settings: workspace.settings,
      env: this.world.env,
      policy: file.policy?.permissions,
      goesOut: mode !== 'replay',
    });
    let done = 0;
    try {
      const ran = await runTests(suites, {
        root,
        host,
        atOnce: flags.concurrency ?? 8,
        mode,
        partial: flags.filter !== undefined || this.#named.length > 0,
        ...(coverage ? { coverage } : {}),
        warn: (message) => output.warn(message),
        onCase: async (report, events) => {
          done++;
          if (output.live) output.draw(`\r\x1B[K${output.theme.dim(`${done} of ${plural(total, 'test')}`)}`);
          await this.#event(report, events);
        },
      });
      return this.#outcome(ran);
    } finally {
      if (output.live && done > 0) output.draw('\r\x1B[K');
      await host.close();
    }
  }

  get #named(): string[] {
    return (this.args.files as unknown as string[] | undefined) ?? [];
  }

  /** Builds the project and reads its tests. Errors: `not_found`, `usage`, `project_invalid`. */
  async #gather(workspace: Workspace): Promise<Gathered> {
    const project = projectOf(workspace);
    const selection = selectTests(project, this.world.cwd, this.#named);
    const workbench = openWorkbench();
    try {
      const pushed = nothingPushed();
      const built = await buildProject({
        project,
        workbench,
        output: this.output,
        ask: async (refs) => {
          if (!this.flags.locked)
            return this.connected(
              workspace,
              async ({ client }) => (await fetchPushed(client, refs, pushed)).entries,
            );
          const locked = (await import('../locked.ts')).openLocked(project);
          Object.assign(pushed, locked.pushed);
          return locked.ask(refs);
        },
      });
      if (errorsIn(built.diagnostics).length > 0) return this.#refused(built.diagnostics, built.texts);
      const { filter } = this.flags;
      const { suites, diagnostics, texts } = await gatherTests({
        project,
        built,
        std: () => workbench.std(),
        pushed,
        selection,
        filter,
        renews: this.flags.record && filter === undefined && this.#named.length === 0,
      });
      if (errorsIn(diagnostics).length > 0) return this.#refused(diagnostics, texts);
      if (suites.length === 0 && (filter !== undefined || this.#named.length > 0))
        throw new IceError('not_found', 'No test is meant by that.', {
          hint: 'ice test runs all of them, and shows their names',
        });
      return { built, suites };
    } finally {
      await workbench.close();
    }
  }

  /** Tests of what is not valid would only tell the same in worse words. */
  #refused(diagnostics: readonly Diagnostic[], texts: Map<string, string>): { refused: Outcome } {
    const errors = errorsIn(diagnostics);
    const files = new Set(errors.map((one) => one.file));
    const where = files.size === 1 ? [...files][0] : plural(files.size, 'file');
    const error = new IceError(
      'validation_failed',
      `${plural(errors.length, 'error')} in ${where}; no test was run.`,
    );
    const format = this.flags.reporter === 'github' ? 'github' : 'pretty';
    const text = ({ theme, columns }: View): string[] => [
      formatDiagnostics(errors, texts, format, { color: theme.color, width: columns })
        .trimEnd()
        .replace(/\n+[^\n]*\d+ errors?[^\n]* in \d+ files?\.[^\n]*$/, ''),
      '',
      `${theme.bad(theme.mark.fail)} ${theme.strong(error.message)}`,
    ];
    const ci = async () =>
      (await import('../render/step-summary.ts')).validateReport(errors, 0, format === 'github', 'test');
    const body = { tests: [], diagnostics: errors.slice(0, 100) };
    return { refused: { body, text, ci, error, told: true } };
  }

  #coverage({ components, catalog }: BuiltProject): Coverage {
    const coverage = new Coverage();
    for (const { kind, blueprint, digest } of components)
      if (kind === 'workflow' && blueprint) coverage.declare(compilePlan(blueprint, digest, catalog));
    return coverage;
  }

  async #event(report: CaseReport, events: readonly AnyRunEvent[]): Promise<void> {
    const { output } = this;
    const of = { test: report.test, case: report.name };
    if (output.mode === 'events') for (const event of events) await output.event({ ...event, ...of });
    await output.event({ v: 1, ts: Date.now(), type: `test.${report.state}`, ...report });
  }

  #outcome({ report, written }: RanTests): Outcome {
    const { flags } = this;
    const counts = countsOf(report.cases);
    const [missed] = report.missed;
    const error =
      counts.failed > 0
        ? new IceError('test_failed', `${plural(counts.failed, 'test')} failed.`)
        : missed
          ? new IceError('threshold_missed', sayMissed(missed), { details: { missed: report.missed } })
          : undefined;
    const { cases, ...rest } = report;
    const body = {
      tests: cases.map((one) => ({
        ...one,
        ...(one.problems[0] ? { why: one.problems[0].message } : {}),
      })),
      counts,
      ...rest,
      ...(flags.record ? { recorded: written } : {}),
    };
    const text = (view: View): string[] => {
      switch (flags.reporter) {
        case 'json':
          return [
            JSON.stringify(
              { ok: !error, ...body, ...(error ? { error: errorDocument(error) } : {}) },
              null,
              2,
            ),
          ];
        case 'junit':
          return [junit(report)];
        case 'github':
          return [annotations(report)];
        default:
          return [
            ...testLines(report, view, { verbose: this.output.verbose }),
            ...written.map((file) => view.theme.dim(`recorded ${file}`)),
          ];
      }
    };
    const ci = async () =>
      (await import('../render/step-summary.ts')).testReport(report, flags.reporter === 'github');
    return { body, text, ci, ...(error ? { error, told: true } : {}) };
  }

  async #watch(workspace: Workspace): Promise<Outcome> {
    const { output } = this;
    const { root } = projectOf(workspace);
    const attempt = async (space: Workspace): Promise<Outcome> => {
      try {
        return await this.#test(space);
      } catch (error) {
        // What is not valid now may be so after the next change.
        if (!(error instanceof IceError) || error.exitCode > 13) throw error;
        return {
          body: {},
          text: ({ theme }) => [theme.bad(`${theme.mark.fail} ${error.message}`)],
          error,
          told: true,
        };
      }
    };
    const show = async (outcome: Outcome): Promise<void> => {
      const { columns, isTTY } = output.resultScreen;
      if (isTTY && output.mode === 'text') output.draw('\x1B[2J\x1B[H');
      await output.emit(...(outcome.text?.({ theme: output.resultTheme, columns, isTTY }) ?? []));
      output.note(output.theme.dim('Watching; Ctrl-C ends.'));
    };
    let last: Outcome = { body: {} };
    for await (const _ of watchFolder(root)) {
      last = await attempt(await this.workspace());
      await show(last);
    }
    return { ...last, text: () => [] };
  }
}

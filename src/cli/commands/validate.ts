import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Args, Flags } from '@oclif/core';
import type { Diagnostic } from '../../contracts/diagnostics.ts';
import { IceError } from '../../contracts/errors.ts';
import { applyFixes } from '../../language/diagnostics/fixes.ts';
import { DIAGNOSTIC_FORMATS, formatDiagnostics } from '../../language/diagnostics/format.ts';
import { askTarget } from '../ask-target.ts';
import { IceCommand } from '../base-command.ts';
import { type BuiltProject, buildProject, errorsIn, sourceOfFile } from '../built-project.ts';
import { type Drift, driftOf, sayDrift } from '../drift.ts';
import { lockedFlag } from '../flags.ts';
import { openWorkbench, type Workbench } from '../local-workbench.ts';
import { missingSecrets, unknownModels } from '../missing-here.ts';
import type { Outcome } from '../outcome.ts';
import { plural } from '../render/figures.ts';
import { isCassette, isTestFile, selectTests } from '../test-files.ts';
import { toIceError } from '../thrown.ts';
import { watchFolder } from '../watch-folder.ts';
import { projectOf, targetOf, type Workspace } from '../workspace.ts';

interface Found {
  diagnostics: Diagnostic[];
  texts: Map<string, string>;
  components: number;
  fixed: number;
  /** Where the target is ahead of the project; absent when it was not asked. */
  drift?: Drift[];
}

export default class Validate extends IceCommand<typeof Validate> {
  static override summary = 'Check everything in the project, without running it';
  static override description =
    'Text, shape, references, cycles, expressions and types of all files at once, each finding with its place, a code and what to do. Tools are built; their code runs only in a child process.';
  static override examples = [
    'ice validate',
    'ice validate workflows/report.yaml --fix',
    'ice validate --locked   # offline, by ice.lock.yaml',
    'ice validate --format sarif > findings.sarif',
    'ice validate --format github   # annotations in a CI log',
  ];
  static override strict = false;
  static override args = {
    files: Args.string({
      description: 'Only these files; the whole project unless said',
      multiple: true,
      ignoreStdin: true,
    }),
  };
  static override flags = {
    format: Flags.option({
      options: DIAGNOSTIC_FORMATS,
      description: 'How findings are written',
      default: 'pretty',
    })(),
    fix: Flags.boolean({ description: 'Apply the fixes that are safe' }),
    watch: Flags.boolean({ description: 'Again whenever a file changes' }),
    ...lockedFlag,
  };
  static override exitCodes = [3, 8, 11];

  override async run(): Promise<Outcome> {
    const workspace = await this.workspace();
    if (!this.flags.watch) return this.#outcome(await this.#check(workspace));
    return this.#watch(workspace);
  }

  async #check(workspace: Workspace): Promise<Found> {
    const { loaded } = workspace;
    if (loaded && !loaded.project) {
      return { diagnostics: loaded.diagnostics, texts: loaded.texts, components: 0, fixed: 0 };
    }
    const project = projectOf(workspace);
    const names = (this.args.files as unknown as string[] | undefined) ?? [];
    const tests = names.filter(isTestFile);
    const named = names
      .filter((name) => !isTestFile(name))
      .map((name) => sourceOfFile(project, this.world.cwd, name));
    const workbench = openWorkbench();
    try {
      const locked = this.flags.locked ? (await import('../locked.ts')).openLocked(project) : undefined;
      const build = async (): Promise<BuiltProject> => {
        const built = await buildProject({
          project,
          workbench,
          output: this.output,
          extra: named,
          ask: locked?.ask ?? ((refs) => this.connected(workspace, ({ client }) => askTarget(client, refs))),
        });
        if (named.length > 0 && tests.length === 0) return built;
        const { cwd } = this.world;
        const { validateTests } = await import('../test-validate.ts');
        const found = await validateTests({ project, built, workbench, cwd, named: tests });
        return {
          ...built,
          diagnostics: [...built.diagnostics, ...found.diagnostics],
          texts: new Map([...built.texts, ...found.texts]),
        };
      };
      let built = await build();
      let fixed = 0;
      if (this.flags.fix) {
        // A fix can uncover what the next one mends; each round writes, so it ends.
        for (let round = 0; round < 5; round++) {
          const applied = applyToFiles(project.root, built.diagnostics);
          if (applied === 0) break;
          fixed += applied;
          built = await build();
        }
      }
      locked?.assertStd(built);
      const texts = new Map([...(loaded?.texts ?? []), ...built.texts]);
      const unset = await missingSecrets(built, workbench.keysOf, (names) => this.#setHere(workspace, names));
      const unknown = await this.#unknownModels(workspace, built, workbench);
      const diagnostics = [...(loaded?.diagnostics ?? []), ...built.diagnostics, ...unset, ...unknown];
      const files = new Set([
        ...named.map((source) => source.file),
        ...(tests.length > 0 ? selectTests(project, this.world.cwd, tests).testFiles : []),
      ]);
      return {
        diagnostics:
          files.size === 0
            ? diagnostics
            : diagnostics.filter(({ file }) => files.has(file) || (tests.length > 0 && isCassette(file))),
        texts,
        components: built.components.length,
        fixed,
        ...(this.args.files === undefined && !locked ? await this.#drift(workspace, built.components) : {}),
      };
    } finally {
      await workbench.close();
    }
  }

  /** Versions on the target that the project does not know. A target that does not answer spoils no check. */
  async #drift(workspace: Workspace, components: BuiltProject['components']): Promise<{ drift?: Drift[] }> {
    if (targetOf(workspace).kind === 'local' && !existsSync(this.#database(workspace))) return {};
    try {
      return await this.connected(workspace, async ({ client, target }) => {
        const drift = await driftOf(client, components);
        for (const one of drift) this.output.warn(sayDrift(one, target.name));
        return { drift };
      });
    } catch (error) {
      this.output.warn(`Whether the target is ahead could not be asked: ${toIceError(error).message}`);
      return {};
    }
  }

  #database(workspace: Workspace): string {
    const { root } = projectOf(workspace);
    return resolve(root, workspace.settings.database.value ?? '.ice/ice.db');
  }

  async #unknownModels(workspace: Workspace, built: BuiltProject, workbench: Workbench) {
    // Another target has endpoints and prices of its own: a run there says it.
    if (targetOf(workspace).kind !== 'local') return [];
    const { modelEndpoints, modelPrices } = workspace.settings;
    const { root } = projectOf(workspace);
    return unknownModels(built, () =>
      workbench.models({
        ...(modelEndpoints.value === undefined ? {} : { endpoints: modelEndpoints.value }),
        ...(modelPrices.value === undefined ? {} : { pricesFile: resolve(root, modelPrices.value) }),
      }),
    );
  }

  /** Which of these secrets a local run would have: from the environment, or the project's own store. */
  async #setHere(workspace: Workspace, names: readonly string[]): Promise<ReadonlySet<string>> {
    // What another target has is its own matter: a run there says it.
    if (targetOf(workspace).kind !== 'local') return new Set(names);
    const set = new Set(names.filter((name) => this.world.env[name]));
    if (set.size === names.length || !existsSync(this.#database(workspace))) return set;
    try {
      const kept = await this.connected(workspace, ({ client }) => client.secrets.list());
      for (const { name } of kept.items) set.add(name);
      return set;
    } catch (error) {
      if (!(error instanceof IceError)) throw error;
      this.output.warn(`Which secrets are set could not be read: ${error.message}`);
      return new Set(names);
    }
  }

  #outcome({ diagnostics, texts, components, fixed, drift }: Found): Outcome {
    const errors = errorsIn(diagnostics).length;
    const warnings = diagnostics.filter((one) => one.severity === 'warning').length;
    const error =
      errors === 0
        ? undefined
        : new IceError('validation_failed', `${plural(errors, 'error')}, ${plural(warnings, 'warning')}.`);
    return {
      body: { diagnostics, counts: { errors, warnings, components, fixed }, ...(drift ? { drift } : {}) },
      ...(error ? { error, told: true } : {}),
      ci: async () =>
        (await import('../render/step-summary.ts')).validateReport(
          diagnostics,
          components,
          this.flags.format === 'github',
        ),
      text: ({ theme, columns }) => {
        const { format } = this.flags;
        const text = formatDiagnostics(diagnostics, texts, format as (typeof DIAGNOSTIC_FORMATS)[number], {
          color: format === 'pretty' && theme.color,
          width: columns,
          version: this.world.version,
        });
        const lines = text === '' ? [] : [text.replace(/\n+$/, '')];
        if (format !== 'pretty') return lines;
        // The count that the formatter ends with is said below, with the rest.
        if (lines[0])
          lines[0] = lines[0].replace(
            /\n+[^\n]*\d+ (errors?|warnings?|notes?)[^\n]* in \d+ files?\.[^\n]*$/,
            '\n',
          );
        const mended = fixed > 0 ? theme.dim(`, ${plural(fixed, 'finding')} fixed`) : '';
        const sum = [
          errors > 0 ? plural(errors, 'error') : '',
          warnings > 0 ? plural(warnings, 'warning') : '',
        ]
          .filter(Boolean)
          .join(', ');
        if (errors === 0)
          lines.push(
            `${theme.good(theme.mark.ok)} ${plural(components, 'component')} valid${sum ? theme.warn(`, ${sum}`) : ''}${mended}`,
          );
        else lines.push(`${theme.bad(theme.mark.fail)} ${theme.strong(sum)}${mended}`);
        return lines;
      },
      ...(errors > 0 && !this.flags.fix && diagnostics.some((one) => one.fix?.safe)
        ? { next: ['ice validate --fix'] }
        : {}),
    };
  }

  async #watch(workspace: Workspace): Promise<Outcome> {
    const { root } = projectOf(workspace);
    const { output } = this;
    let last: Outcome = { body: {} };
    const show = async (): Promise<void> => {
      const { columns, isTTY } = output.resultScreen;
      if (isTTY && output.mode === 'text') output.draw('\x1B[2J\x1B[H');
      await output.emit(...(last.text?.({ theme: output.resultTheme, columns, isTTY }) ?? []));
      output.note(output.theme.dim('Watching; Ctrl-C ends.'));
    };
    for await (const _ of watchFolder(root)) {
      last = this.#outcome(await this.#check(await this.workspace()));
      await show();
    }
    return { ...last, text: () => [] };
  }
}

function applyToFiles(root: string, diagnostics: readonly Diagnostic[]): number {
  let count = 0;
  for (const file of new Set(diagnostics.filter((one) => one.fix?.safe).map((one) => one.file))) {
    const path = join(root, file);
    const { text, applied } = applyFixes(
      readFileSync(path, 'utf8'),
      diagnostics.filter((one) => one.file === file),
    );
    if (applied > 0) writeFileSync(path, text);
    count += applied;
  }
  return count;
}

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Flags } from '@oclif/core';
import type { Client } from '../../client/index.ts';
import type { Diagnostic } from '../../contracts/diagnostics.ts';
import { IceError } from '../../contracts/errors.ts';
import { newId, parseRef } from '../../contracts/ids.ts';
import type { JsonSchema } from '../../contracts/json.ts';
import type { ProjectComponent } from '../../project/build-components.ts';
import type { ComponentSource } from '../../project/component-sources.ts';
import { askTarget } from '../ask-target.ts';
import { IceCommand } from '../base-command.ts';
import { type BuiltProject, buildProject, errorsIn, sourceOfFile } from '../built-project.ts';
import type { Connection } from '../connect.ts';
import { refOf } from '../find-component.ts';
import { durationFlag, eventsFlag, lockedFlag, moneyFlag, requiredArg } from '../flags.ts';
import { followRun } from '../follow.ts';
import { readInputs } from '../inputs.ts';
import { type LightRequest, lightBuild, namesTool } from '../light-build.ts';
import { openWorkbench, type Workbench } from '../local-workbench.ts';
import type { Outcome } from '../outcome.ts';
import { schemaLines } from '../render/component.ts';
import {
  componentOf,
  filesOf,
  involved,
  looksLikeFile,
  orderOfRegistered,
  orderOfSource,
  type RunOrder,
  runIdForKey,
  uploadContent,
} from '../run-order.ts';
import { needServer, runOutcome } from '../run-outcome.ts';
import { projectOf, targetOf, type Workspace } from '../workspace.ts';

export default class Run extends IceCommand<typeof Run> {
  static override summary = 'Run a tool or a workflow, and follow it';
  static override description =
    'REF is a file (./flow.yaml), a name (price), or kind/name@version. Sources of the project go first and need no push. The outputs go to stdout; how the run ended is the exit code. A run survives a crash: `ice runs watch ID` goes on with it.';
  static override examples = [
    'ice run price -i cost=10',
    'ice run ./workflows/report.yaml -i csv=@data.csv --out report',
    'ice run report -i @inputs.json --max-cost 0.50 --json',
    'echo \'{"cost": 10}\' | ice run price -i -',
    'ice run report --detach --target prod',
  ];
  static override args = { ref: requiredArg('File, name, or kind/name@version') };
  static override flags = {
    input: Flags.string({
      char: 'i',
      description: 'key=value, key=@file, @file.json, or - for JSON from stdin',
      helpValue: 'INPUT',
      multiple: true,
      multipleNonGreedy: true,
    }),
    watch: Flags.boolean({
      description: 'Show the run while it goes on; so it is unless --no-watch',
      default: true,
      allowNo: true,
    }),
    detach: Flags.boolean({ description: 'Leave the run to the server of the target' }),
    out: Flags.string({ description: 'Save each output to a file there', helpValue: 'DIR' }),
    'max-cost': moneyFlag({ description: 'Stop the run before it spends more' }),
    deadline: durationFlag({ description: 'The longest time of the run itself' }),
    'idempotency-key': Flags.string({ description: 'The same key is the same run', helpValue: 'KEY' }),
    ...lockedFlag,
    ...eventsFlag,
  };
  static override exitCodes = [1, 3, 6, 7, 8, 10, 11, 12];

  override async run(): Promise<Outcome> {
    const workspace = await this.workspace();
    const workbench = openWorkbench();
    try {
      return await this.#run(workspace, workbench);
    } finally {
      await workbench.close();
    }
  }

  async #run(workspace: Workspace, workbench: Workbench): Promise<Outcome> {
    const { flags } = this;
    // The process of a tool starts, and loads it, while the database is opened and the run is made.
    const light = this.#runsTool(workspace) ? await this.#startTool(workspace, workbench) : undefined;
    return this.connected(
      workspace,
      async (connection) => {
        const { client, target } = connection;
        if (flags.detach) needServer(connection.executes, 'run');
        const order = await this.#order(workspace, connection, workbench, light);
        if (connection.executes && order.callsTools) void (await workbench.runtimes()).warm();
        const inputs = await this.#inputs(order.input);
        await uploadContent(client, order.content);
        const key = flags['idempotency-key'];
        const run = await client.runs
          .create({
            ...order.what,
            id: key === undefined ? newId('run') : runIdForKey(target.project, key),
            inputs,
            ...(flags['max-cost'] === undefined ? {} : { maxCost: flags['max-cost'] }),
            ...(flags.deadline === undefined ? {} : { deadlineMs: flags.deadline }),
          })
          .catch(async (error: unknown) => {
            const explained = flags.locked ? (await import('../locked.ts')).explainPin(error, order) : error;
            throw this.#withSchema(
              await this.#inSources(explained, order, (file) => {
                const project = projectOf(workspace);
                return this.#wholeProject(
                  workspace,
                  client,
                  workbench,
                  sourceOfFile(project, project.root, file),
                );
              }),
              order.input,
            );
          });
        if (flags.detach)
          return {
            body: { run, target },
            text: () => [run.id],
            next: [`ice runs watch ${run.id}`],
          };
        const followed = await followRun({
          connection,
          runId: run.id,
          mode: 'run',
          output: this.output,
          stdin: this.world.stdin,
          person: this.mayAsk,
          show: flags.watch && this.output.mode !== 'json',
          maxCost: run.maxCost ?? undefined,
          timeoutMs: flags.timeout,
        });
        return runOutcome(followed, { connection, cwd: this.world.cwd, out: flags.out });
      },
      { changes: true, workbench },
    );
  }

  /** Whether this process is going to run a tool, as far as names tell: a live server of the folder would do it. */
  #runsTool(workspace: Workspace): boolean {
    const { ref } = this.args;
    const project = workspace.loaded?.project;
    if (!project || targetOf(workspace).kind !== 'local') return false;
    if (existsSync(join(project.root, '.ice', 'server.json'))) return false;
    if (looksLikeFile(ref)) return /\.[mc]?[jt]s$/.test(ref);
    const named = parseRef(ref);
    return named !== undefined && namesTool(project, named);
  }

  /** Starts the process of a tool, and loads the tool into it as far as it is found by its name. */
  async #startTool(workspace: Workspace, workbench: Workbench): Promise<BuiltProject | undefined> {
    const runtimes = await workbench.runtimes();
    await runtimes.warm();
    if (this.flags.locked) return undefined;
    const light = await lightBuild({
      project: projectOf(workspace),
      workbench,
      wanted: this.#wanted(workspace),
    });
    const tool = light && this.#wantedOf(light, workspace);
    if (tool?.kind === 'tool') {
      const code = new TextDecoder().decode(tool.entry);
      await runtimes.prepare({ digest: tool.manifest.entry, code }, tool.manifest);
    }
    return light;
  }

  /** What REF names in the project: a file, or a component. Errors: `usage`, `not_found`. */
  #wanted(workspace: Workspace): LightRequest['wanted'] {
    const { ref } = this.args;
    if (!looksLikeFile(ref)) return { ref: refOf(ref) };
    return { source: sourceOfFile(projectOf(workspace), this.world.cwd, ref) };
  }

  #wantedOf({ components }: BuiltProject, workspace: Workspace): ProjectComponent | undefined {
    const wanted = this.#wanted(workspace);
    if ('ref' in wanted) return componentOf(components, wanted.ref);
    return components.find((one) => one.file === wanted.source.file);
  }

  async #order(
    workspace: Workspace,
    { client }: Connection,
    workbench: Workbench,
    early: BuiltProject | undefined,
  ): Promise<RunOrder> {
    const { ref } = this.args;
    const file = looksLikeFile(ref);
    const named = file ? undefined : refOf(ref);
    if (!workspace.loaded && named && !this.flags.locked) return orderOfRegistered(client, ref);
    const project = projectOf(workspace);
    const source = file ? sourceOfFile(project, this.world.cwd, ref) : undefined;
    const locked = this.flags.locked ? (await import('../locked.ts')).openLocked(project) : undefined;
    const light = locked
      ? undefined
      : (early ?? (await lightBuild({ project, workbench, wanted: this.#wanted(workspace) })));
    const quick = light && this.#wantedOf(light, workspace);
    if (quick) return orderOfSource(light, quick);

    const built = await this.#wholeProject(workspace, client, workbench, source);
    locked?.assertStd(built);
    const component = this.#wantedOf(built, workspace);
    const wrong = built.diagnostics.filter(
      component
        ? filesOf(built, component)
        : // The file is broken, or the name may be that of a file that is.
          (one) =>
            one.file === source?.file || (named && new RegExp(`(^|/)${named.name}\\.\\w+$`).test(one.file)),
    );
    if (errorsIn(wrong).length > 0) throw await this.#invalid(wrong, built);
    if (component) {
      const order = orderOfSource(built, component);
      if (!locked) return order;
      const { lockedOrder } = await import('../locked.ts');
      return lockedOrder(order, locked, [...involved(built, component).components.values()]);
    }
    if (source)
      throw new IceError('validation_failed', `${source.file} holds no component.`, {
        hint: 'ice validate',
      });
    if (locked && !named!.name.startsWith('std/'))
      return (await import('../locked.ts')).orderOfLocked(locked, named!);
    return await orderOfRegistered(
      client,
      ref,
      built.components.map((one) => one.name),
    );
  }

  async #wholeProject(
    workspace: Workspace,
    client: Client,
    workbench: Workbench,
    source?: ComponentSource,
  ): Promise<BuiltProject> {
    const project = projectOf(workspace);
    return buildProject({
      project,
      workbench,
      output: this.output,
      ...(source ? { extra: [source] } : {}),
      ask: this.flags.locked
        ? (await import('../locked.ts')).openLocked(project).ask
        : (refs) => askTarget(client, refs),
    });
  }

  /** What the target found wrong with sources of the project, shown in them. */
  async #inSources(
    error: unknown,
    order: RunOrder,
    build: (file: string) => Promise<BuiltProject>,
  ): Promise<unknown> {
    if (!(error instanceof IceError) || error.code !== 'validation_failed' || !order.file) return error;
    const built = await build(order.file);
    const component = built.components.find((one) => one.file === order.file);
    const wrong = component ? built.diagnostics.filter(filesOf(built, component)) : [];
    return errorsIn(wrong).length > 0 ? this.#invalid(wrong, built) : error;
  }

  async #invalid(wrong: Diagnostic[], { texts }: BuiltProject): Promise<IceError> {
    const { invalidProject } = await import('../findings.ts');
    return invalidProject(this.output, wrong, texts);
  }

  async #inputs(schema: JsonSchema): Promise<Record<string, never>> {
    try {
      return (await readInputs({
        given: this.flags.input ?? [],
        schema,
        cwd: this.world.cwd,
        readStdin: () => this.readStdin('-i -'),
      })) as Record<string, never>;
    } catch (error) {
      throw this.#withSchema(error, schema);
    }
  }

  /** Wrong inputs are told with what would be right. */
  #withSchema(error: unknown, schema: JsonSchema): unknown {
    if (!(error instanceof IceError) || error.code !== 'input_invalid') return error;
    const { theme, screen } = this.output;
    const shape = schemaLines(schema, { theme, columns: screen.columns - 2, isTTY: screen.isTTY });
    this.output.note(theme.dim('It takes:'), ...shape);
    return new IceError(error.code, error.message, {
      hint: error.hint,
      details: { ...error.details, schema },
    });
  }
}

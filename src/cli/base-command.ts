import { resolve } from 'node:path';
import { Command, type Interfaces, Parser } from '@oclif/core';
import { IceError } from '../contracts/errors.ts';
// Not lazily: what all commands share is then one file to load, instead of thirty.
import { type Connection, connect } from './connect.ts';
import { GLOBAL_FLAGS } from './flags.ts';
import type { Workbench } from './local-workbench.ts';
import type { Outcome } from './outcome.ts';
import type { Output } from './output.ts';
import { type InputStream, readStdin } from './stdin.ts';
import { isCI } from './terminal.ts';
import { openWorkspace, type Workspace, type WorkspaceFlags } from './workspace.ts';

/** What a command has of the process. */
export interface World {
  output: Output;
  /** Asked for when it is read: to open it takes as long as a small command. */
  stdin(): InputStream;
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** Folder of the package, and whether its commands run built or as written. */
  root: URL;
  commands: 'dist' | 'src';
  version: string;
}

type Parsed = Command.Class;
export type FlagsOf<T extends Parsed> = Interfaces.InferredFlags<
  (typeof IceCommand)['baseFlags'] & T['flags']
>;
export type ArgsOf<T extends Parsed> = Interfaces.InferredArgs<T['args']>;

/**
 * What every command is built on: parse, connect, ask, render. A command returns an Outcome and prints nothing to
 * stdout itself; main.ts prints it in the form that was asked for, and tells errors once.
 */
export abstract class IceCommand<T extends Parsed = Parsed> extends Command {
  static override baseFlags = GLOBAL_FLAGS;
  /** Whether the command leaves target, project and machine as they are; for `ice commands --json`. */
  static readOnly = false;
  /** Exit codes besides 0, 2, 4, 5, 14 and 70, which every command can have. */
  static exitCodes: number[] = [];

  protected flags!: FlagsOf<T>;
  protected args!: ArgsOf<T>;
  protected world!: World;

  abstract override run(): Promise<Outcome>;

  /** Parses, runs, and hands back the outcome; throws what keeps it from one. */
  async start(world: World): Promise<Outcome> {
    this.world = world;
    // Not `this.parse`: it would load hooks and plugins first, which there are none of.
    const { flags, args } = await Parser.parse(this.argv, {
      flags: { ...GLOBAL_FLAGS, ...this.ctor.flags },
      args: this.ctor.args,
      strict: true,
    });
    this.flags = flags as FlagsOf<T>;
    this.args = args as ArgsOf<T>;
    if (this.flags.cwd !== undefined) this.world = { ...world, cwd: resolve(world.cwd, this.flags.cwd) };
    if (this.flags.json && (this.flags as { events?: boolean }).events)
      throw new IceError('usage', '--json and --events do not go together.');
    return await this.run();
  }

  protected get output(): Output {
    return this.world.output;
  }

  /** Whether a question may be asked: a person is at both ends, and nobody said not to. */
  protected get mayAsk(): boolean {
    const { env, stdin, output } = this.world;
    const never = this.flags['no-input'] || (env['ICE_NO_INPUT'] ?? '0') !== '0';
    return !never && output.mode === 'text' && output.screen.isTTY && !isCI(env) && stdin().isTTY === true;
  }

  /** All of stdin, for a flag whose value is `-`. */
  protected readStdin(flag: string): Promise<string> {
    const stdin = this.world.stdin();
    if (stdin.isTTY) this.output.note(`Reading ${flag} from the terminal; end it with Ctrl-D.`);
    return readStdin(stdin, flag);
  }

  /** Where the command stands: project, user config, settings. Read anew at each call. */
  protected async workspace(more: WorkspaceFlags['more'] = {}): Promise<Workspace> {
    const { target, project } = this.flags as { target?: string; project?: string };
    const workspace = await openWorkspace(this.world.cwd, this.world.env, { target, project, more });
    this.output.root = workspace.loaded?.project?.root ?? this.output.root;
    return workspace;
  }

  /**
   * Works with the target of the command, and leaves it in order on every way out. With `changes` it says first where
   * the command goes and who chose that.
   */
  protected async connected<R>(
    workspace: Workspace,
    work: (connection: Connection) => Promise<R>,
    { changes = false, workbench }: { changes?: boolean; workbench?: Workbench } = {},
  ): Promise<R> {
    const { env, version, output } = this.world;
    const connection = await connect(workspace, {
      env,
      version,
      warn: (message) => output.warn(message),
      workbench,
    });
    try {
      const { name, url, project, from, through } = connection.target;
      const line = `target ${name}${url ? ` (${url})` : ''}, project ${project}, chosen by ${from}`;
      if (changes && name !== 'local') output.note(output.theme.dim(line));
      else output.detail(`${line}; through ${through}`);
      return await work(connection);
    } finally {
      await connection.close();
    }
  }
}

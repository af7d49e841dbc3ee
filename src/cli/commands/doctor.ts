import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { Flags } from '@oclif/core';
import { SETTINGS, type SettingName } from '../../contracts/config.ts';
import { EXIT, IceError } from '../../contracts/errors.ts';
import { settingsAsGiven } from '../../project/config.ts';
import { explainFileError } from '../../project/file-errors.ts';
import { findProject } from '../../project/find-project.ts';
import { IceCommand } from '../base-command.ts';
import { mendsOf } from '../mends.ts';
import type { Outcome } from '../outcome.ts';
import { keyPlaceText } from '../render/key-place.ts';
import { table } from '../render/table.ts';
import { oneLine, pad } from '../render/text-width.ts';
import { targetOf, type Workspace } from '../workspace.ts';

interface Check {
  name: string;
  state: 'ok' | 'warning' | 'problem';
  says: string;
  fix?: string;
  /** --fix put it right. */
  fixed?: true;
}

export default class Doctor extends IceCommand<typeof Doctor> {
  static override summary = 'Every setting with its origin, and whether this machine is fit';
  static override description =
    '--fix puts right what can be put right without a loss: what a server left that is gone, files that others may read, a repository that does not ignore .ice/, slips in ice.yaml whose meaning is plain.';
  static override examples = ['ice doctor', 'ice doctor --fix', 'ice doctor --json'];
  static override flags = { fix: Flags.boolean({ description: 'Put right what can be' }) };
  // Without --fix; who may only read is not offered it (mcp-verbs.ts).
  static override readOnly = true;

  override async run(): Promise<Outcome> {
    const mended = await this.#mend(await this.workspace());
    // As it is now, with what was mended.
    const workspace = await this.workspace();
    const settings = settingsAsGiven(workspace.sources);
    const values = (Object.keys(settings) as SettingName[]).map((name) => {
      const { value, origin, from } = settings[name];
      const secret = (SETTINGS[name] as { secret?: boolean }).secret === true;
      return { name, value: secret && value !== undefined ? '***' : (value ?? null), origin, from };
    });
    const checks = [
      this.#node(),
      this.#project(workspace),
      this.#target(workspace),
      await this.#keyring(workspace),
      await this.#port(settings.host.value ?? '127.0.0.1', Number(settings.port.value ?? 4747), workspace),
      ...(await this.#database(workspace)),
      ...mended,
    ];
    const problems = checks.filter((check) => check.state === 'problem');
    return {
      body: { version: this.world.version, node: process.versions.node, settings: values, checks },
      text: ({ theme, columns }) => [
        ...checks.flatMap((check) => {
          const { mark } = theme;
          const sign =
            check.state === 'ok'
              ? theme.good(mark.ok)
              : check.state === 'warning'
                ? theme.warn(mark.warn)
                : theme.bad(mark.fail);
          const line = `${sign} ${pad(check.name, 9)} ${oneLine(check.says)}`;
          return check.fix
            ? [line, `  ${' '.repeat(9)} ${theme.dim(mark.next)} ${theme.accent(check.fix)}`]
            : [line];
        }),
        '',
        ...table(
          values.filter((one) => one.value !== null),
          [
            { title: 'SETTING', cell: (one) => one.name },
            { title: 'VALUE', cell: (one) => oneLine(one.value ?? ''), flex: true },
            { title: 'FROM', cell: (one) => theme.dim(one.from) },
          ],
          theme,
          columns,
        ),
      ],
      ...(problems.length > 0
        ? {
            error: new IceError(
              'machine',
              problems.map((check) => `${check.name}: ${check.says}`).join('; '),
            ),
            told: true,
            exit: EXIT.machine,
          }
        : {}),
    };
  }

  async #mend({ loaded, cwd, user }: Workspace): Promise<Check[]> {
    const root = loaded?.project?.root ?? findProject(cwd) ?? cwd;
    const mends = await mendsOf(root, loaded, user.folder, async () => {
      const { liveServer } = await import('../../host/server-file.ts');
      return (await liveServer(root)) !== undefined;
    });
    return mends.map(({ name, says, done, mend }): Check => {
      if (!this.flags.fix) return { name, state: 'warning', says, fix: 'ice doctor --fix' };
      try {
        mend();
        return { name, state: 'ok', says: done, fixed: true };
      } catch (error) {
        const { message } = IceError.from(explainFileError(error, root, 'write'));
        return { name, state: 'problem', says: `${says}; it could not be mended: ${message}` };
      }
    });
  }

  #node(): Check {
    return {
      name: 'versions',
      state: 'ok',
      says: `ice ${this.world.version}, Node ${process.versions.node}, ${process.platform} ${process.arch}`,
    };
  }

  #project({ loaded }: Workspace): Check {
    if (!loaded)
      return { name: 'project', state: 'warning', says: 'none here', fix: 'npx iceos init my-project' };
    if (!loaded.project)
      return { name: 'project', state: 'problem', says: 'ice.yaml is not valid', fix: 'ice validate' };
    const { name, root, sources } = loaded.project;
    return { name: 'project', state: 'ok', says: `${name} in ${root}, ${sources.length} source files` };
  }

  #target(workspace: Workspace): Check {
    try {
      const target = targetOf(workspace);
      const where = target.kind === 'remote' ? ` (${target.url})` : '';
      return { name: 'target', state: 'ok', says: `${target.name}${where}, chosen by ${target.from}` };
    } catch (error) {
      const { message, hint } = IceError.from(error);
      return { name: 'target', state: 'problem', says: message, ...(hint ? { fix: hint } : {}) };
    }
  }

  async #keyring({ settings }: Workspace): Promise<Check> {
    if (settings.keyring.value === '0' || settings.keyring.value === 'false')
      return {
        name: 'keyring',
        state: 'ok',
        says: `not used (${settings.keyring.from}); tokens are kept in a 0600 file`,
      };
    const late = new Promise<string>((done) => setTimeout(done, 2000, 'it does not answer').unref());
    const asked = import('keytar')
      .then(async (module) => {
        const ring = (module as unknown as { default?: typeof module }).default ?? module;
        await (ring as unknown as { getPassword(a: string, b: string): Promise<unknown> }).getPassword(
          'iceos',
          'doctor',
        );
        return 'ok';
      })
      .catch((error: unknown) =>
        // Where it looked for its library is of no use to anybody.
        error instanceof Error ? error.message.split(/\n|, checked \[/)[0]! : 'it failed',
      );
    const answer = await Promise.race([asked, late]);
    if (answer === 'ok') return { name: 'keyring', state: 'ok', says: 'answers' };
    return {
      name: 'keyring',
      state: 'warning',
      says: `not here (${answer}); tokens are kept in a 0600 file`,
    };
  }

  async #port(host: string, port: number, workspace: Workspace): Promise<Check> {
    const root = workspace.loaded?.project?.root;
    if (root && existsSync(resolve(root, '.ice/server.json'))) {
      const { liveServer } = await import('../../host/server-file.ts');
      const live = await liveServer(root);
      if (live) return { name: 'server', state: 'ok', says: `${live.url}, process ${live.pid}` };
    }
    const free = await new Promise<boolean>((done) => {
      const probe = createServer();
      probe.once('error', () => done(false));
      probe.listen(port, host, () => probe.close(() => done(true)));
    });
    if (free) return { name: 'port', state: 'ok', says: `${port} is free for ice dev` };
    return { name: 'port', state: 'warning', says: `${port} is in use`, fix: 'ice dev --port 0' };
  }

  async #database(workspace: Workspace): Promise<Check[]> {
    const root = workspace.loaded?.project?.root ?? workspace.cwd;
    const file = resolve(root, workspace.settings.database.value ?? '.ice/ice.db');
    if (!existsSync(file))
      return [{ name: 'database', state: 'ok', says: `${file} is made by the first run` }];
    try {
      const { openHost } = await import('../../host/index.ts');
      const host = await openHost({
        cwd: root,
        settings: workspace.settings,
        env: this.world.env,
        local: true,
      });
      try {
        host.stores.check();
        return [
          { name: 'database', state: 'ok', says: `${file}, durability ${host.status().durability}` },
          { name: 'secrets', state: 'ok', says: keyPlaceText[await host.secrets.keyPlace()] },
        ];
      } finally {
        await host.close();
      }
    } catch (error) {
      const { message, hint } = IceError.from(error);
      return [{ name: 'database', state: 'problem', says: message, ...(hint ? { fix: hint } : {}) }];
    }
  }
}

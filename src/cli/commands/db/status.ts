import { existsSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { IceCommand } from '../../base-command.ts';
import type { Outcome } from '../../outcome.ts';
import { formatBytes } from '../../render/figures.ts';
import { targetOf } from '../../workspace.ts';

export default class DbStatus extends IceCommand<typeof DbStatus> {
  static override summary = 'The database of the local target: where, how big, how safe';
  static override examples = ['ice db status', 'ice db status --json'];
  static override readOnly = true;

  override async run(): Promise<Outcome> {
    const workspace = await this.workspace();
    const root = workspace.loaded?.project?.root ?? workspace.cwd;
    const file = resolve(root, workspace.settings.database.value ?? '.ice/ice.db');
    if (!existsSync(file)) {
      return {
        body: { database: file, exists: false },
        text: ({ theme }) => [theme.dim(`${file} is not there yet; the first run or push makes it.`)],
      };
    }
    const target = targetOf(workspace);
    if (target.kind === 'remote')
      this.output.warn(`This is the local target's database; the target ${target.name} has its own.`);
    const { openHost } = await import('../../../host/index.ts');
    const { liveServer } = await import('../../../host/server-file.ts');
    const host = await openHost({
      cwd: root,
      settings: workspace.settings,
      env: this.world.env,
      local: true,
    });
    try {
      host.stores.check();
      const { durability } = host.status();
      const { states } = await host.stores.counts();
      const found = await host.stores.inspect();
      for (const line of found?.damage ?? []) this.output.warn(`The file is damaged: ${line}`);
      for (const { runId, problem } of found?.journals ?? []) this.output.warn(`${runId}: ${problem}`);
      const server = await liveServer(root);
      const bytes = sizeOf(file) + sizeOf(`${file}-wal`);
      const body = {
        database: file,
        exists: true,
        bytes,
        durability,
        synchronous: found?.synchronous ?? null,
        journalMode: found?.journalMode ?? null,
        schema: found?.schema ?? null,
        events: found?.events ?? 0,
        damage: found?.damage ?? [],
        journals: found?.journals ?? [],
        from: workspace.settings.database.from,
        runs: states,
        server: server ? { url: server.url, pid: server.pid } : null,
      };
      const runs = Object.entries(states).map(([state, count]) => `${count} ${state}`);
      const rows: [string, string][] = [
        ['file', file],
        ['from', body.from],
        ['size', formatBytes(bytes)],
        ['durability', durability === 'full' ? 'full: on disk before a step counts' : durability],
        ['runs', runs.join(', ') || 'none'],
        ['journals', journalsOf(body)],
        ['server', server ? `${server.url}, process ${server.pid}` : 'none; commands execute by themselves'],
      ];
      return {
        body,
        text: ({ theme }) => rows.map(([name, value]) => `${theme.dim(name.padEnd(10))}  ${value}`),
      };
    } finally {
      await host.close();
    }
  }
}

const journalsOf = ({
  events,
  damage,
  journals,
}: {
  events: number;
  damage: string[];
  journals: unknown[];
}): string =>
  damage.length > 0
    ? 'the file is damaged: restore a backup'
    : journals.length > 0
      ? `${journals.length} are not as they must be`
      : `sound: ${events} events, without a gap`;

const sizeOf = (file: string): number => (existsSync(file) ? statSync(file).size : 0);

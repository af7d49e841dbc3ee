import { statSync } from 'node:fs';
import { IceCommand } from '../../base-command.ts';
import { assertThere, databaseFileOf } from '../../database-file.ts';
import { durationFlag } from '../../flags.ts';
import type { Outcome } from '../../outcome.ts';
import { formatBytes, plural } from '../../render/figures.ts';

const HOUR_MS = 3_600_000;

export default class DbPrune extends IceCommand<typeof DbPrune> {
  static override summary = 'Take away what nobody uses; shows it, and with --yes does it';
  static override description =
    'Uploaded content that no version, run or draft refers to, and with --runs-older-than runs that ended that long ago, with their journals. Versions are never taken away, archived ones neither, and runs that have not ended stay. Then the file is made as small as it can be.';
  static override examples = [
    'ice db prune',
    'ice db prune --yes',
    'ice db prune --runs-older-than 30d --yes',
  ];
  static override flags = {
    'runs-older-than': durationFlag({ description: 'Also runs that ended so long ago' }),
    grace: durationFlag({
      description: 'Content younger than this stays, as it may be on its way; 1h unless said',
    }),
  };
  static override exitCodes = [11];

  override async run(): Promise<Outcome> {
    const { flags } = this;
    const { file } = databaseFileOf(await this.workspace(), this.output);
    assertThere(file);
    const { pruneDatabase } = await import('../../../host/database.ts');
    const now = Date.now();
    const apply = flags.yes === true;
    const before = statSync(file).size;
    const older = flags['runs-older-than'];
    const pruned = await pruneDatabase(
      file,
      {
        now,
        graceMs: flags.grace ?? HOUR_MS,
        ...(older === undefined ? {} : { runsEndedBefore: now - older }),
      },
      apply,
    );
    if (pruned.vacuumed === false)
      this.output.warn(
        'The file keeps its size: another process is reading it. Its free space is used again.',
      );
    const after = statSync(file).size;
    const { artifacts, runs, plans, cached, kept } = pruned;
    const nothing = artifacts.count + runs.count + plans + cached === 0;
    const parts = [
      artifacts.count > 0 ? `${plural(artifacts.count, 'artifact')} (${formatBytes(artifacts.bytes)})` : '',
      runs.count > 0 ? `${plural(runs.count, 'run')} (${plural(runs.events, 'event')})` : '',
      plans > 0 ? plural(plans, 'plan') : '',
      cached > 0 ? plural(cached, 'cached result') : '',
    ].filter(Boolean);
    return {
      body: { database: file, applied: apply, ...pruned, fileBytes: { before, after } },
      text: ({ theme }) => [
        nothing
          ? `${theme.good(theme.mark.ok)} Nothing is unused`
          : apply
            ? `${theme.good(theme.mark.ok)} Taken away: ${parts.join(', ')}`
            : `${theme.warn('Unused:')} ${parts.join(', ')}`,
        theme.dim(
          `stays: ${plural(kept.artifacts, 'artifact')} (${formatBytes(kept.bytes)}), ${plural(kept.runs, 'run')}${apply ? `; the file had ${formatBytes(before)} and has ${formatBytes(after)}` : ''}`,
        ),
      ],
      ...(apply || nothing
        ? {}
        : {
            next: [
              [
                'ice db prune',
                older === undefined ? '' : `--runs-older-than ${written(older)}`,
                flags.grace === undefined ? '' : `--grace ${written(flags.grace)}`,
                '--yes',
              ]
                .filter(Boolean)
                .join(' '),
            ],
          }),
    };
  }
}

/** A length of time as it is typed: `30d`, `90m`. */
function written(ms: number): string {
  const units: [string, number][] = [
    ['d', 24 * HOUR_MS],
    ['h', HOUR_MS],
    ['m', 60_000],
    ['s', 1_000],
  ];
  const [unit, size] = units.find(([, each]) => ms >= each && ms % each === 0) ?? ['ms', 1];
  return `${ms / size}${unit}`;
}

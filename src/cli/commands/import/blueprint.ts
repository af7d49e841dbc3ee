import { existsSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { Flags } from '@oclif/core';
import { IceError } from '../../../contracts/errors.ts';
import { formatDiagnostics } from '../../../language/diagnostics/format.ts';
import { IceCommand } from '../../base-command.ts';
import { requiredArg } from '../../flags.ts';
import { importRefused } from '../../import-outcome.ts';
import type { Outcome } from '../../outcome.ts';
import { plural } from '../../render/figures.ts';
import { oneLine } from '../../render/text-width.ts';
import { projectOf } from '../../workspace.ts';

export default class ImportBlueprint extends IceCommand<typeof ImportBlueprint> {
  static override summary =
    'Rewrite a blueprint of the predecessor (schema_version 1.1.0, 1.2.0) as blueprint 2';
  static override description =
    'Ids, dependencies, branches, loops, templates and simple schemas are rewritten; what could not be kept is told, and stands in the new file as a comment over its node. Tools and agents are not part of such a document: they have to be written.';
  static override examples = [
    'ice import blueprint old/flow.yaml',
    'ice import blueprint flow.json --out workflows/report.yaml --force',
    'ice import blueprint flow.yaml --dry-run   # prints the new document',
  ];
  static override args = { source: requiredArg('File or address of the document') };
  static override flags = {
    out: Flags.string({ description: 'The new file; workflows/NAME.yaml unless said', helpValue: 'FILE' }),
    name: Flags.string({
      description: "Name of the workflow; the document's unless said",
      helpValue: 'NAME',
    }),
    'dry-run': Flags.boolean({ description: 'Print the new document, and write nothing' }),
    force: Flags.boolean({ description: 'Write over a file that is there' }),
  };
  static override exitCodes = [3, 11, 12];

  override async run(): Promise<Outcome> {
    const { flags, world, output } = this;
    const { assertImportName } = await import('../../import-flags.ts');
    assertImportName(flags.name);
    const { readDocument } = await import('../../../project/import/foreign-document.ts');
    const { importPredecessor } = await import('../../../project/import/predecessor.ts');
    const source = await readDocument(this.args.source, { cwd: world.cwd, env: world.env });
    const { import: made, diagnostics } = importPredecessor(
      source,
      flags.name === undefined ? {} : { name: flags.name },
    );
    if (!made) throw importRefused(diagnostics, source, output);
    const dry = flags['dry-run'];
    const path =
      flags.out === undefined
        ? dry
          ? undefined
          : join(projectOf(await this.workspace()).root, 'workflows', `${made.name}.yaml`)
        : resolve(world.cwd, flags.out);
    const file = path === undefined ? null : relative(world.cwd, path);
    if (path !== undefined && !dry) await write(path, file!, made.text, flags.force);

    const errors = made.diagnostics.filter((each) => each.severity === 'error');
    if (errors.length > 0)
      output.note(
        formatDiagnostics(errors, new Map([[`${made.name}.yaml`, made.text]]), 'pretty', {
          color: output.theme.color,
          width: output.screen.columns,
        }).trimEnd(),
      );
    const { lost, needs, renamed } = made;
    if (dry) {
      for (const { node, what } of lost)
        output.warn(`not kept${node === '' ? '' : `, ${node}`}: ${oneLine(what)}`);
      return {
        body: {
          name: made.name,
          file,
          dryRun: true,
          document: made.text,
          lost,
          needs,
          renamed,
          diagnostics: made.diagnostics,
        },
        text: () => made.text.trimEnd().split('\n'),
      };
    }
    return {
      body: { name: made.name, file, dryRun: false, lost, needs, renamed, diagnostics: made.diagnostics },
      text: ({ theme }) => [
        `${theme.good(theme.mark.ok)} ${theme.strong(made.name)}  ${file}`,
        ...Object.entries(renamed).map(
          ([old, id]) => `  ${theme.dim('renamed')}  ${oneLine(old)} ${theme.mark.next} ${id}`,
        ),
        ...needs.map((ref) => `  ${theme.dim('needs')}    ${ref}`),
        ...lost.map(
          ({ node, what }) =>
            `${theme.warn(theme.mark.warn)} not kept${node === '' ? '' : `, ${theme.strong(node)}`}: ${oneLine(what).slice(0, 300)}`,
        ),
        ...(errors.length > 0 ? [theme.bad(`${plural(errors.length, 'error')} to mend by hand`)] : []),
      ],
      next: [
        ...needs
          .filter((ref) => ref.startsWith('tool/') && !ref.startsWith('tool/std/'))
          .slice(0, 3)
          .map((ref) => `ice new tool ${ref.slice(5)}`),
        'ice validate',
      ],
    };
  }
}

async function write(path: string, shown: string, text: string, force: boolean): Promise<void> {
  const there = existsSync(path);
  if (there && !force && readFileSync(path, 'utf8') !== text)
    throw new IceError('conflict', `${shown} is there already, with other content.`, {
      hint: 'Choose another file: --out FILE. Or write over it: --force',
      details: { file: shown },
    });
  const { writeFiles } = await import('../../../project/write-files.ts');
  writeFiles(resolve(path, '..'), [
    { path: path.split(/[\\/]/).at(-1)!, text, action: there ? 'extend' : 'create' },
  ]);
}

import { join, relative, resolve } from 'node:path';
import { Flags } from '@oclif/core';
import { IceError } from '../../../contracts/errors.ts';
import { IceCommand } from '../../base-command.ts';
import { requiredArg } from '../../flags.ts';
import { foldersOf, importOutcome, importRefused } from '../../import-outcome.ts';
import type { Outcome } from '../../outcome.ts';
import { plural } from '../../render/figures.ts';

export default class ImportOpenapi extends IceCommand<typeof ImportOpenapi> {
  static override summary = 'Make a typed tool of each operation of an OpenAPI document';
  static override description =
    'Reads OpenAPI 3.0 and 3.1, JSON or YAML. Each tool declares the host of the API as its network, and what proves who calls as secrets. All files are written, or none; files that you changed since the last import are kept unless --force.';
  static override examples = [
    'ice import openapi https://api.example.com/openapi.json',
    'ice import openapi petstore.yaml --tag pets --dry-run',
    'ice import openapi big.json --include "GET /repos/*" --include create-issue',
    'ice import openapi petstore.yaml --server http://127.0.0.1:8080   # run against a local mock',
    'ice import openapi github.json --name github --auth bearer=GITHUB_TOKEN',
  ];
  static override args = { source: requiredArg('File or address of the document') };
  static override flags = {
    out: Flags.string({ description: 'Folder of the tools; tools/NAME unless said', helpValue: 'DIR' }),
    name: Flags.string({
      description: "Beginning of the tools' names; made of the document's title unless said",
      helpValue: 'NAME',
    }),
    include: Flags.string({
      description: 'Only what fits: a tool, an operationId, or "GET /pets/*"; * is any text',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'PATTERN',
    }),
    tag: Flags.string({
      description: 'Only operations with this tag',
      multiple: true,
      multipleNonGreedy: true,
      helpValue: 'TAG',
    }),
    server: Flags.string({
      description: 'Where the API is, instead of where the document says; the tools may reach this host',
      helpValue: 'URL',
    }),
    auth: Flags.string({
      description:
        'How calls prove who they are: none, bearer, basic, header:NAME, query:NAME; =SECRET names the secret',
      helpValue: 'WAY',
    }),
    'as-version': Flags.string({
      description: "Version of the tools; the document's unless said",
      helpValue: 'VERSION',
    }),
    'skip-invalid': Flags.boolean({ description: 'Leave out operations that the document has wrong' }),
    'dry-run': Flags.boolean({ description: 'Say what would be written, and write nothing' }),
    force: Flags.boolean({ description: 'Write over files that you changed' }),
  };
  static override exitCodes = [3, 11, 12];

  override async run(): Promise<Outcome> {
    const { flags, world, output } = this;
    const { assertImportName, assertVersion } = await import('../../import-flags.ts');
    const version = flags['as-version'];
    assertImportName(flags.name);
    assertVersion(version);
    const folders = foldersOf(await this.workspace(), flags.out);

    const { readDocument } = await import('../../../project/import/foreign-document.ts');
    const { importOpenApi } = await import('../../../project/import/openapi.ts');
    const source = await readDocument(this.args.source, {
      cwd: world.cwd,
      env: world.env,
      ...(flags.timeout === undefined ? {} : { timeoutMs: flags.timeout }),
    });
    const { import: made, diagnostics } = importOpenApi(source, {
      ...(flags.name === undefined ? {} : { name: flags.name }),
      ...(version === undefined ? {} : { version }),
      ...(flags.server === undefined ? {} : { server: flags.server }),
      ...(flags.auth === undefined ? {} : { auth: flags.auth }),
      include: flags.include ?? [],
      tags: flags.tag ?? [],
      skipInvalid: flags['skip-invalid'],
    });
    if (!made) throw importRefused(diagnostics, source, output);
    if (made.tools.length === 0)
      throw new IceError('not_found', `None of ${plural(made.total, 'operation')} is chosen.`, {
        hint: 'Choose others: --include "GET /*", or all without --include and --tag',
        details: { operations: made.total, left: made.left.slice(0, 20) },
      });
    for (const { message, path } of diagnostics) output.warn(`${path ?? source.name}: ${message}`);
    const dir = folders.dir(made.name);
    const shown = relative(world.cwd, dir) || '.';
    const { planFolder, writeFolder } = await import('../../../project/import/import-folder.ts');
    const plan = planFolder(dir, made.files, {
      importedBy: 'ice import openapi',
      from: source.url ?? relative(dir, resolve(world.cwd, source.name)).replaceAll('\\', '/'),
      api: { title: made.title, version: made.version, server: made.server },
    });
    if (!flags['dry-run']) writeFolder(plan, { force: flags.force, shown });
    const { secrets } = made;
    return importOutcome({
      plan,
      shown,
      dryRun: flags['dry-run'],
      heading: `${made.title} ${made.version}`,
      tools: made.tools.map(({ name, operation, file }) => ({
        name,
        from: operation,
        file: join(shown, file),
      })),
      left: made.left.map(({ operation, reason }) => ({ from: operation, reason })),
      facts: [
        ['net', [...new Set(made.tools.map((tool) => tool.net))].join(', ')],
        ['secrets', secrets.length === 0 ? 'none' : secrets.join(', ')],
        ...(made.openSchemas > 0
          ? [
              [
                'open',
                `${plural(made.openSchemas, 'tool')} with schemas left open in places: they hold themselves, or are too large`,
              ] as [string, string],
            ]
          : []),
      ],
      body: {
        api: { name: made.name, title: made.title, version: made.version, server: made.server },
        operations: made.total,
        secrets,
        openSchemas: made.openSchemas,
      },
      next: [...secrets.map((secret) => `export ${secret}=…`), exampleOf(made.tools)],
      quiet: folders.outside,
    });
  }
}

/** A call to try: of the tools that only read, the one that needs the least. */
function exampleOf(tools: readonly { name: string; operation: string; required: string[] }[]): string {
  const reads = tools.filter((tool) => tool.operation.startsWith('GET '));
  const easiest = (reads.length > 0 ? reads : tools).reduce((least, tool) =>
    tool.required.length < least.required.length ? tool : least,
  );
  return `ice run ${easiest.name}${easiest.required.map((field) => ` -i ${field}=…`).join('')}`;
}

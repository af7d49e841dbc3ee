import { readFileSync, writeFileSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import { Flags } from '@oclif/core';
import type { Blueprint } from '../../contracts/blueprint.ts';
import type { Diagnostic } from '../../contracts/diagnostics.ts';
import { IceError } from '../../contracts/errors.ts';
import { parseRef } from '../../contracts/ids.ts';
import { formatDiagnostics } from '../../language/diagnostics/format.ts';
import { parseBlueprint } from '../../language/index.ts';
import { buildComponents } from '../../project/build-components.ts';
import type { ComponentSource } from '../../project/component-sources.ts';
import { explainFileError } from '../../project/file-errors.ts';
import type { Project } from '../../project/load-project.ts';
import { IceCommand } from '../base-command.ts';
import { sourceOfFile } from '../built-project.ts';
import { findComponent, refOf } from '../find-component.ts';
import { optionalArg } from '../flags.ts';
import { openWorkbench } from '../local-workbench.ts';
import type { Outcome, View } from '../outcome.ts';
import { countNodes, type GraphModel, graphMermaid, graphSvg, graphText } from '../render/graph/index.ts';
import { themeFor } from '../render/theme.ts';
import { runIdOf } from '../run-id.ts';
import { looksLikeFile } from '../run-order.ts';
import { projectOf, type Workspace } from '../workspace.ts';

const FORMATS = ['text', 'mermaid', 'svg'] as const;
type Format = (typeof FORMATS)[number];
const BY_ENDING: Record<string, Format> = {
  '.svg': 'svg',
  '.mmd': 'mermaid',
  '.mermaid': 'mermaid',
  '.txt': 'text',
};

export default class Graph extends IceCommand<typeof Graph> {
  static override summary = 'Draw a workflow: what waits for what, and what holds what';
  static override description =
    'In the terminal, as Mermaid, or as an SVG image. Of a YAML file nothing is built or run; a child workflow of the project is drawn inside its node. Lines that others imply are left out, unless --all-edges.';
  static override examples = [
    'ice graph workflows/report.yaml',
    'ice graph report --format mermaid',
    'ice graph report --out report.svg',
    'ice graph --run last   # with states, times and costs',
  ];
  static override args = { ref: optionalArg('A file or a workflow; not with --run') };
  static override flags = {
    format: Flags.option({
      options: FORMATS,
      description: "What to draw; that of --out's ending, else text",
    })(),
    out: Flags.string({ description: 'Write it to a file', helpValue: 'FILE' }),
    run: Flags.string({
      description: 'A run, or `last`: coloured by state, with times and costs',
      helpValue: 'ID',
    }),
    'all-edges': Flags.boolean({ description: 'Also lines that others imply' }),
    list: Flags.boolean({ description: 'As text: a list instead of boxes' }),
  };
  static override readOnly = true;
  static override exitCodes = [3, 11];

  override async run(): Promise<Outcome> {
    const { flags, args } = this;
    if ((args.ref === undefined) === (flags.run === undefined))
      throw new IceError(
        'usage',
        flags.run ? 'A run is drawn as it was: leave the file out.' : 'What is to be drawn?',
        {
          hint: 'ice graph workflows/report.yaml, or ice graph --run last',
        },
      );
    const format = flags.format ?? formatOf(flags.out);
    const model = flags.run === undefined ? await this.#ofRef(args.ref!) : await this.#ofRun(flags.run);
    const body = {
      name: model.name,
      version: model.version,
      format,
      nodes: countNodes(model.nodes),
      run: model.run ?? null,
    };
    if (flags.out !== undefined) {
      const text = this.#draw(model, format, {
        theme: themeFor({ color: false, unicode: true }),
        columns: 200,
      });
      const file = resolve(this.world.cwd, flags.out);
      try {
        writeFileSync(file, text);
      } catch (error) {
        throw explainFileError(error, flags.out, 'write');
      }
      return {
        body: { ...body, file: flags.out },
        text: ({ theme }) => [
          `${theme.good(theme.mark.ok)} ${flags.out}  ${theme.dim(`${format}, ${body.nodes} nodes`)}`,
        ],
      };
    }
    return {
      body: {
        ...body,
        graph: model.nodes,
        ...(format === 'text' ? {} : { text: this.#draw(model, format) }),
      },
      text: (view) => this.#draw(model, format, view).trimEnd().split('\n'),
    };
  }

  #draw(model: GraphModel, format: Format, view?: Pick<View, 'theme' | 'columns'>): string {
    const allEdges = this.flags['all-edges'];
    if (format === 'svg') return graphSvg(model, { allEdges });
    if (format === 'mermaid') return graphMermaid(model, { allEdges });
    const { theme, columns } = view!;
    const unicode = theme.mark.ok !== '+';
    return `${graphText(model, { theme, columns, unicode, allEdges, list: this.flags.list }).join('\n')}\n`;
  }

  async #ofRun(text: string): Promise<GraphModel> {
    return this.connected(await this.workspace(), async ({ client }) => {
      const { modelOfRun } = await import('../graph-model.ts');
      const id = await runIdOf(client, text);
      const [run, { outline }, events] = await Promise.all([
        client.runs.get(id),
        client.runs.outline(id),
        client.runs.events(id),
      ]);
      return modelOfRun(run, outline, events, Date.now());
    });
  }

  async #ofRef(text: string): Promise<GraphModel> {
    const { modelOfBlueprint } = await import('../graph-model.ts');
    const workspace = await this.workspace();
    const own = (name: string): Promise<Blueprint | undefined> => this.#ofProject(workspace, name);
    const child = (ref: string): Promise<Blueprint | undefined> => own(parseRef(ref)?.name ?? '');
    if (looksLikeFile(text)) return modelOfBlueprint(await this.#read(workspace, text), child);
    const ref = refOf(text);
    const found =
      ref.range === undefined && (ref.kind === undefined || ref.kind === 'workflow')
        ? await own(ref.name)
        : undefined;
    if (found) return modelOfBlueprint(found, child);
    return this.connected(workspace, async ({ client }) => {
      const document = async (digest: string): Promise<Blueprint> =>
        JSON.parse(new TextDecoder().decode(await client.artifacts.get(digest))) as Blueprint;
      const component = await findComponent(client, text);
      const { kind, name, version, manifest } = component;
      if (kind !== 'workflow')
        return {
          name,
          version,
          nodes: [
            { id: name.replace('std/', ''), type: kind, label: `${name}@${version}`, after: [], lists: [] },
          ],
        };
      const model = await modelOfBlueprint(await document(manifest.entry), async (child) => {
        const asked = `workflow/${child}`;
        const { found: known } = await client.components.resolve([asked]);
        return known[asked] ? document(known[asked].manifest.entry) : undefined;
      });
      return { ...model, name, version };
    });
  }

  /** A workflow of the project by its name. What is wrong with other files is not told here. */
  async #ofProject({ loaded }: Workspace, name: string): Promise<Blueprint | undefined> {
    const project = loaded?.project;
    for (const source of project?.sources.filter(({ kind }) => kind === 'workflow') ?? []) {
      const text = readText(source.path);
      // A look at the text spares reading every file for one name.
      if (text === undefined || !text.includes(name)) continue;
      const blueprint = isModule(source.path)
        ? (await buildOne(project!, source)).blueprint
        : parseBlueprint({ text, file: source.file }).blueprint;
      if (blueprint?.name === name) return blueprint;
    }
    return undefined;
  }

  async #read(workspace: Workspace, shown: string): Promise<Blueprint> {
    const path = resolve(this.world.cwd, shown);
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (error) {
      throw explainFileError(error, shown, 'read');
    }
    const module = isModule(path) ? sourceOfFile(projectOf(workspace), this.world.cwd, shown) : undefined;
    if (module?.kind === 'tool')
      throw new IceError('usage', `${shown} is a tool: a graph is drawn of a workflow.`, {
        hint: 'ice graph workflows/NAME.yaml',
      });
    const { blueprint, diagnostics } = module
      ? await buildOne(projectOf(workspace), module)
      : parseBlueprint({ text, file: shown });
    if (blueprint) return blueprint;
    const errors = diagnostics.filter((each) => each.severity === 'error');
    const { output } = this;
    output.note(
      formatDiagnostics(errors, new Map([[module?.file ?? shown, text]]), 'pretty', {
        color: output.theme.color,
        width: output.screen.columns,
      }).trimEnd(),
    );
    throw new IceError('validation_failed', `${shown} can't be drawn: it has errors.`, {
      hint: 'ice validate',
      ...(output.mode === 'text' ? {} : { details: { diagnostics: errors } }),
    });
  }
}

const isModule = (path: string): boolean => /\.[mc]?[tj]s$/.test(path);

/** A workflow in TypeScript has to be built: its document is what its module makes in the sandbox. */
async function buildOne(
  project: Project,
  source: ComponentSource,
): Promise<{ blueprint?: Blueprint; diagnostics: Diagnostic[] }> {
  const workbench = openWorkbench();
  try {
    const { components, diagnostics } = await buildComponents(
      { ...project, sources: [source] },
      { ...workbench, pulledTypes: false },
    );
    return { blueprint: components[0]?.blueprint, diagnostics };
  } finally {
    await workbench.close();
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** What a file's ending asks for; text for one without an ending. */
function formatOf(out: string | undefined): Format {
  const ending = extname(out ?? '').toLowerCase();
  if (ending === '') return 'text';
  const format = BY_ENDING[ending];
  if (format === undefined)
    throw new IceError('usage', `A graph is not drawn as ${ending}.`, {
      hint: `Endings are ${Object.keys(BY_ENDING).join(', ')}; with another one, say --format svg`,
    });
  return format;
}

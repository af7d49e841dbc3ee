import { hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import canonicalize from 'canonicalize';
import type { ComponentInfo, Manifest } from '../contracts/components.ts';
import type { Diagnostic } from '../contracts/diagnostics.ts';
import type { ComponentRef } from '../contracts/ids.ts';
import type { Json } from '../contracts/json.ts';
import { inputSchemaOf } from '../language/plan/input-schema.ts';
import { type Catalog, type CatalogEntry, referencesOf } from '../language/references/catalog.ts';
import type { ExtractedTool } from '../sandbox/port.ts';
import { BuildCache, type Built } from './build-cache.ts';
import { buildModules, type ModulesBuild } from './build-modules.ts';
import {
  buildTool,
  buildWorkflowModule,
  type Extract,
  type ExtractDocument,
  keptModule,
} from './build-tool.ts';
import { catalogOf } from './catalog.ts';
import { nameFindings, policyFindings } from './component-findings.ts';
import { type ComponentSource, mcpName } from './component-sources.ts';
import { type DocumentBuild, Documents } from './documents.ts';
import { LOCK_FILE } from './find-project.ts';
import type { Project } from './load-project.ts';
import type { ProjectComponent } from './project-component.ts';
import { buildId, iceVersion, toolchain } from './toolchain.ts';

export type { ProjectComponent };

export interface BuildOptions {
  extract: Extract;
  /** For workflows that are written in TypeScript. */
  document: ExtractDocument;
  /** The tools that ship with ice, whose types those of workflows build on; asked for when one refers to them. */
  std?: () => Promise<readonly CatalogEntry[]>;
  /** Files besides those that the globs name: what `ice run ./flow.yaml` was given. */
  extra?: readonly ComponentSource[];
  /** Told after each tool. */
  progress?: ((done: number, total: number) => void) | undefined;
  /** False: types of what was pulled (ice.lock.yaml) are left out, as for the command that mends it. */
  pulledTypes?: false;
}

export interface BuiltProject {
  /** In the order of kind and name. What is wrong with them is in `diagnostics`; those without a name are left out. */
  components: ProjectComponent[];
  diagnostics: Diagnostic[];
  /** Text of each component's file, by its path relative to the project: for code frames. */
  texts: Map<string, string>;
  /** The workflows and agents, to be checked against what they refer to. */
  documents: Documents;
  /** Tools that had to be built, and those that were unchanged. */
  rebuilt: number;
  unchanged: number;
}

/** Changes when what is cached changes its form or meaning. */
const FORMAT = 3;
const KINDS = ['tool', 'agent', 'workflow'];
/** What has no name cannot be meant. */
const WRONG_NAME = 'ICE1507';

/**
 * Builds every component of a project and says all that is wrong with them. Unchanged tools come from `.ice/cache`.
 * References between components are not followed: that is the language's check, over `catalogOf`.
 */
export async function buildComponents(project: Project, options: BuildOptions): Promise<BuiltProject> {
  const sources = withExtra(project.sources, options.extra ?? []);
  const version = `${FORMAT} ${toolchain()} iceos ${iceVersion()}`;
  const cache = new BuildCache<ExtractedTool>(project.root, version);
  const built: BuiltProject = {
    components: [],
    diagnostics: [],
    texts: new Map(),
    documents: new Documents(project.root),
    rebuilt: 0,
    unchanged: 0,
  };

  await buildTools(
    project,
    sources.filter((source) => source.kind === 'tool' && mcpName(source.file) === undefined),
    cache,
    options,
    built,
  );
  await pinTools(
    project,
    sources.filter((source) => mcpName(source.file) !== undefined),
    built,
  );
  const documents = await buildWorkflowModules(
    project,
    sources.filter(isWorkflowModule),
    new BuildCache(project.root, `workflow ${version}`),
    options.document,
    built,
  );
  for (const source of sources.filter((each) => each.kind !== 'tool' && !isWorkflowModule(each))) {
    const { text, diagnostics, built: document } = await built.documents.read(source);
    // Nothing can be said of a text that could not be read.
    if (text !== undefined) built.texts.set(source.file, text);
    built.diagnostics.push(...diagnostics);
    if (document) documents.push({ source, ...document });
  }
  const refersToStd = documents.some((document) =>
    refsOf(document).some((ref) => ref.name.startsWith('std/')),
  );
  const std = refersToStd ? ((await options.std?.()) ?? []) : [];
  // What was pulled is committed with the sources, so its types are theirs, whether or not a command is --locked.
  const pulled =
    documents.some((document) => refsOf(document).length > 0) && options.pulledTypes !== false
      ? await pulledEntries(project.root)
      : [];
  const remote = new Map(pulled);
  for (const document of childrenFirst(documents)) {
    // What is on a target is left out of this: the same sources are the same component, wherever they go.
    const catalog = catalogOf({ components: built.components, std, remote });
    built.components.push(await documentComponent(document, catalog, built.documents));
  }

  built.components.sort(
    (a, b) =>
      KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  );
  built.diagnostics.push(...nameFindings(built.components));
  if (built.rebuilt > 0) cache.sweep();
  built.documents.save();
  return built;
}

async function pulledEntries(root: string): Promise<(readonly [string, CatalogEntry])[]> {
  if (!existsSync(join(root, LOCK_FILE))) return [];
  const { pulledEntry, readLock } = await import('./lock.ts');
  return [...(readLock(root)?.versions ?? [])].map(([ref, version]) => [ref, pulledEntry(version)] as const);
}

/** Tools of MCP servers, as they are pinned. */
async function pinTools(
  project: Project,
  sources: readonly ComponentSource[],
  built: BuiltProject,
): Promise<void> {
  if (sources.length === 0) return;
  const { buildMcpTool } = await import('./mcp-tools.ts');
  for (const source of sources) {
    const { text, diagnostics, built: tool } = buildMcpTool(source, project.file.mcpServers);
    built.texts.set(source.file, text);
    built.diagnostics.push(...diagnostics);
    if (!tool) continue;
    const { pinned, manifest, entry } = tool;
    built.diagnostics.push(...policyFindings(source.file, text, manifest, project.file.policy));
    const info = { description: pinned.description, examples: [] };
    built.components.push(identify(source, pinned.version, entry, manifest, info));
  }
}

const isModule = (file: string): boolean => /\.[mc]?[jt]sx?$/.test(file);
const isWorkflowModule = ({ kind, file }: ComponentSource): boolean => kind === 'workflow' && isModule(file);

type NamedDocument = { source: ComponentSource } & NonNullable<DocumentBuild['built']>;

const refsOf = ({ blueprint, agent }: NamedDocument): ComponentRef[] => {
  const document = blueprint ?? agent;
  return document ? referencesOf(document) : [];
};

/** Workflows after those that they run, whose outputs their own types need. Circles are the language's to report. */
function childrenFirst(documents: readonly NamedDocument[]): NamedDocument[] {
  const ordered: NamedDocument[] = [];
  const seen = new Set<NamedDocument>();
  const visit = (document: NamedDocument): void => {
    if (seen.has(document)) return;
    seen.add(document);
    for (const ref of refsOf(document))
      for (const other of documents)
        if (other.source.kind === ref.kind && other.name === ref.name) visit(other);
    ordered.push(document);
  };
  documents.forEach(visit);
  return ordered;
}

async function documentComponent(
  document: NamedDocument,
  catalog: Catalog,
  documents: Documents,
): Promise<ProjectComponent> {
  const { source, name, version, description, blueprint, agent } = document;
  const schemas = document.schemas ?? {
    input: inputSchemaOf(blueprint!),
    output: (await documents.check(source.file, catalog))?.outputs ?? {},
  };
  const entry = new TextEncoder().encode(document.entry);
  const manifest: Manifest = {
    kind: source.kind,
    name,
    ...schemas,
    permissions: { net: [], secrets: [], limits: {} },
    runtime: 'sandbox',
    entry: digestOf(entry),
  };
  return {
    ...identify(source, version, entry, manifest, { description, examples: [] }),
    ...(blueprint ? { blueprint } : {}),
    ...(agent ? { agent } : {}),
  };
}

/** Builds the tools and puts those that say what they are, and all that is wrong with them, into `built`. */
async function buildTools(
  project: Project,
  sources: readonly ComponentSource[],
  cache: BuildCache<ExtractedTool>,
  { extract, progress }: Pick<BuildOptions, 'extract' | 'progress'>,
  built: BuiltProject,
): Promise<void> {
  let done = 0;
  const modules = await buildModules(
    project.root,
    sources,
    (source) => {
      const kept = keptModule(source, cache);
      if (kept) progress?.(++done, sources.length);
      return kept;
    },
    async (source, bundleOf) => {
      const tool = await buildTool(project.root, source, cache, extract, bundleOf);
      progress?.(++done, sources.length);
      return tool;
    },
  );
  take(built, modules);
  const id = buildId();
  const by = id === undefined ? undefined : `${id} ${JSON.stringify(project.file.policy)}`;
  for (const { source, text, made: tool } of modules.made) {
    let found = cache.findings(source.file, by);
    if (!found) {
      const { findingsOfTool } = await import('./tool-findings.ts');
      found = findingsOfTool(project, source.file, text, tool);
      cache.keepFindings(source.file, by, found);
    }
    built.diagnostics.push(...found);
    // What refers to it means it, whatever else is wrong with it: else the target's would be taken, or none be found.
    if (!found.some((each) => each.code === WRONG_NAME)) built.components.push(toolComponent(source, tool));
  }
}

/** Builds the workflows that are written in TypeScript; each becomes a document, and is one from there on. */
async function buildWorkflowModules(
  project: Project,
  sources: readonly ComponentSource[],
  cache: BuildCache<{ document: Json }>,
  extract: ExtractDocument,
  built: BuiltProject,
): Promise<NamedDocument[]> {
  if (sources.length === 0) return [];
  const modules = await buildModules(
    project.root,
    sources,
    (source) => keptModule(source, cache),
    (source, bundleOf) => buildWorkflowModule(project.root, source, cache, extract, bundleOf),
  );
  take(built, modules);
  const documents: NamedDocument[] = [];
  for (const { source, text, made } of modules.made) {
    const { diagnostics, built: document } = await built.documents.take(source, text, made.said.document);
    built.diagnostics.push(...diagnostics);
    if (document) documents.push({ source, ...document });
  }
  return documents;
}

function take(built: BuiltProject, { texts, diagnostics, rebuilt, unchanged }: ModulesBuild<unknown>): void {
  for (const [file, text] of texts) built.texts.set(file, text);
  built.diagnostics.push(...diagnostics);
  built.rebuilt += rebuilt;
  built.unchanged += unchanged;
}

function toolComponent(source: ComponentSource, built: Built<ExtractedTool>): ProjectComponent {
  const { said: tool, code, digest, sourcesDigest } = built;
  const { name, version, description, input, output, permissions, runtime, examples } = tool;
  return identify(
    source,
    version,
    new TextEncoder().encode(code),
    { kind: 'tool', name, input, output, permissions, runtime, entry: digest },
    { description, examples, sources: sourcesDigest, toolchain: toolchain() },
  );
}

function identify(
  source: ComponentSource,
  version: string,
  entry: Uint8Array,
  manifest: Manifest,
  info: ComponentInfo,
): ProjectComponent {
  const { kind, name } = manifest;
  return {
    kind,
    name,
    version,
    digest: digestOf(manifestBytes(manifest)),
    manifest,
    info,
    entry,
    file: source.file,
  };
}

/** The bytes of a manifest: its RFC 8785 form. Their sha256 is the component's digest, and they are an artifact. */
export const manifestBytes = (manifest: Manifest): Uint8Array => canonicalBytes(manifest as unknown as Json);

/** The RFC 8785 form of a value. */
export const canonicalBytes = (value: Json): Uint8Array => new TextEncoder().encode(canonicalize(value));
export const digestOf = (bytes: Uint8Array): string => `sha256:${hash('sha256', bytes, 'hex')}`;

function withExtra(
  sources: readonly ComponentSource[],
  extra: readonly ComponentSource[],
): ComponentSource[] {
  const known = new Set(sources.map((source) => source.file));
  return [...sources, ...extra.filter((source) => !known.has(source.file))];
}

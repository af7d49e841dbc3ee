import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import canonicalize from 'canonicalize';
import type { ComponentInfo, Manifest } from '../contracts/components.ts';
import type { Diagnostic } from '../contracts/diagnostics.ts';
import type { ComponentRef } from '../contracts/ids.ts';
import type { Json } from '../contracts/json.ts';
import { finding } from '../language/diagnostics/finding.ts';
import { blueprintSchemas, type Catalog, type CatalogEntry, referencesOf } from '../language/index.ts';
import { schemaErrors } from '../language/schema/index.ts';
import { BuildCache, type BuiltTool } from './build-cache.ts';
import { buildDocument, type DocumentBuild, unreadable } from './build-document.ts';
import { buildTool, type Extract, readText } from './build-tool.ts';
import { catalogOf } from './catalog.ts';
import { nameFindings, policyFindings, toolFindings } from './component-findings.ts';
import type { ComponentSource } from './component-sources.ts';
import type { Project } from './load-project.ts';
import { pulledEntry, readLock } from './lock.ts';
import type { ProjectComponent } from './project-component.ts';
import { iceVersion, toolchain } from './toolchain.ts';
import { undeclaredUses } from './undeclared-uses.ts';

export type { ProjectComponent };

export interface BuildOptions {
  extract: Extract;
  /** The tools that ship with ice, whose types those of workflows build on; asked for when one refers to them. */
  std?: () => Promise<readonly CatalogEntry[]>;
  /** Files besides those that the globs name: what `ice run ./flow.yaml` was given. */
  extra?: readonly ComponentSource[];
  /** False: types of what was pulled (ice.lock.yaml) are left out, as for the command that mends it. */
  pulledTypes?: false;
}

export interface BuiltProject {
  /** In the order of kind and name; those with errors are left out. */
  components: ProjectComponent[];
  diagnostics: Diagnostic[];
  /** Text of each component's file, by its path relative to the project: for code frames. */
  texts: Map<string, string>;
  /** Tools that had to be built, and those that were unchanged. */
  rebuilt: number;
  unchanged: number;
}

/** Tools are bundled and loaded this many at once: each is a child process for a moment. */
const AT_ONCE = 4;
/** Changes when what is cached changes its form or meaning. */
const FORMAT = 1;
const KINDS = ['tool', 'agent', 'workflow'];

/**
 * Builds every component of a project and says all that is wrong with them. Unchanged tools come from `.ice/cache`.
 * References between components are not followed: that is the language's check, over `catalogOf`.
 */
export async function buildComponents(project: Project, options: BuildOptions): Promise<BuiltProject> {
  const sources = withExtra(project.sources, options.extra ?? []);
  const cache = new BuildCache(project.root, `${FORMAT} ${toolchain()} iceos ${iceVersion()}`);
  const built: BuiltProject = { components: [], diagnostics: [], texts: new Map(), rebuilt: 0, unchanged: 0 };

  await buildTools(
    project,
    sources.filter((source) => source.kind === 'tool'),
    cache,
    options.extract,
    built,
  );
  const documents: NamedDocument[] = [];
  for (const source of sources.filter((each) => each.kind !== 'tool')) {
    const { text, diagnostics, built: document } = buildDocument(source);
    built.texts.set(source.file, text);
    built.diagnostics.push(...diagnostics);
    if (document) documents.push({ source, ...document });
  }
  const refersToStd = documents.some((document) =>
    refsOf(document).some((ref) => ref.name.startsWith('std/')),
  );
  const std = refersToStd ? ((await options.std?.()) ?? []) : [];
  // What was pulled is committed with the sources, so its types are theirs, whether or not a command is --locked.
  const lock =
    documents.some((document) => refsOf(document).length > 0) && options.pulledTypes !== false
      ? readLock(project.root)
      : undefined;
  const remote = new Map([...(lock?.versions ?? [])].map(([ref, version]) => [ref, pulledEntry(version)]));
  for (const document of childrenFirst(documents)) {
    // What is on a target is left out of this: the same sources are the same component, wherever they go.
    const catalog = catalogOf({ components: built.components, std, remote });
    built.components.push(documentComponent(document, catalog));
  }

  built.components.sort(
    (a, b) =>
      KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind) || (a.name < b.name ? -1 : a.name > b.name ? 1 : 0),
  );
  built.diagnostics.push(...nameFindings(built.components));
  if (built.rebuilt > 0) cache.sweep();
  return built;
}

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

function documentComponent(document: NamedDocument, catalog: Catalog): ProjectComponent {
  const { source, name, version, description, blueprint, agent } = document;
  const schemas = document.schemas ?? blueprintSchemas(blueprint!, catalog);
  const entry = canonicalBytes(document.entry);
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

async function buildTools(
  project: Project,
  sources: readonly ComponentSource[],
  cache: BuildCache,
  extract: Extract,
  built: BuiltProject,
): Promise<void> {
  const helpers: ComponentSource[] = [];
  const imported = new Set<string>();
  const results: { components: ProjectComponent[]; diagnostics: Diagnostic[] }[] = [];
  const queue = sources.entries();
  const work = async (): Promise<void> => {
    // The iterator is shared: each worker takes the next file.
    for (const [index, source] of queue) {
      const result: (typeof results)[number] = { components: [], diagnostics: [] };
      results[index] = result;
      let text: string;
      try {
        text = readFileSync(source.path, 'utf8');
      } catch (error) {
        result.diagnostics.push(unreadable(source, error));
        continue;
      }
      built.texts.set(source.file, text);
      if (!EXPORTS_DEFAULT.test(text)) {
        helpers.push(source);
        continue;
      }
      const { built: tool, diagnostics, cached } = await buildTool(project.root, source, cache, extract);
      built[cached ? 'unchanged' : 'rebuilt'] += 1;
      result.diagnostics.push(...diagnostics);
      if (!tool) continue;
      for (const file of tool.ownFiles) imported.add(file);
      const found = [
        ...toolFindings(source.file, text, tool.tool, schemaErrors),
        ...policyFindings(source.file, text, tool.tool, project.file.policy),
        ...undeclaredUses({
          file: source.file,
          text,
          permissions: tool.tool.permissions,
          code: tool.code,
          others: tool.ownFiles
            .filter((file) => file !== source.file && /\.[mc]?[jt]sx?$/.test(file))
            .map((file) => ({ file, text: readText(join(project.root, file)) })),
        }),
      ];
      result.diagnostics.push(...found);
      if (!found.some((each) => each.severity === 'error'))
        result.components.push(toolComponent(source, tool));
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, sources.length) }, work));

  for (const { components, diagnostics } of results) {
    built.components.push(...components);
    built.diagnostics.push(...diagnostics);
  }
  // A module that another tool imports is a helper of it; one that nobody imports was meant to be a tool.
  for (const source of helpers.filter((each) => !imported.has(each.file)))
    built.diagnostics.push(
      finding('ICE1516', source.file, 'The file exports no tool', {
        help: 'Write export default defineTool({ … }). If it only helps others, let its name start with _.',
      }),
    );
}

const EXPORTS_DEFAULT = /\bexport\s+default\b|\bas\s+default\b|\bexport\s*\{\s*default\b|\bmodule\.exports\b/;

function toolComponent(source: ComponentSource, built: BuiltTool): ProjectComponent {
  const { tool, code, digest, sourcesDigest } = built;
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

const canonicalBytes = (value: Json): Uint8Array => new TextEncoder().encode(canonicalize(value));
const digestOf = (bytes: Uint8Array): string => `sha256:${hash('sha256', bytes, 'hex')}`;

function withExtra(
  sources: readonly ComponentSource[],
  extra: readonly ComponentSource[],
): ComponentSource[] {
  const known = new Set(sources.map((source) => source.file));
  return [...sources, ...extra.filter((source) => !known.has(source.file))];
}

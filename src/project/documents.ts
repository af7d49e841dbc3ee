import { hash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Blueprint } from '../contracts/blueprint.ts';
import type { Diagnostic } from '../contracts/diagnostics.ts';
import type { ComponentRef } from '../contracts/ids.ts';
import type { Json, JsonSchema } from '../contracts/json.ts';
import type { AgentDocument } from '../contracts/nodes/agent.ts';
import { finding } from '../language/diagnostics/finding.ts';
import { type Catalog, referencesOf } from '../language/references/catalog.ts';
import type { DraftResult } from '../language/shape/blueprint-draft.ts';
import type { DocumentSource } from '../language/source/document-source.ts';
import type { ComponentSource } from './component-sources.ts';
import { keepFile, readKept, sweepKept } from './kept-file.ts';
import { buildId } from './toolchain.ts';
import { unreadable } from './unreadable.ts';

/** A component that is a document: a workflow or an agent. */
export interface DocumentBuild {
  /** Absent when the file could not be read. */
  text?: string;
  diagnostics: Diagnostic[];
  built?: {
    name: string;
    version: string;
    description: string;
    /** Of an agent; those of a workflow depend on what it refers to. */
    schemas?: { input: JsonSchema; output: JsonSchema };
    /** The canonical JSON of the document: the component's entry. */
    entry: string;
    blueprint?: Blueprint;
    agent?: AgentDocument;
  };
  /** What a document with errors refers to, as far as that can be read. */
  mentioned?: ComponentRef[];
  /** A workflow that was read here, until it is checked. */
  read?: DraftResult;
}

/** What a document comes to beside what it refers to. */
export interface DocumentCheck {
  findings: Diagnostic[];
  /** Of a workflow: the type of its outputs, where nothing is wrong with its text. */
  outputs?: JsonSchema;
}

/** A document as this build and those before it know it. */
interface Known extends DocumentBuild {
  source: ComponentSource;
  /** A workflow that is written in TypeScript: its document, with its source to point into. */
  made?: DocumentSource;
  /** What the build and the text are; absent where nothing is kept. */
  of?: string;
  /** Checks by what they were against, the last one last. */
  checks: { against: string; check: DocumentCheck }[];
  changed: boolean;
}

const MAX_BYTES = 16 * 1024 * 1024;
/** A document is checked against its project, and once more with what its target has. */
const MOST_CHECKS = 2;

/**
 * The documents of a project: each is read once and checked once against the same things, in this process and, as
 * long as text and build of ice are the same, in later ones (`.ice/cache/documents`). The language is loaded only for
 * what is new: it takes longer to load than most commands take in all.
 */
export class Documents {
  private readonly folder: string;
  private readonly id: string | undefined;
  private readonly known = new Map<string, Known>();

  /** `id` tells builds of ice apart; without one nothing is kept. */
  constructor(root: string, id = buildId()) {
    this.folder = join(root, '.ice', 'cache', 'documents');
    this.id = id;
  }

  /** Reads a workflow's or an agent's document. What it refers to is not looked at. */
  async read(source: ComponentSource): Promise<DocumentBuild> {
    let text: string;
    try {
      const { size } = statSync(source.path);
      if (size > MAX_BYTES)
        return {
          diagnostics: [
            finding('ICE1515', source.file, `The file has ${size} bytes; no document is that long`, {
              help: 'Put data into a file of its own and hand it in as an input: -i key=@file',
            }),
          ],
        };
      text = readFileSync(source.path, 'utf8');
    } catch (error) {
      return { diagnostics: [unreadable(source, error)] };
    }
    const of =
      this.id === undefined
        ? undefined
        : hash('sha256', JSON.stringify([this.id, source.kind, source.file, text]), 'hex');
    const kept =
      of === undefined ? undefined : (readKept(this.file(source.file)) as Known | null | undefined);
    if (kept?.of !== of || !kept) {
      const { buildAgent, buildWorkflow } = await import('./build-document.ts');
      const build =
        source.kind === 'agent' ? buildAgent(source.file, text) : buildWorkflow({ text, file: source.file });
      return this.remember({ source, text, ...build, ...(of ? { of } : {}), checks: [], changed: true });
    }
    const { diagnostics, built, mentioned, checks } = kept;
    return this.remember({
      source,
      text,
      of: of!,
      diagnostics,
      ...(built ? { built } : {}),
      ...(mentioned ? { mentioned } : {}),
      checks,
      changed: false,
    });
  }

  /** Takes the document that a program made. */
  async take(source: ComponentSource, text: string, document: Json): Promise<DocumentBuild> {
    const [{ CodeSource }, { buildWorkflow }] = await Promise.all([
      import('../language/source/code-source.ts'),
      import('./build-document.ts'),
    ]);
    const made = new CodeSource({ file: source.file, text, value: document });
    return this.remember({
      source,
      made,
      ...buildWorkflow({ source: made }),
      text,
      checks: [],
      changed: false,
    });
  }

  /** Checks a document that was read or taken against what it may refer to; undefined for any other file. */
  async check(file: string, catalog: Catalog): Promise<DocumentCheck | undefined> {
    const known = this.known.get(file);
    if (known?.text === undefined) return undefined;
    const against = answersTo(known, catalog);
    const before = known.checks.find((each) => each.against === against);
    if (before) return before.check;
    const check = await this.checkAnew(known, known.text, catalog);
    if (against !== undefined) {
      known.checks = [...known.checks.slice(1 - MOST_CHECKS), { against, check }];
      known.changed = true;
    }
    return check;
  }

  /** What the documents with errors refer to: it has to be known when they are checked, like that of all others. */
  mentioned(): ComponentRef[] {
    return [...this.known.values()].flatMap(({ mentioned = [] }) => mentioned);
  }

  /** Keeps what is new for later processes. */
  save(): void {
    const used = new Set<string>();
    let wrote = false;
    for (const { source, of, diagnostics, built, mentioned, checks, changed } of this.known.values()) {
      if (of === undefined) continue;
      used.add(this.file(source.file));
      if (changed)
        wrote = keepFile(
          this.file(source.file),
          JSON.stringify({ of, diagnostics, built, mentioned, checks }),
        );
    }
    if (wrote) sweepKept(this.folder, used);
  }

  private async checkAnew(known: Known, text: string, catalog: Catalog): Promise<DocumentCheck> {
    const { source, made, read } = known;
    if (source.kind === 'agent') {
      const { checkAgent } = await import('../language/check/check-agent.ts');
      return { findings: checkAgent({ text, file: source.file }, catalog) };
    }
    const { checkBlueprint, checkRead } = await import('../language/check/check-blueprint.ts');
    delete known.read;
    const { diagnostics, outputs } = read
      ? checkRead(read, catalog)
      : checkBlueprint(made ? { source: made } : { text, file: source.file }, catalog);
    return { findings: diagnostics, ...(outputs === undefined ? {} : { outputs }) };
  }

  private remember(known: Known): DocumentBuild {
    this.known.set(known.source.file, known);
    return known;
  }

  private file(file: string): string {
    return join(this.folder, `${hash('sha256', file, 'hex').slice(0, 32)}.json`);
  }
}

/**
 * What a catalog answers to all that a document reaches: with the same answers it is checked the same. Undefined where
 * an answer is missing: then a check says what may have been meant, which is any name that there is.
 */
function answersTo({ built }: DocumentBuild, catalog: Catalog): string | undefined {
  const document = built?.blueprint ?? built?.agent;
  if (!document) return undefined;
  const answers = new Map<string, unknown>();
  const open = referencesOf(document);
  for (const { kind, name, range } of open) {
    const key = `${kind}/${name}@${range ?? ''}`;
    if (answers.has(key)) continue;
    const entry = catalog.resolve({ kind, name, ...(range === undefined ? {} : { range }) });
    if (!entry) return undefined;
    const others = (['tool', 'agent', 'workflow'] as const).map((each) => catalog.versions(each, name));
    answers.set(key, [entry.version, entry.digest, entry.file, others]);
    const inner = entry.blueprint ?? entry.agent;
    if (inner) open.push(...referencesOf(inner));
  }
  return hash('sha256', JSON.stringify([...answers]), 'hex');
}

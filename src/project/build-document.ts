import { readFileSync, statSync } from 'node:fs';
import type { Blueprint } from '../contracts/blueprint.ts';
import type { Diagnostic } from '../contracts/diagnostics.ts';
import { IceError } from '../contracts/errors.ts';
import type { Json, JsonSchema } from '../contracts/json.ts';
import {
  type AgentDocument,
  agentDocumentSchema,
  agentInputSchema,
  agentOutputSchema,
  canonicalAgent,
} from '../contracts/nodes/agent.ts';
import { Collector } from '../language/diagnostics/collector.ts';
import { finding } from '../language/diagnostics/finding.ts';
import { canonicalBlueprint, parseBlueprint } from '../language/index.ts';
import type { BlueprintInput } from '../language/shape/read-blueprint.ts';
import { Walk } from '../language/shape/walk.ts';
import { shapeOf } from '../language/shape/zod-shape.ts';
import type { ParsedSource } from '../language/source/parsed-source.ts';
import { MAX_TEXT, readSource } from '../language/source/read-source.ts';
import type { ComponentSource } from './component-sources.ts';
import { explainFileError } from './file-errors.ts';

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
    /** What the component's entry is the canonical JSON of. */
    entry: Json;
    blueprint?: Blueprint;
    agent?: AgentDocument;
  };
}

/** Reads a workflow's or an agent's document. What it refers to is not looked at. */
export function buildDocument(source: ComponentSource): DocumentBuild {
  let text: string;
  try {
    const { size } = statSync(source.path);
    if (size > 4 * MAX_TEXT)
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
  return source.kind === 'agent' ? buildAgent(source.file, text) : buildWorkflow({ text, file: source.file });
}

/** Reads a workflow: of the text of its document, or of the document that a program made. */
export function buildWorkflow(input: BlueprintInput): DocumentBuild {
  const { blueprint, source, diagnostics } = parseBlueprint(input);
  // Not the text of the source, which may be a mended copy.
  const text = 'text' in input ? input.text : source.text;
  const found = [...diagnostics, ...wordFindings('workflow', source, diagnostics)];
  if (!blueprint) return { text, diagnostics: found };
  return {
    text,
    diagnostics: found,
    built: {
      name: blueprint.name,
      version: blueprint.version,
      description: blueprint.description ?? '',
      entry: canonicalBlueprint(blueprint),
      blueprint,
    },
  };
}

function buildAgent(file: string, text: string): DocumentBuild {
  const { source, diagnostics, readable } = readSource({
    text,
    file,
    begin: 'Begin with `agent: 1`, `name:` and `model:`.',
  });
  if (!readable) return { text, diagnostics };
  const out = new Collector(source);
  const read = new Walk(out).value(shapeOf(agentDocumentSchema), source.value, []);
  const parsed = agentDocumentSchema.safeParse(read);
  if (!parsed.success && out.errors === 0)
    for (const issue of parsed.error.issues)
      out.atValue('ICE1501', issue.path as (string | number)[], `${issue.path.join('.')}: ${issue.message}`);
  const found = [...diagnostics, ...out.diagnostics];
  found.push(...wordFindings('agent', source, found));
  if (!parsed.success || found.some((each) => each.severity === 'error')) return { text, diagnostics: found };
  const agent = parsed.data;
  return {
    text,
    diagnostics: found,
    built: {
      name: agent.name,
      version: agent.version,
      description: agent.description ?? '',
      schemas: { input: agentInputSchema(agent), output: agentOutputSchema(agent.output) },
      entry: canonicalAgent(agent),
      agent,
    },
  };
}

/** A version and a description that are missing: nothing fails without them, until it is pushed or searched for. */
function wordFindings(kind: string, source: ParsedSource, found: readonly Diagnostic[]): Diagnostic[] {
  const document = source.value;
  if (document === null || typeof document !== 'object' || Array.isArray(document)) return [];
  // A document that can't be read at all has more to say than this.
  if (found.some((each) => each.severity === 'error' && each.path === undefined)) return [];
  const more: Diagnostic[] = [];
  const name = { range: source.keyRange(['name']) };
  // The builder writes a version where none was given.
  const unversioned = source.isWritten
    ? !Object.hasOwn(document, 'version')
    : document['version'] === '0.0.0';
  if (unversioned && Object.hasOwn(document, 'name')) {
    const { end } = source.pairSpan(['name']);
    more.push(
      finding('ICE1505', source.file, `The ${kind} has no version; it would be pushed as 0.0.0`, {
        severity: 'warning',
        ...name,
        help: source.isWritten
          ? 'Write version: 1.0.0 below its name.'
          : "Write workflow('…', { version: '1.0.0' }).",
        ...(source.file.endsWith('.json') || !source.isWritten
          ? {}
          : {
              fix: {
                title: 'Add version: 1.0.0',
                safe: true,
                edits: [{ start: end, end, text: '\nversion: 1.0.0' }],
              },
            }),
      }),
    );
  }
  const description = document['description'];
  if (typeof description !== 'string' || description.trim() === '')
    more.push(
      finding('ICE1510', source.file, `The ${kind} has no description`, {
        severity: 'info',
        ...name,
        help: 'Say in a sentence what it does; people and models choose it by that.',
      }),
    );
  return more;
}

/** A file that can't be read, as a finding of the project. */
export function unreadable(source: ComponentSource, error: unknown): Diagnostic {
  const explained = explainFileError(error, source.file, 'read');
  if (!(explained instanceof IceError)) throw explained;
  return finding('ICE1515', source.file, explained.message, { help: explained.hint });
}

import canonicalize from 'canonicalize';
import type { Diagnostic } from '../contracts/diagnostics.ts';
import type { Json } from '../contracts/json.ts';
import {
  agentDocumentSchema,
  agentInputSchema,
  agentOutputSchema,
  canonicalAgent,
} from '../contracts/nodes/agent.ts';
import { parseBlueprint } from '../language/check/check-blueprint.ts';
import { Collector } from '../language/diagnostics/collector.ts';
import { finding } from '../language/diagnostics/finding.ts';
import { canonicalBlueprint } from '../language/plan/canonical.ts';
import { mentionedIn } from '../language/references/catalog.ts';
import type { BlueprintInput } from '../language/shape/read-blueprint.ts';
import { isMap, Walk } from '../language/shape/walk.ts';
import { type Shape, shapeOf } from '../language/shape/zod-shape.ts';
import type { DocumentSource } from '../language/source/document-source.ts';
import { readSource } from '../language/source/read-source.ts';
import type { DocumentBuild } from './documents.ts';

const canonicalText = (value: Json): string => canonicalize(value)!;

/** Reads a workflow: of the text of its document, or of the document that a program made. */
export function buildWorkflow(input: BlueprintInput): DocumentBuild {
  const { blueprint, references, source, diagnostics, read } = parseBlueprint(input);
  // Not the text of the source, which may be a mended copy.
  const text = 'text' in input ? input.text : source.text;
  const found = [...diagnostics, ...wordFindings('workflow', source, diagnostics)];
  if (!blueprint) return { text, read, diagnostics: found, mentioned: references };
  return {
    text,
    read,
    diagnostics: found,
    built: {
      name: blueprint.name,
      version: blueprint.version,
      description: blueprint.description ?? '',
      entry: canonicalText(canonicalBlueprint(blueprint)),
      blueprint,
    },
  };
}

/** Reads an agent's document. */
export function buildAgent(file: string, text: string): DocumentBuild {
  const { source, diagnostics, readable } = readSource({
    text,
    file,
    begin: 'Begin with `agent: 1`, `name:` and `model:`.',
  });
  if (!readable) return { text, diagnostics };
  const out = new Collector(source);
  const read = readShape(out, source.value);
  const parsed = agentDocumentSchema.safeParse(read);
  if (!parsed.success && out.errors === 0)
    for (const issue of parsed.error.issues)
      out.atValue('ICE1501', issue.path as (string | number)[], `${issue.path.join('.')}: ${issue.message}`);
  const found = [...diagnostics, ...out.diagnostics];
  found.push(...wordFindings('agent', source, found));
  if (!parsed.success || found.some((each) => each.severity === 'error'))
    return { text, diagnostics: found, mentioned: mentionedIn(source.value) };
  const agent = parsed.data;
  return {
    text,
    diagnostics: found,
    built: {
      name: agent.name,
      version: agent.version,
      description: agent.description ?? '',
      schemas: { input: agentInputSchema(agent), output: agentOutputSchema(agent.output) },
      entry: canonicalText(canonicalAgent(agent)),
      agent,
    },
  };
}

function readShape(out: Collector, value: unknown): unknown {
  const shape = shapeOf(agentDocumentSchema) as Extract<Shape, { kind: 'object' }>;
  const walk = new Walk(out);
  if (!isMap(value)) return walk.value(shape, value, []);
  return walk.object(shape, value, [], { place: { kind: 'agent' }, what: 'An agent' }).value;
}

/** A version and a description that are missing: nothing fails without them, until it is pushed or searched for. */
function wordFindings(kind: string, source: DocumentSource, found: readonly Diagnostic[]): Diagnostic[] {
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

import type { Blueprint, BlueprintNode } from '../../contracts/blueprint.ts';
import type { Manifest } from '../../contracts/components.ts';
import { type ComponentKind, type ComponentRef, formatRef, parseRef } from '../../contracts/ids.ts';
import type { AgentDocument } from '../../contracts/nodes/agent.ts';
import { everyNode } from '../shape/draft.ts';

/** A component as a document that refers to it needs it. */
export interface CatalogEntry {
  version: string;
  digest: string;
  manifest: Manifest;
  /** Of a workflow: its document. */
  blueprint?: Blueprint;
  /** Of an agent: its document. */
  agent?: AgentDocument;
  /** What it says of itself; a model that may call it reads this. */
  description?: string;
  /** Of a component of the project: where it is written. */
  file?: string;
}

/** What can be referred to. It answers at once: who makes it has resolved everything before. */
export interface Catalog {
  /** The component that a reference (its kind is always set) means now; undefined when there is none. */
  resolve(ref: ComponentRef): CatalogEntry | undefined;
  names(kind: ComponentKind): string[];
  /** Versions of a component, newest first. */
  versions(kind: ComponentKind, name: string): string[];
}

/** A catalog with nothing in it. */
export const EMPTY_CATALOG: Catalog = { resolve: () => undefined, names: () => [], versions: () => [] };

/** A field of a node that names a component, and what it means; `ref` is undefined when it can't be read. */
export interface NodeReference {
  keys: (string | number)[];
  kind: ComponentKind;
  text: string;
  ref: ComponentRef | undefined;
}

const reference = (keys: (string | number)[], kind: ComponentKind, text: string): NodeReference => {
  const ref = parseRef(text);
  return { keys, kind, text, ref: ref && { ...ref, kind } };
};

/** An entry of an agent's `tools`: a tool, unless it says `workflow/` or `agent/`. */
const callable = (index: number, text: string): NodeReference =>
  reference(['tools', index], parseRef(text)?.kind ?? 'tool', text);

/** What an agent's document says of whom it may call. */
export type Callers = Pick<AgentDocument, 'name' | 'tools'>;

export const toolsIn = ({ tools = [] }: Pick<Callers, 'tools'>): NodeReference[] =>
  tools.map((text, index) => callable(index, text));

/** What a node runs, and for an agent what it may call. */
export function referencesIn(node: BlueprintNode): NodeReference[] {
  switch (node.type) {
    case 'tool':
      return [reference(['tool'], 'tool', node.tool)];
    case 'workflow':
      return [reference(['workflow'], 'workflow', node.workflow)];
    case 'agent':
      return [
        ...(node.agent === undefined ? [] : [reference(['agent'], 'agent', node.agent)]),
        ...toolsIn(node),
      ];
    default:
      return [];
  }
}

/**
 * Every component that a blueprint or an agent refers to, each once, in the order of the document; nested nodes
 * included. What these refer to in turn is not: ask again with their documents.
 */
export function referencesOf(document: Blueprint | AgentDocument): ComponentRef[] {
  return eachOnce(
    'nodes' in document ? [...everyNode(document.nodes)].flatMap(referencesIn) : toolsIn(document),
  );
}

/** What the references mean, each once; those that can't be read are left out. */
function eachOnce(references: readonly NodeReference[]): ComponentRef[] {
  const found = new Map<string, ComponentRef>();
  for (const { ref } of references) if (ref) found.set(formatRef(ref), ref);
  return [...found.values()];
}

/**
 * What a document that is broken refers to, as far as that can be read: whatever stands where a reference would. So the
 * mistakes around a reference do not make it one that is not there.
 */
export function mentionedIn(document: unknown): ComponentRef[] {
  const found: NodeReference[] = [];
  const open: unknown[] = [document];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, child] of Object.entries(value)) {
      const isText = typeof child === 'string';
      if (isText && (key === 'tool' || key === 'workflow' || key === 'agent'))
        found.push(reference([key], key, child));
      else if (key === 'tools' && Array.isArray(child))
        found.push(...toolsIn({ tools: child.filter((each) => typeof each === 'string') }));
      open.push(child);
    }
  }
  return eachOnce(found);
}

/** The same document with other references: `write` is given each that can be read, and says what is to stand there. */
export function withReferences<D extends Blueprint | AgentDocument>(
  document: D,
  write: (reference: NodeReference & { ref: ComponentRef }) => string,
): D {
  const copy = structuredClone(document);
  const rewrite = (holder: object, references: NodeReference[]) => {
    for (const reference of references) {
      const { keys, ref } = reference;
      if (!ref) continue;
      const [field, index] = keys as [string, number?];
      const values = holder as Record<string, string | string[]>;
      if (index === undefined) values[field] = write({ ...reference, ref });
      else (values[field] as string[])[index] = write({ ...reference, ref });
    }
  };
  if ('nodes' in copy) for (const node of everyNode(copy.nodes)) rewrite(node, referencesIn(node));
  else rewrite(copy, toolsIn(copy));
  return copy;
}

/** The models that each node of a blueprint, or an agent, may ask: its own, then its fallbacks. */
export function modelsIn(document: Blueprint | AgentDocument): string[][] {
  const found: string[][] = [];
  const add = ({ model, fallback = [] }: { model?: string | undefined; fallback?: string[] | undefined }) => {
    if (model !== undefined) found.push([model, ...fallback]);
  };
  if (!('nodes' in document)) add(document);
  else
    for (const node of everyNode(document.nodes)) if (node.type === 'llm' || node.type === 'agent') add(node);
  return found;
}

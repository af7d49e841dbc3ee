import type { Blueprint, BlueprintNode } from '../../contracts/blueprint.ts';
import type { Manifest } from '../../contracts/components.ts';
import { type ComponentKind, type ComponentRef, parseRef } from '../../contracts/ids.ts';
import type { AgentDocument } from '../../contracts/nodes/agent.ts';
import { nestedLists } from '../shape/draft.ts';

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
  const found = new Map<string, ComponentRef>();
  const add = ({ ref }: NodeReference) => {
    if (ref) found.set(`${ref.kind}/${ref.name}@${ref.range ?? ''}`, ref);
  };
  const visit = (nodes: BlueprintNode[]) => {
    for (const node of nodes) {
      referencesIn(node).forEach(add);
      for (const list of nestedLists(node)) visit(list.nodes);
    }
  };
  if ('nodes' in document) visit(document.nodes);
  else toolsIn(document).forEach(add);
  return [...found.values()];
}

/**
 * What a document that is broken refers to, as far as that can be read: whatever stands where a reference would. So the
 * mistakes around a reference do not make it one that is not there.
 */
export function mentionedIn(document: unknown): ComponentRef[] {
  const found = new Map<string, ComponentRef>();
  const add = (kind: ComponentKind | undefined, text: unknown): void => {
    const ref = typeof text === 'string' ? parseRef(text) : undefined;
    if (!ref) return;
    const meant = kind ?? ref.kind ?? 'tool';
    found.set(`${meant}/${ref.name}@${ref.range ?? ''}`, { ...ref, kind: meant });
  };
  const open: unknown[] = [document];
  while (open.length > 0) {
    const value = open.pop();
    if (typeof value !== 'object' || value === null) continue;
    for (const [key, child] of Object.entries(value)) {
      if (key === 'tool' || key === 'workflow' || key === 'agent') add(key, child);
      else if (key === 'tools' && Array.isArray(child)) for (const each of child) add(undefined, each);
      open.push(child);
    }
  }
  return [...found.values()];
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
  const visit = (nodes: BlueprintNode[]) => {
    for (const node of nodes) {
      rewrite(node, referencesIn(node));
      for (const list of nestedLists(node)) visit(list.nodes);
    }
  };
  if ('nodes' in copy) visit(copy.nodes);
  else rewrite(copy, toolsIn(copy));
  return copy;
}

/** The models that each node of a blueprint, or an agent, may ask: its own, then its fallbacks. */
export function modelsIn(document: Blueprint | AgentDocument): string[][] {
  const found: string[][] = [];
  const add = ({ model, fallback = [] }: { model?: string | undefined; fallback?: string[] | undefined }) => {
    if (model !== undefined) found.push([model, ...fallback]);
  };
  const visit = (nodes: BlueprintNode[]) => {
    for (const node of nodes) {
      if (node.type === 'llm' || node.type === 'agent') add(node);
      for (const list of nestedLists(node)) visit(list.nodes);
    }
  };
  if ('nodes' in document) visit(document.nodes);
  else add(document);
  return found;
}

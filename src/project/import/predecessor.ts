import { Document, isSeq, isMap as isYamlMap, type Node, visit } from 'yaml';
import type { Diagnostic } from '../../contracts/diagnostics.ts';
import type { Json, JsonObject } from '../../contracts/json.ts';
import { checkBlueprint, EMPTY_CATALOG } from '../../language/index.ts';
import { type DocumentSource, ForeignDocument } from './foreign-document.ts';
import { isMap } from './json-pointer.ts';
import { type Loss, type OldNode, readResult, textOf, textsOf } from './predecessor/old-document.ts';
import { OldTree } from './predecessor/old-tree.ts';
import { newId, readNodes } from './predecessor/read-nodes.ts';
import type { Names } from './predecessor/template-expression.ts';
import { writeNode } from './predecessor/write-node.ts';
import { componentName, translated, type Writing } from './predecessor/writing.ts';
import { kebab } from './source-text.ts';

export interface PredecessorImport {
  name: string;
  /** The new document: YAML, with comments where something could not be kept. */
  text: string;
  /** What could not be kept, in the order of the document. */
  lost: Loss[];
  /** Components that the document refers to and that have to be there: `tool/search-tool`. */
  needs: string[];
  /** Ids that had to change. */
  renamed: Record<string, string>;
  /** What the checker says of the new document, but for components that it can't know. */
  diagnostics: Diagnostic[];
}

/** Findings that only say that a component is not known, which nobody can know here. */
const UNKNOWN_COMPONENT = new Set(['ICE1201', 'ICE1202', 'ICE1203']);

/**
 * A blueprint of the predecessor (schema_version 1.1.0, 1.2.0) as blueprint 2. Pure. Without `import` there are
 * errors among the diagnostics.
 */
export function importPredecessor(
  source: DocumentSource,
  options: { name?: string } = {},
): { import?: PredecessorImport; diagnostics: Diagnostic[] } {
  const { document, diagnostics } = ForeignDocument.parse(source);
  if (!document) return { diagnostics };
  const problem = kindProblem(document);
  if (problem) return { diagnostics: [problem] };
  const root = document.value as { [key: string]: unknown };
  const lost: Loss[] = [];
  const metadata = isMap(root['metadata']) ? root['metadata'] : {};
  const name = options.name ?? (componentName(nameOf(root, metadata, source.name)) || 'imported');

  const nodes = readNodes(root['nodes'] as unknown[], lost);
  const tree = new OldTree(nodes);
  const renamed = Object.fromEntries(
    tree.all.filter((node) => node.id !== node.oldId).map((node) => [node.oldId, node.id]),
  );

  const inputs = new Inputs(root['inputs']);
  const loopNames = new Set<string>();
  /** The containers around what is being written. */
  const open: OldNode[] = [];
  const names: Names = {
    root(path) {
      const [first = ''] = path;
      const node = tree.find(first);
      if (node) {
        const { code, taken } = readResult(node, tree.accessTo(node, open), path.slice(1));
        return { code, taken: taken + 1 };
      }
      if (loopNames.has(first)) return { code: newId(first), taken: 1 };
      if (first === 'inputs' || first === 'ctx' || first === 'context') {
        if (path.length === 1) return { code: 'inputs', taken: 1 };
        return { code: inputs.read(path[1]!), taken: 2 };
      }
      // Anything else was looked up among the inputs.
      return { code: inputs.read(first), taken: 1 };
    },
    plain: (text) => tree.plain(text),
    mayMiss: (path) => {
      const name = path[0] === 'inputs' ? path[1] : path[0];
      if (name !== undefined && !tree.find(name) && !loopNames.has(name)) inputs.mayMiss(name);
    },
  };
  const comments = new Map<string, string[]>();
  const writing: Writing = {
    names,
    newId: (old) => newId(old),
    lose(node, what) {
      const note = { node: node.id, what };
      if (lost.some((each) => each.node === note.node && each.what === note.what)) return;
      lost.push(note);
      comments.set(node.id, [...(comments.get(node.id) ?? []), what]);
    },
    write(node) {
      const item = node.type === 'loop' ? (textOf(node.fields['item_var']) ?? 'item') : undefined;
      const fresh = item !== undefined && !loopNames.has(item);
      if (fresh) loopNames.add(item);
      open.push(node);
      const written = writeNode(node, writing);
      open.pop();
      if (fresh) loopNames.delete(item);
      return withNeeds(node, written, tree, open, writing);
    },
  };
  const written = nodes.map(writing.write);
  const self: OldNode = { id: '', oldId: '', type: 'document', fields: root, lists: {} };
  const outputs = isMap(root['outputs'])
    ? (translated(root['outputs'], self, writing) as JsonObject)
    : leaves(nodes, written);
  const version =
    typeof metadata['version'] === 'string' && /^\d+\.\d+\.\d+$/.test(metadata['version'])
      ? metadata['version']
      : '1.0.0';
  const description = textOf(metadata['description'] ?? root['description']);
  const blueprint: JsonObject = {
    blueprint: 2,
    name,
    version,
    ...(description === undefined ? {} : { description }),
    ...(inputs.size === 0 ? {} : { inputs: inputs.document() }),
    nodes: written,
    outputs,
  };
  const text = yamlOf(blueprint, comments, source.name);
  const checked = checkBlueprint({ text, file: `${name}.yaml` }, EMPTY_CATALOG);
  return {
    import: {
      name,
      text,
      lost,
      needs: componentsOf(written),
      renamed,
      diagnostics: checked.diagnostics.filter((each) => !UNKNOWN_COMPONENT.has(each.code)),
    },
    diagnostics: [],
  };
}

function kindProblem(document: ForeignDocument): Diagnostic | undefined {
  const root = document.value;
  const help =
    'What is imported are documents with `schema_version: 1.1.0` or `1.2.0` and a list of `nodes`.';
  if (!isMap(root))
    return document.finding('ICE1607', [], 'It is no blueprint of the predecessor: it holds no object', {
      help,
    });
  if (root['blueprint'] !== undefined)
    return document.finding('ICE1607', ['blueprint'], 'It is a blueprint 2 already', {
      help: 'Put it into the workflows folder: ice validate checks it.',
    });
  const version = root['schema_version'];
  if (version !== undefined && !/^1\.[0-2](\.\d+)?$/.test(String(version)))
    return document.finding(
      'ICE1607',
      ['schema_version'],
      `The schema_version ${String(version).slice(0, 20)} is not read here`,
      { help },
    );
  if (!Array.isArray(root['nodes']))
    return document.finding(
      'ICE1607',
      [],
      'It is no blueprint of the predecessor: it has no list of `nodes`',
      { help },
    );
  return undefined;
}

function nameOf(
  root: { [key: string]: unknown },
  metadata: { [key: string]: unknown },
  file: string,
): string {
  const said = [root['id'], root['name'], metadata['draft_name'], metadata['name']]
    .map(textOf)
    .find((text) => text !== undefined && kebab(text) !== '');
  return (
    said ??
    file
      .split(/[\\/]/)
      .at(-1)!
      .replace(/\.(ya?ml|json)$/, '')
  );
}

/** The inputs of the new document: those that the old one declares, and those that it reads. */
class Inputs {
  readonly #fields = new Map<string, { schema: JsonObject; optional: boolean }>();

  constructor(declared: unknown) {
    if (!isMap(declared)) return;
    const lists = Array.isArray(declared['required']) || Array.isArray(declared['optional']);
    if (lists) {
      for (const name of textsOf(declared['required']))
        this.#fields.set(name, { schema: {}, optional: false });
      for (const name of textsOf(declared['optional']))
        this.#fields.set(name, { schema: {}, optional: true });
      return;
    }
    for (const [name, schema] of Object.entries(declared))
      this.#fields.set(name, {
        schema: isMap(schema) ? (schema as JsonObject) : typeof schema === 'string' ? typed(schema) : {},
        optional: false,
      });
  }

  get size(): number {
    return this.#fields.size;
  }

  /** How an input is read; one that was not declared is one from now on. */
  read(name: string): string {
    let field = this.#fields.get(name);
    if (field === undefined) {
      field = { schema: {}, optional: false };
      this.#fields.set(name, field);
    }
    return field.optional ? `inputs.?${name}` : `inputs.${name}`;
  }

  /** An input that has something to stand in for it; one that was declared stays as it was declared. */
  mayMiss(name: string): void {
    if (!this.#fields.has(name)) this.#fields.set(name, { schema: {}, optional: true });
  }

  document(): JsonObject {
    return Object.fromEntries(
      [...this.#fields].map(([name, { schema, optional }]) => [
        name,
        optional ? { ...schema, optional: true } : schema,
      ]),
    );
  }
}

const typed = (type: string): JsonObject =>
  ['string', 'number', 'integer', 'boolean', 'array', 'object'].includes(type) ? { type } : {};

/** `dependencies` that no expression reads already. */
function withNeeds(
  node: OldNode,
  written: JsonObject,
  tree: OldTree,
  open: readonly OldNode[],
  writing: Writing,
): JsonObject {
  const text = JSON.stringify(written);
  const needs: string[] = [];
  for (const old of textsOf(node.fields['dependencies'])) {
    const named = tree.find(old);
    if (!named) {
      writing.lose(node, `it depends on ${old}, which is no node`);
      continue;
    }
    // What stands inside a container is waited for by waiting for the container; what is around, is.
    const other = tree.visible(named, open);
    if (open.includes(other) || needs.includes(other.id)) continue;
    if (other.id === node.id || new RegExp(`\\{\\{[^}]*\\b${other.id}\\b`).test(text)) continue;
    needs.push(other.id);
  }
  if (needs.length === 0) return written;
  const { id, description, type, ...rest } = written;
  return { id: id!, ...(description === undefined ? {} : { description }), type: type!, needs, ...rest };
}

/** Without outputs, the result of the last nodes was the result. */
function leaves(nodes: readonly OldNode[], written: readonly JsonObject[]): JsonObject {
  const texts = written.map((node) => JSON.stringify(node));
  const last = nodes.filter(
    (node, i) => !texts.some((text, k) => k !== i && new RegExp(`\\b${node.id}\\b`).test(text)),
  );
  return Object.fromEntries(last.map((node) => [node.id, `{{ ${readResult(node, node.id, []).code} }}`]));
}

function componentsOf(nodes: readonly JsonObject[]): string[] {
  const found = new Set<string>();
  const walk = (value: Json): void => {
    if (Array.isArray(value)) for (const item of value) walk(item);
    else if (isMap(value)) {
      const node = value as JsonObject;
      if (typeof node['id'] === 'string') {
        if (node['type'] === 'tool' && typeof node['tool'] === 'string') found.add(`tool/${node['tool']}`);
        if (node['type'] === 'workflow' && typeof node['workflow'] === 'string')
          found.add(`workflow/${node['workflow']}`);
        if (node['type'] === 'agent' && typeof node['agent'] === 'string')
          found.add(`agent/${node['agent']}`);
        if (node['type'] === 'agent') for (const tool of textsOf(node['tools'])) found.add(`tool/${tool}`);
      }
      for (const item of Object.values(node)) walk(item);
    }
  };
  walk([...nodes]);
  return [...found].sort();
}

function yamlOf(blueprint: JsonObject, comments: ReadonlyMap<string, string[]>, from: string): string {
  const document = new Document(blueprint, { aliasDuplicateObjects: false });
  document.commentBefore = ` Imported from ${from.replace(/\s+/g, ' ').slice(0, 200)} by \`ice import blueprint\`.`;
  const said = comments.get('') ?? [];
  if (said.length > 0) document.commentBefore += `\n${commentOf(said)}`;
  visit(document, {
    Seq(key, seq) {
      for (const item of seq.items) {
        if (!isYamlMap(item)) continue;
        const notes = comments.get(String(item.get('id') ?? ''));
        if (notes && typeof item.get('type') === 'string') (item as Node).commentBefore = commentOf(notes);
      }
      // Small lists of words read better on one line.
      if (
        key === 'value' &&
        isSeq(seq) &&
        seq.items.length > 0 &&
        seq.items.length <= 6 &&
        seq.items.every((item) => !isYamlMap(item) && !isSeq(item))
      )
        seq.flow = true;
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: true });
}

const commentOf = (notes: readonly string[]): string =>
  notes
    .flatMap((note) => `NOT KEPT: ${note}`.split('\n'))
    .map((line) => ` ${line.replace(/[\p{Cc}\u2028\u2029]/gu, ' ')}`)
    .join('\n');

import type { BlueprintNode } from '../../contracts/blueprint.ts';
import type { JsonSchema } from '../../contracts/json.ts';
import type { Collector } from '../diagnostics/collector.ts';
import { canBe, describeBriefly } from '../expressions/kinds.ts';
import type { Template } from '../expressions/template.ts';
import { outermost } from '../graph/check-graph.ts';
import type { Graph, NodeInfo } from '../graph/graph.ts';
import type { Scope } from '../graph/scope.ts';
import type { FieldTemplate, Templates } from '../graph/templates.ts';
import { inputSchemaOf } from '../plan/input-schema.ts';
import type { Resolved } from '../references/check-references.ts';
import { type Draft, isOpaque, nestedLists } from '../shape/draft.ts';
import type { Path } from '../source/path.ts';
import { assignable, describe, objectType, union } from '../types/index.ts';
import { checkCondition, checkItems } from './conditions.ts';
import { reachHelp } from './help.ts';
import { excusedNames, inputsSeen } from './known-names.ts';
import { Lacking } from './lacking.ts';
import { warnOfLookAlikes } from './look-alikes.ts';
import { inOrder } from './order.ts';
import {
  agentResult,
  closedObject,
  conditionResult,
  loopResult,
  modelResult,
  parallelResult,
  resultsById,
} from './result-types.ts';
import { type FlowTypes, ScopeEnv } from './scope-env.ts';
import { objectShape, ValueChecker } from './value-checker.ts';

const NULL: JsonSchema = { type: 'null' };
/** Fields that are one expression. */
const ASKING: ReadonlySet<FieldTemplate['role']> = new Set(['if', 'condition', 'items']);
/** The fields of containers that hold nodes. */
const BODIES = ['then', 'else', 'branches', 'body'];

/**
 * Follows the types through a document: from the inputs through each node's result to every argument, prompt,
 * condition, item and output. Nodes are looked at in the order of their dependencies, each once.
 */
export class Flow {
  private readonly out: Collector;
  private readonly draft: Draft;
  private readonly graph: Graph;
  private readonly templates: Templates;
  private readonly resolved: Resolved;
  private readonly types: FlowTypes;
  /** Nested nodes by id, for what reads them from outside. */
  private readonly nested = new Map<string, BlueprintNode>();
  private readonly lacking: Lacking;

  constructor(parts: {
    out: Collector;
    draft: Draft;
    graph: Graph;
    templates: Templates;
    resolved: Resolved;
  }) {
    this.out = parts.out;
    this.draft = parts.draft;
    this.graph = parts.graph;
    this.templates = parts.templates;
    this.resolved = parts.resolved;
    this.lacking = new Lacking(parts.graph, parts.templates);
    this.types = {
      inputs: inputsSeen(this.draft),
      results: new Map(),
      items: new Map(),
      excused: excusedNames(this.graph),
    };
    for (const info of this.graph.infos.values()) {
      if (info.scope.owner && !this.nested.has(info.node.id)) this.nested.set(info.node.id, info.node);
    }
  }

  /** Checks everything; gives the types of the outputs. */
  run(): JsonSchema {
    this.list(this.draft.blueprint.nodes, this.graph.top);
    const checker = this.checker(this.graph.top, undefined);
    const outputs = this.templates.outputs(this.draft.blueprint).map((field): [string, JsonSchema] => {
      this.syntax(field, []);
      this.lookAlikes(checker, field, [], this.graph.top);
      return [
        String(field.keys[1]),
        this.rendered(checker, field.parsed.template, field.keys, this.graph.top),
      ];
    });
    return closedObject(outputs);
  }

  private list(nodes: BlueprintNode[], scope: Scope): void {
    for (const node of inOrder(nodes, this.graph)) {
      this.lacking.note(node);
      const result = this.node(node, this.graph.of(node), scope);
      this.types.results.set(node, result);
    }
  }

  private checker(scope: Scope, self: BlueprintNode | undefined): ValueChecker {
    const { types, nested, out } = this;
    const hidden = (name: string) => nested.has(name);
    return new ValueChecker(out, new ScopeEnv(scope, types, self, hidden, () => out.full));
  }

  private node(node: BlueprintNode, info: NodeInfo, scope: Scope): JsonSchema {
    const path = this.draft.pathOf(node);
    const checker = this.checker(scope, node);
    const fields = new Map<string, JsonSchema>();
    let onError: JsonSchema | undefined;
    for (const field of this.templates.of(node)) {
      if (field.role === 'result') continue;
      this.syntax(field, path);
      this.scopes(field, path, scope);
      // A text where an expression must stand is an error already.
      if (!ASKING.has(field.role)) this.lookAlikes(checker, field, path, scope);
      const at = [...path, ...field.keys];
      const type = this.field(node, field, at, checker);
      if (field.role === 'onError') onError = type;
      fields.set(field.role, type);
    }
    let result = isOpaque(node) ? {} : this.result(node, info, fields, path);
    if (onError !== undefined) result = union(result, onError);
    return result;
  }

  /** Texts that look like expressions. */
  private lookAlikes(checker: ValueChecker, field: FieldTemplate, base: Path, scope: Scope): void {
    const at = [...base, ...field.keys];
    warnOfLookAlikes(this.out, field.parsed.template, at, scope, (text) => checker.reads(text));
    checker.warnOfDollar(field.parsed.template, at);
  }

  /** Findings of reading the expressions themselves. */
  private syntax(field: FieldTemplate, base: Path): void {
    for (const each of field.parsed.findings) {
      // A reserved word that is the id of a node was reported there.
      if (each.code === 'ICE1304' && this.types.excused.has(this.wordAt(field, each))) continue;
      this.out.within(each.code, [...base, ...field.keys, ...each.path], each.start, each.end, each.message, {
        severity: each.severity,
        help: each.help,
      });
    }
  }

  private wordAt(
    field: FieldTemplate,
    at: { path: (string | number)[]; start: number; end: number },
  ): string {
    let value: unknown = field.value;
    for (const key of at.path) value = (value as Record<string | number, unknown> | undefined)?.[key];
    return typeof value === 'string' ? value.slice(at.start, at.end) : '';
  }

  /** Names of nodes that exist, but inside of another one. */
  private scopes(field: FieldTemplate, base: Path, scope: Scope): void {
    for (const ref of field.parsed.refs) {
      if (scope.find(ref.root) || scope.isVariable(ref.root) || ref.root === 'inputs' || ref.root === 'run')
        continue;
      const hidden = this.nested.get(ref.root);
      if (!hidden || this.types.excused.has(ref.root)) continue;
      const owner = this.graph.of(hidden).scope.owner!;
      const reach = outermost(this.graph, hidden, scope);
      this.out.within('ICE1213', [...base, ...field.keys, ...ref.at], ref.start, ref.end, `'${ref.root}' stands inside '${owner.id}' and cannot be read from here`, {
        help: reachHelp(hidden, owner, reach, this.graph, scope),
        related: [this.out.related([...this.draft.pathOf(hidden), 'id'], 'It is here')],
      }); // biome-ignore format: long
    }
  }

  private field(node: BlueprintNode, field: FieldTemplate, at: Path, checker: ValueChecker): JsonSchema {
    const { template } = field.parsed;
    switch (field.role) {
      case 'if':
      case 'condition':
        if (this.draft.isBroken(node, field.role === 'if' ? 'if' : 'expression')) return { type: 'boolean' };
        return checkCondition(this.out, template, at, checker, field.role);
      case 'items':
        return this.items(node as Extract<BlueprintNode, { type: 'loop' }>, template, at, checker);
      case 'args':
        return this.argumentsOf(node, template, at, checker);
      case 'inputs':
        return this.childInputs(node, template, at, checker);
      case 'agentInput':
        return this.agentInput(node, template, at, checker);
      case 'thread': {
        const type = checker.infer(template, at);
        if (!canBe(type, 'string') && !canBe(type, 'number')) {
          this.out.atValue(
            'ICE1429',
            at,
            `The name of a thread is a text, and this is ${describeBriefly(type)}`,
          );
        }
        return type;
      }
      case 'values':
        if (node.type === 'set' && node.output !== undefined) {
          const kind = { wrongType: 'ICE1430', noun: 'value', taker: `The \`output\` of '${node.id}'` };
          return checker.check(template, node.output as JsonSchema, at, kind);
        }
        return checker.infer(template, at);
      default:
        return checker.infer(template, at);
    }
  }

  private items(
    node: Extract<BlueprintNode, { type: 'loop' }>,
    template: Template,
    at: Path,
    checker: ValueChecker,
  ): JsonSchema {
    const { type, item } = checkItems(this.out, template, at, checker);
    this.types.items.set(node, item);
    return type;
  }

  private argumentsOf(node: BlueprintNode, template: Template, at: Path, checker: ValueChecker): JsonSchema {
    const entry = this.resolved.get(node);
    if (node.type !== 'tool' || !entry || this.draft.isBroken(node, 'args'))
      return checker.infer(template, at);
    const kind = { wrongType: 'ICE1420', noun: 'argument', taker: `The tool '${entry.manifest.name}'` };
    return checker.check(template, entry.manifest.input, at, kind);
  }

  private childInputs(node: BlueprintNode, template: Template, at: Path, checker: ValueChecker): JsonSchema {
    const entry = this.resolved.get(node);
    if (!entry || this.draft.isBroken(node, 'inputs')) return checker.infer(template, at);
    const kind = { wrongType: 'ICE1427', noun: 'input', taker: `The workflow '${entry.manifest.name}'` };
    const schema = entry.blueprint ? inputSchemaOf(entry.blueprint) : entry.manifest.input;
    return checker.check(template, schema, at, kind);
  }

  private agentInput(node: BlueprintNode, template: Template, at: Path, checker: ValueChecker): JsonSchema {
    const entry = this.resolved.get(node);
    const schema = entry?.agent?.input ?? objectShape(entry?.manifest.input ?? {})?.properties.get('input');
    if (schema === undefined || this.draft.isBroken(node, 'input')) return checker.infer(template, at);
    const kind = { wrongType: 'ICE1420', noun: 'input', taker: `The agent '${entry!.manifest.name}'` };
    return checker.check(template, schema as JsonSchema, at, kind);
  }

  private result(
    node: BlueprintNode,
    info: NodeInfo,
    fields: Map<string, JsonSchema>,
    path: Path,
  ): JsonSchema {
    switch (node.type) {
      case 'tool': {
        const entry = this.resolved.get(node);
        if (!entry) return (node.output as JsonSchema | undefined) ?? {};
        return this.narrowed(node, entry.manifest.output, `the tool '${entry.manifest.name}'`, path);
      }
      case 'set':
        if (node.output !== undefined) return node.output as JsonSchema;
        return this.draft.isBroken(node, 'values') ? {} : (fields.get('values') ?? {});
      case 'llm':
        return modelResult(
          this.draft.isBroken(node, 'output') ? {} : (node.output as JsonSchema | undefined),
        );
      case 'agent':
        return agentResult(node, this.resolved.get(node));
      case 'code':
        return (node.output as JsonSchema | undefined) ?? {};
      case 'workflow': {
        const entry = this.resolved.get(node);
        return entry ? entry.manifest.output : {};
      }
      case 'condition':
      case 'parallel':
      case 'loop': {
        const lists = new Map<string, JsonSchema>();
        for (const list of nestedLists(node)) {
          const key = list.keys.join('.');
          this.list(list.nodes, info.inner.get(key)!);
          lists.set(
            list.keys.at(-1)!,
            resultsById(
              list.nodes,
              (each) => this.types.results.get(each) ?? {},
              (each) => this.lacking.may(each),
            ),
          );
        }
        // What could not be read may have held anything.
        if (BODIES.some((field) => this.draft.isBroken(node, field))) return {};
        if (node.type === 'condition') return conditionResult(lists.get('then')!, lists.get('else')!);
        if (node.type === 'parallel') return parallelResult(node, lists);
        return loopResult(node, this.itemResult(node, info, path) ?? lists.get('body')!);
      }
    }
  }

  /** The `result` of a loop, made for each item: it sees what the body sees. */
  private itemResult(
    node: Extract<BlueprintNode, { type: 'loop' }>,
    info: NodeInfo,
    path: Path,
  ): JsonSchema | undefined {
    const field = this.templates.of(node).find((each) => each.role === 'result');
    if (!field) return undefined;
    const inner = info.inner.get('body')!;
    this.syntax(field, path);
    this.scopes(field, path, inner);
    const checker = this.checker(inner, node);
    this.lookAlikes(checker, field, path, inner);
    return this.rendered(checker, field.parsed.template, [...path, ...field.keys], inner);
  }

  /** `output` of a tool's node: the result matches both; reports when it never can. */
  private narrowed(
    node: Extract<BlueprintNode, { type: 'tool' }>,
    result: JsonSchema,
    who: string,
    path: Path,
  ): JsonSchema {
    if (node.output === undefined) return result;
    const fit = assignable(result, node.output as JsonSchema);
    if (!fit.ok && fit.kind !== 'optional') {
      this.out.atValue(
        'ICE1430',
        [...path, 'output'],
        `The result of ${who} never fits this schema: ${fit.reason}`,
        {
          help: `It returns ${describe(result)}.`,
        },
      );
      return result;
    }
    return node.output as JsonSchema;
  }

  /** The type of an output: null where a text reads a node that may have no value. */
  private rendered(checker: ValueChecker, template: Template, path: Path, scope: Scope): JsonSchema {
    if (template.kind === 'object') {
      return objectType(
        template.entries.map(([key, item]) => [key, this.rendered(checker, item, [...path, key], scope)]),
      );
    }
    if (template.kind === 'array') {
      const items = template.items.map((item, index) =>
        this.rendered(checker, item, [...path, index], scope),
      );
      return { type: 'array', items: union(...items) };
    }
    if (scope === this.graph.top) this.outputScopes(template, path);
    const type = checker.infer(template, path);
    const parts =
      template.kind === 'single' ? [template.part] : template.kind === 'text' ? template.parts : [];
    const lacks = parts.some(
      (part) =>
        typeof part !== 'string' &&
        part.expression.refs.some((ref) => {
          const node = ref.soft ? undefined : scope.find(ref.root)?.nodes.get(ref.root);
          return node !== undefined && this.lacking.may(node);
        }),
    );
    return lacks ? union(type, NULL) : type;
  }

  private outputScopes(template: Template, path: Path): void {
    const parts =
      template.kind === 'single' ? [template.part] : template.kind === 'text' ? template.parts : [];
    for (const part of parts) {
      if (typeof part === 'string') continue;
      const refs = part.expression.refs.map((ref) => ({
        ...ref,
        start: ref.start + part.offset,
        end: ref.end + part.offset,
        at: [],
      }));
      this.scopes(
        { role: 'output', keys: path, value: null, parsed: { template, findings: [], refs } },
        [],
        this.graph.top,
      );
    }
  }
}

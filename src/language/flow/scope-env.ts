import type { BlueprintNode } from '../../contracts/blueprint.ts';
import type { JsonSchema } from '../../contracts/json.ts';
import type { TypeEnv } from '../expressions/checker.ts';
import type { Scope } from '../graph/scope.ts';

const RUN: JsonSchema = {
  type: 'object',
  properties: { id: { type: 'string' }, startedAt: { type: 'string', format: 'date-time' } },
  required: ['id', 'startedAt'],
  additionalProperties: false,
};

/** The types that all expressions of one document share. */
export interface FlowTypes {
  inputs: JsonSchema;
  /** Results of the nodes that have been looked at. */
  results: Map<BlueprintNode, JsonSchema>;
  /** Items of loops. */
  items: Map<BlueprintNode, JsonSchema>;
  /** Names about which something was reported already: they are of unknown type, and not reported again. */
  excused: ReadonlySet<string>;
}

/** What the expressions in one list of nodes see. `self` is the node that holds them: it can't read itself. */
export class ScopeEnv implements TypeEnv {
  private readonly scope: Scope;
  private readonly types: FlowTypes;
  private readonly self: BlueprintNode | undefined;
  /** Names of nested nodes elsewhere, read from here by mistake; reported by the caller. */
  private readonly hidden: (name: string) => boolean;
  /** Whether nobody will read a hint: the names for it need not be gathered, which takes long when there are many. */
  private readonly terse: () => boolean;

  constructor(
    scope: Scope,
    types: FlowTypes,
    self: BlueprintNode | undefined,
    hidden: (name: string) => boolean,
    terse: () => boolean,
  ) {
    this.scope = scope;
    this.types = types;
    this.self = self;
    this.hidden = hidden;
    this.terse = terse;
  }

  variable(name: string): JsonSchema | undefined {
    for (let scope: Scope | undefined = this.scope; scope; scope = scope.parent) {
      if (scope.variables.has(name)) {
        return name === 'index'
          ? { type: 'integer', minimum: 0 }
          : (this.types.items.get(scope.owner!) ?? {});
      }
      const node = scope.nodes.get(name);
      if (node) return this.types.results.get(node) ?? {};
    }
    if (name === 'inputs') return this.types.inputs;
    if (name === 'run') return RUN;
    return this.types.excused.has(name) || this.hidden(name) ? {} : undefined;
  }

  names(): string[] {
    if (this.terse()) return [];
    const names = ['inputs', 'run'];
    for (let scope: Scope | undefined = this.scope; scope; scope = scope.parent)
      names.push(...scope.variables);
    return [...new Set([...names, ...this.nodeNames()])];
  }

  node(id: string): JsonSchema | undefined {
    const node = this.scope.find(id)?.nodes.get(id);
    if (node) return this.types.results.get(node) ?? {};
    return this.types.excused.has(id) || this.hidden(id) ? {} : undefined;
  }

  listsFailed(id: string): boolean {
    const node = this.scope.find(id)?.nodes.get(id);
    return node?.type === 'loop' && node.onItemError === 'continue';
  }

  nodeNames(): string[] {
    return this.terse() ? [] : this.scope.ids().filter((id) => id !== this.self?.id);
  }

  /** What was probably meant by a name that there is not; undefined when the general "did you mean" says enough. */
  meant(name: string): string | undefined {
    const inputs = (this.types.inputs as { properties?: object }).properties ?? {};
    if (Object.hasOwn(inputs, name)) return `Did you mean inputs.${name}?`;
    if (name === 'env' || name === 'process')
      return 'Expressions read no environment: give the value as an input, or as a secret that a tool declares.';
    for (let scope: Scope | undefined = this.scope; scope; scope = scope.parent) {
      if (
        scope.owner?.type === 'loop' &&
        (name === 'item' || name === 'row' || name === 'it' || name === 'each')
      ) {
        return `The item of the loop '${scope.owner.id}' is called '${scope.owner.as}'.`;
      }
      // The name of what a node runs, for the id of the node.
      for (const node of scope.nodes.values())
        if (node !== this.self && runs(node, name))
          return `The node that runs ${name} is called '${node.id}'.`;
    }
    return undefined;
  }
}

/** Whether a node runs a component of this name; std/ and the version aside. */
function runs(node: BlueprintNode, name: string): boolean {
  const ref = node.type === 'tool' ? node.tool : node.type === 'workflow' ? node.workflow : undefined;
  return (
    ref !== undefined &&
    ref
      .replace(/@.*$/, '')
      .replace(/^std\//, '')
      .replaceAll('-', '_') === name
  );
}

import type { Json } from '../../contracts/json.ts';
import type { Compared } from '../types/index.ts';
import type { Node } from './ast.ts';

/**
 * What is known where an expression is evaluated only if a condition held: `has(a.b) && a.b > 1`. `present` = the
 * field exists (for `nodes.X`: the node succeeded), `value` = it is not null, `is` and `not` = what it was compared with.
 */
export type Facts = ReadonlySet<string>;
export const NO_FACTS: Facts = new Set();

/** The name of a static path, the same for every way to write it; undefined when it is computed. */
export function pathKey(node: Node): string | undefined {
  switch (node.op) {
    case 'variable':
      return `$${node.name}`;
    case 'local':
      return `#${node.slot}`;
    case 'node':
      return `@${node.id}`;
    case 'member':
      return extend(node.object, node.name);
    case 'index':
      return node.index.op === 'literal' ? extend(node.object, node.index.value) : undefined;
    default:
      return undefined;
  }
}

function extend(object: Node, name: unknown): string | undefined {
  const key = pathKey(object);
  return key === undefined ? undefined : `${key}\n${typeof name === 'number' ? `#${name}` : name}`;
}

export const isPresent = (facts: Facts, key: string | undefined): boolean =>
  key !== undefined && facts.has(`present ${key}`);
export const isValue = (facts: Facts, key: string | undefined): boolean =>
  key !== undefined && facts.has(`value ${key}`);
/** Whether the node is known to have succeeded here. */
export const nodeSucceeded = (facts: Facts, id: string): boolean => facts.has(`present @${id}`);

/** What fields of the thing at `key` were compared with. */
export function comparisons(facts: Facts, key: string | undefined): Compared[] {
  if (key === undefined) return [];
  const found: Compared[] = [];
  for (const fact of facts) {
    const [, word, path, value] = /^(is|not) ([\s\S]*)\n=(.*)$/.exec(fact) ?? [];
    if (path?.startsWith(`${key}\n`) && !path.includes('\n', key.length + 1))
      found.push({
        field: path.slice(key.length + 1),
        value: JSON.parse(value!) as Json,
        equal: word === 'is',
      });
  }
  return found;
}

/** `known`, and what follows from `test` being `truth`. */
export function assume(known: Facts, test: Node, truth: boolean): Facts {
  const found: string[] = [];
  gather(test, truth, found);
  return found.length === 0 ? known : new Set([...known, ...found]);
}

function gather(test: Node, truth: boolean, into: string[]): void {
  switch (test.op) {
    case 'not':
      gather(test.arg, !truth, into);
      break;
    case 'and':
    case 'or':
      // Both sides are known only when none of them can have decided alone.
      if ((test.op === 'and') === truth) {
        gather(test.left, truth, into);
        gather(test.right, truth, into);
      }
      break;
    case 'has':
      if (truth) present(test.arg, into);
      break;
    case 'binary':
      if (test.operator === '==' || test.operator === '!=')
        compared(test.left, test.right, (test.operator === '==') === truth, into);
      break;
    case 'call':
      if (truth && test.name === 'hasValue' && test.args[0]) present(test.args[0], into, true);
      break;
  }
}

function compared(left: Node, right: Node, equal: boolean, into: string[]): void {
  const [path, literal] = right.op === 'literal' ? [left, right] : [right, left];
  if (literal.op !== 'literal') return;
  if (literal.value !== null ? equal : !equal) present(path, into, true);
  const compared = pathKey(path);
  if (compared !== undefined)
    into.push(`${equal ? 'is' : 'not'} ${compared}\n=${JSON.stringify(literal.value)}`);
  // `nodes.X.state == 'succeeded'` says what has(nodes.X) says; 'failed' means that there is an error.
  if (equal && path.op === 'member' && path.name === 'state' && path.object.op === 'node') {
    if (literal.value === 'succeeded') present(path.object, into);
    if (literal.value === 'failed') into.push(`present @${path.object.id}\nerror`);
  }
  // The result of a condition has the list of the branch that was taken, and only that.
  if (
    path.op === 'member' &&
    path.name === 'branch' &&
    (literal.value === 'then' || literal.value === 'else')
  ) {
    const taken = (literal.value === 'then') === equal ? 'then' : 'else';
    const key = extend(path.object, taken);
    if (key !== undefined) into.push(`present ${key}`);
  }
}

/** The field is there, and so is everything on the way to it; `value` when it is known not to be null, too. */
function present(path: Node, into: string[], value = false): void {
  const key = pathKey(path);
  if (key === undefined) return;
  if (path.op !== 'variable' && path.op !== 'local' && !(path.op === 'node' && value))
    into.push(`present ${key}`);
  if (value) into.push(`value ${key}`);
  // `nodes.X.state` says nothing of X itself, but a result does.
  if (path.op === 'member' || path.op === 'index') {
    if (path.object.op === 'node') {
      if (path.op === 'member' && path.name === 'result') into.push(`present @${path.object.id}`);
    } else present(path.object, into, true);
  }
}

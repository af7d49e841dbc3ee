import type { Node, Ref } from './ast.ts';
import { assume, type Facts, NO_FACTS, nodeSucceeded } from './guards.ts';

/**
 * What an expression reads, in the order of its text; the variables of macros are left out. A node that is read by
 * its id only where `has(nodes.X)` holds is a soft reference: the expression has a value without it.
 */
export function collectRefs(ast: Node): Ref[] {
  const refs: Ref[] = [];
  visit(ast, NO_FACTS, refs);
  return refs;
}

function visit(node: Node, facts: Facts, refs: Ref[]): void {
  switch (node.op) {
    case 'literal':
    case 'local':
      return;
    case 'variable':
    case 'node':
    case 'member':
    case 'index':
      path(node, facts, refs);
      return;
    case 'not':
    case 'negate':
      visit(node.arg, facts, refs);
      return;
    case 'has':
      visit(node.arg, facts, refs);
      return;
    case 'binary':
      visit(node.left, facts, refs);
      visit(node.right, facts, refs);
      return;
    case 'and':
    case 'or':
      visit(node.left, facts, refs);
      visit(node.right, assume(facts, node.left, node.op === 'and'), refs);
      return;
    case 'conditional':
      visit(node.test, facts, refs);
      visit(node.yes, assume(facts, node.test, true), refs);
      visit(node.no, assume(facts, node.test, false), refs);
      return;
    case 'list':
      for (const item of node.items) visit(item, facts, refs);
      return;
    case 'map':
      for (const entry of node.entries) {
        visit(entry.key, facts, refs);
        visit(entry.value, facts, refs);
      }
      return;
    case 'call':
      for (const arg of node.args) visit(arg, facts, refs);
      return;
    case 'macro':
      visit(node.target, facts, refs);
      if (node.test) visit(node.test, facts, refs);
      visit(node.body, node.test ? assume(facts, node.test, true) : facts, refs);
      return;
    case 'bind':
      visit(node.value, facts, refs);
      visit(node.body, facts, refs);
      return;
  }
}

/** A chain of members: the static part is the reference, the rest is visited on its own. */
function path(whole: Node, facts: Facts, refs: Ref[]): void {
  const links: Node[] = [];
  let root = whole;
  while (root.op === 'member' || root.op === 'index') {
    links.push(root);
    root = root.object;
  }
  if (root.op !== 'variable' && root.op !== 'node') {
    visit(root, facts, refs);
  } else {
    const id = root.op === 'variable' ? root.name : root.id;
    const ref: Ref = {
      root: id,
      soft: root.op === 'node' || nodeSucceeded(facts, id),
      path: [],
      start: root.start,
      end: root.end,
    };
    refs.push(ref);
    for (const link of links.toReversed()) {
      const step =
        link.op === 'member'
          ? link.name
          : link.op === 'index' && link.index.op === 'literal'
            ? link.index.value
            : null;
      if (typeof step !== 'string' && typeof step !== 'number') break;
      ref.path.push(step);
      ref.end = link.end;
    }
  }
  for (const link of links.toReversed()) if (link.op === 'index') visit(link.index, facts, refs);
}

import { type NodeView, type RunView, SETTLED, spentBy } from '../../contracts/run-view.ts';
import { formatDuration, plural } from './figures.ts';
import { type Frame, figureColumns, nodeLine } from './node-line.ts';
import { oneLine, textWidth, truncate, wrap } from './text-width.ts';

interface Line {
  text: string;
  /** What stays when the screen is low: 3 moves or failed, 2 its reason, 1 done, 0 to come. */
  weight: number;
  indent: string;
  /** The number of the line of the node that it belongs to: a reason never stands without its node. */
  block: number;
  /** The node that the line is for; lines that only explain one have none. */
  node?: NodeView;
}

/** At most this many lines for the reason of a failure. */
const MOST_REASON = 4;
/** Names of siblings are padded to the longest, so that what they are stands in a column; at most so far. */
const MOST_NAME = 24;

/** The nodes of a run as a tree, in at most `rows` lines: what is left out is counted where it would stand. */
export function treeLines(view: RunView, frame: Frame, rows = Number.POSITIVE_INFINITY): string[] {
  const total = view.nodes.map(spentBy);
  const figures = figureColumns(frame.columns, {
    tokens: total.some((one) => one.tokens > 0),
    cost: total.some((one) => one.cost > 0),
  });
  const lines: Line[] = [];
  const walk = (nodes: NodeView[], prefix: string): void => {
    const { branch } = frame.theme;
    const nameWidth = Math.min(MOST_NAME, Math.max(0, ...nodes.map((node) => textWidth(node.id))));
    nodes.forEach((node, i) => {
      const last = i === nodes.length - 1;
      const indent = prefix + (last ? branch.last : branch.tee);
      const inner = prefix + (last ? branch.space : branch.pipe);
      const block = lines.length;
      lines.push({
        text: nodeLine(node, indent, nameWidth, figures, frame),
        weight: weightOf(node),
        indent,
        block,
        node,
      });
      const children = openChildren(node);
      const more = children.length > 0 || foldedNote(node) !== '';
      for (const text of reasonLines(node, inner + (more ? branch.pipe : branch.space), frame))
        lines.push({ text, weight: 3, indent: inner, block });
      const note = foldedNote(node);
      if (note !== '') {
        const at = inner + (children.length > 0 ? branch.tee : branch.last);
        lines.push({
          text: `${frame.theme.dim(at)}${frame.theme.dim(`${frame.theme.mark.fold} ${note}`)}`,
          weight: 1,
          indent: at,
          block,
        });
      }
      walk(children, inner);
    });
  };
  walk(view.nodes, '');
  const cut = (text: string): string => truncate(text, frame.columns, frame.theme.mark.ellipsis);
  return fitted(lines, rows, frame).map(cut);
}

/** What is drawn under a node: nothing under what has finished well, and only one branch of a condition. */
function openChildren(node: NodeView): NodeView[] {
  if (node.state === 'pending' && node.type !== 'list') return node.children;
  const called = calledAgent(node);
  if (called) return called.children;
  if (node.type === 'condition' && node.branch) {
    const taken = node.children.find((list) => list.id === node.branch);
    if (node.state === 'succeeded' && taken && taken.children.length === 0) return [];
    return taken ? taken.children : [];
  }
  if (node.type === 'loop') {
    const failed = node.children.filter((item) => item.state === 'failed');
    if (SETTLED.has(node.state)) return failed;
    return node.children.filter((item) => item.state === 'failed' || !SETTLED.has(item.state));
  }
  return node.children;
}

/** An agent that is called is a workflow of one node, which says nothing that the call does not: it is not drawn. */
export function calledAgent(node: NodeView): NodeView | undefined {
  const [only] = node.children;
  return node.type === 'agent' && only?.type === 'agent' && only.label === node.label ? only : undefined;
}

/** How many finished items are not drawn. */
function foldedNote(node: NodeView): string {
  if (node.type === 'agent') return node.folded > 0 ? `${plural(node.folded, 'call')} before` : '';
  if (node.type !== 'loop' || node.items === undefined || SETTLED.has(node.state)) return '';
  const parts: string[] = [];
  if (node.done > 0) parts.push(`${node.done} done`);
  const open = node.children.filter((item) => !SETTLED.has(item.state)).length;
  const toCome = node.items - node.done - node.failed - open;
  if (toCome > 0) parts.push(`${toCome} to come`);
  return parts.join(', ');
}

/** Why a node failed, or what its last attempt failed with, under it. */
function reasonLines(node: NodeView, indent: string, { theme, columns }: Frame): string[] {
  if (!node.error || (node.state !== 'failed' && node.state !== 'retrying')) return [];
  // A container failed because a node in it did, which says so itself.
  if (node.children.some((child) => child.state === 'failed' || child.error)) return [];
  const paint = node.state === 'failed' && !node.handled ? theme.bad : theme.warn;
  const room = Math.max(20, columns - indent.length - 2);
  const text = `${node.error.code}: ${oneLine(node.error.message)}`;
  const lines = wrap(text, room).slice(0, MOST_REASON);
  const out = lines.map((line) => `${theme.dim(indent)}${paint(line)}`);
  if (node.state === 'failed' && node.error.hint)
    out.push(`${theme.dim(indent)}${theme.dim(`${theme.mark.next} ${oneLine(node.error.hint)}`)}`);
  return out;
}

function weightOf(node: NodeView): number {
  if (node.state === 'pending' || node.state === 'skipped') return 0;
  if (node.state === 'succeeded' || node.state === 'cancelled') return 1;
  return 3;
}

/** Leaves out the least telling lines until the rest fits; a run of them is one line that counts them. */
function fitted(lines: Line[], rows: number, { theme }: Frame): string[] {
  if (lines.length <= rows) return lines.map((line) => line.text);
  const keep = new Set<Line>();
  const order = lines
    .map((line, i) => ({ line, i }))
    // Outer nodes before inner ones, so that what stays has its container; then of what is done the newest, of what
    // is to come the next.
    .sort(
      (a, b) =>
        b.line.weight - a.line.weight ||
        a.line.indent.length - b.line.indent.length ||
        (a.line.weight === 0 ? 0 : b.line.block - a.line.block) ||
        a.i - b.i,
    );
  for (const { line } of order) {
    if (keep.size >= rows) break;
    keep.add(line);
  }
  // The lines that count what is left out need room, too.
  for (;;) {
    const out = assemble();
    if (out.length <= rows || keep.size === 0) return out.slice(0, rows);
    keep.delete(order.findLast(({ line }) => keep.has(line))!.line);
  }

  function assemble(): string[] {
    const out: string[] = [];
    let left: Line[] = [];
    const flush = (): void => {
      // One line takes no less room to be counted than to be shown.
      if (left.length === 1) out.push(left[0]!.text);
      else if (left.length > 1)
        out.push(theme.dim(`${left[0]!.indent}${theme.mark.ellipsis} ${countOf(left)}`.trimEnd()));
      left = [];
    };
    for (const line of lines) {
      if (!keep.has(line)) {
        left.push(line);
        continue;
      }
      flush();
      out.push(line.text);
    }
    flush();
    return out;
  }
}

/** `1 failed, 3 done, 1 running`, of the nodes among lines. */
function countOf(lines: readonly Line[]): string {
  const counts = { failed: 0, done: 0, running: 0, 'to come': 0 };
  for (const { node, weight } of lines) {
    if (!node) continue;
    if (node.state === 'failed') counts.failed++;
    else counts[weight === 0 ? 'to come' : SETTLED.has(node.state) ? 'done' : 'running']++;
  }
  return Object.entries(counts)
    .flatMap(([word, count]) => (count > 0 ? [`${count} ${word}`] : []))
    .join(', ');
}

/** The line over the tree. */
export function runHeading(view: RunView, runId: string, { theme }: Frame): string {
  const version = view.version && view.version !== '0.0.0' ? ` ${theme.dim(view.version)}` : '';
  return `${theme.strong(view.name || 'run')}${version}  ${theme.dim(runId)}`;
}

/** A picture of the whole run that does not move: `runs show`, and the last frame. */
export function wholeTree(view: RunView, runId: string, frame: Frame, rows = 200): string[] {
  return [runHeading(view, runId, frame), ...treeLines(view, frame, rows)];
}

/** `12 of 40 nodes` for the footer: nodes of the outermost list, since inner ones come and go. */
export function progressNote(view: RunView): string {
  const settled = view.nodes.filter((node) => SETTLED.has(node.state)).length;
  return `${settled}/${plural(view.nodes.length, 'node')}`;
}

export const elapsed = (view: RunView, now: number): string => {
  const from = view.startedAt ?? view.createdAt;
  return from === undefined ? '' : formatDuration((view.endedAt ?? now) - from);
};

import type { AnyRunEvent, EventData, EventError, NodeState, RunState, Usage } from './events.ts';
import { ENDED } from './events.ts';
import type { Json } from './json.ts';
import {
  beginAnew,
  foldInto,
  type LogLine,
  type NodeView,
  newView,
  notYetTold,
  plus,
  SETTLED,
  type Spending,
  skipReason,
  spendOn,
  toolStepView,
} from './node-view.ts';
import { callerOf, callPath } from './plan.ts';
import type { OutlineNode } from './runs.ts';

export { type LogLine, type NodeView, SETTLED, spentBy } from './node-view.ts';

const CONTAINERS = new Set(['condition', 'loop', 'parallel', 'workflow']);
const MOST_LOGS = 1000;
const MOST_TEXT = 600;
/** Finished items of a loop that stay open to look at; failed ones stay up to this number as well. */
const OPEN_ITEMS = 12;

/**
 * A run as it looks: the fold of its journal over its outline that tree, timeline, logs and lists draw from. Pure, no
 * I/O; memory is bounded (finished items of wide loops fold into a count, texts and logs keep their ends).
 */
export class RunView {
  readonly nodes: NodeView[];
  state: RunState = 'queued';
  name = '';
  version = '';
  inputs: { [key: string]: Json } = {};
  outputs?: { [key: string]: Json };
  error?: EventError;
  /** The node whose failure failed the run. */
  failedPath?: string;
  handledFailures: string[] = [];
  createdAt?: number;
  startedAt?: number;
  endedAt?: number;
  /** Since when and why it is paused; until when it waits. */
  pausedAt?: number;
  pausedBecause?: 'asked' | 'detached' | 'budget';
  until?: number;
  cancelling = false;
  alerts: string[] = [];
  usage: Usage = { inputTokens: 0, outputTokens: 0 };
  cost = 0;
  /** Number of the last event. */
  seq = 0;
  readonly logs: LogLine[] = [];
  readonly #outline: OutlineNode[];
  readonly #byPath = new Map<string, { view: NodeView; outline?: OutlineNode; parent?: NodeView }>();

  constructor(outline: OutlineNode[]) {
    this.#outline = outline;
    this.nodes = this.#list('', outline, undefined);
  }

  /** Takes one event of the journal in; the node that it changed, if it was about one. */
  apply(event: AnyRunEvent): NodeView | undefined {
    if (event.seq <= this.seq) return undefined;
    this.seq = event.seq;
    if (event.path === undefined) {
      this.#applyRun(event);
      return undefined;
    }
    const node = this.find(event.path) ?? this.#called(event);
    if (!node) return undefined;
    const before = node.state;
    this.#applyNode(node, event);
    if (event.type !== 'node.skipped') this.#opened(node, event.ts);
    if (SETTLED.has(node.state) && !SETTLED.has(before)) this.#settled(node);
    return node;
  }

  /** Streamed text of a model; no event, so it is gone when the attempt ends. */
  delta(frame: { path: string; attempt: number; text: string }): NodeView | undefined {
    const node = this.find(frame.path);
    if (!node || SETTLED.has(node.state)) return undefined;
    node.text = ((node.text ?? '') + frame.text).slice(-MOST_TEXT);
    return node;
  }

  /** The node at a path; items of loops come to be when they are first spoken of. */
  find(path: string): NodeView | undefined {
    const known = this.#byPath.get(path);
    if (known) return known.view;
    const cut = Math.max(path.lastIndexOf('.'), path.lastIndexOf('['));
    if (cut <= 0) return undefined;
    const parent = this.find(path.slice(0, cut));
    const entry = parent && this.#byPath.get(parent.path);
    if (!parent || !entry) return undefined;
    if (path[cut] === '[' && parent.type === 'loop') {
      const item = this.#group(path, path.slice(cut), 'item', parent);
      item.children = this.#list(path, entry.outline?.lists?.['body'] ?? [], item);
      parent.children.push(item);
      return item;
    }
    return this.#byPath.get(path)?.view;
  }

  /** The container of a node or group. */
  parentOf(node: NodeView): NodeView | undefined {
    return this.#byPath.get(node.path)?.parent;
  }

  /** Up to when the clock of the run goes: to `now`, but a paused one stands still. */
  clock(now: number): number {
    return this.pausedAt ?? now;
  }

  #applyRun(event: AnyRunEvent): void {
    switch (event.type) {
      case 'run.created':
        this.createdAt = event.ts;
        this.name = event.data.name;
        this.version = event.data.version;
        this.inputs = event.data.inputs;
        break;
      case 'run.started':
        this.state = 'running';
        this.startedAt ??= event.ts;
        break;
      case 'run.waiting':
        this.state = 'waiting';
        this.until = event.data.until;
        break;
      case 'run.paused':
        this.state = 'paused';
        this.pausedBecause = event.data.reason;
        break;
      case 'run.resumed':
        this.state = 'queued';
        this.pausedBecause = undefined;
        this.until = undefined;
        break;
      case 'run.alert':
        this.alerts.push(event.data.message);
        break;
      case 'run.cancelling':
        this.cancelling = true;
        break;
      case 'run.succeeded':
        this.state = 'succeeded';
        this.outputs = event.data.outputs;
        this.handledFailures = event.data.handledFailures ?? [];
        break;
      case 'run.failed':
        this.state = 'failed';
        this.error = event.data.error;
        this.failedPath = event.data.path;
        break;
      case 'run.cancelled':
        this.state = 'cancelled';
    }
    if (ENDED.has(this.state)) this.endedAt ??= event.ts;
    this.pausedAt = this.state === 'paused' ? (this.pausedAt ?? event.ts) : undefined;
  }

  #applyNode(node: NodeView, event: AnyRunEvent): void {
    if (event.attempt !== undefined) node.attempt = Math.max(node.attempt, event.attempt);
    switch (event.type) {
      case 'node.started':
        if (CONTAINERS.has(node.type) && node.startedAt !== undefined) beginAnew(node, this.#byPath);
        node.state = 'running';
        node.startedAt ??= event.ts;
        node.until = undefined;
        node.text = undefined;
        node.progress = undefined;
        if (node.attempt === 0) node.attempt = 1;
        if (event.data.items !== undefined) node.items = event.data.items;
        if (event.data.branch !== undefined) this.#chose(node, event.data.branch);
        break;
      case 'node.log':
        node.lastLog = event.data.message;
        this.#log(event, event.data.level, event.data.message, event.data.fields);
        break;
      case 'node.progress':
        node.progress = event.data;
        break;
      case 'node.step':
        this.#spend(node, event.data, true);
        node.lastLog = `${event.data.kind} ${event.data.name}`;
        if (event.data.kind === 'tool') this.#toolStep(node, event.data, event.ts);
        node.steppedAt = event.ts;
        break;
      case 'node.cached':
        node.state = 'succeeded';
        node.cached = true;
        node.startedAt ??= event.ts;
        node.endedAt = event.ts;
        break;
      case 'node.retrying':
        node.state = 'retrying';
        node.error = event.data.error;
        node.until = event.data.at;
        node.text = undefined;
        this.#spend(node, notYetTold(node, event.data));
        this.#log(event, 'warn', `attempt ${node.attempt} failed: ${event.data.error.message}`);
        break;
      case 'node.waiting':
        node.state = 'waiting';
        node.startedAt ??= event.ts;
        node.waitingFor = event.data.kind;
        node.until = event.data.until;
        break;
      case 'node.answered':
      case 'node.signalled':
        node.state = 'running';
        node.waitingFor = undefined;
        break;
      case 'node.succeeded':
        this.#end(node, event.ts, 'succeeded', event.data);
        node.error = undefined;
        if (event.data.model !== undefined) node.model = event.data.model;
        break;
      case 'node.failed':
        this.#end(node, event.ts, 'failed', event.data);
        node.error = event.data.error;
        node.handled = event.data.handled ?? false;
        this.#log(event, 'error', event.data.error.message);
        break;
      case 'node.skipped':
        node.state = 'skipped';
        node.skipped = skipReason(event.data);
        break;
      case 'node.cancelled':
        node.state = 'cancelled';
        node.endedAt = event.ts;
        break;
    }
  }

  #end(
    node: NodeView,
    ts: number,
    state: NodeState,
    data: { durationMs?: number; usage?: Usage; cost?: number },
  ): void {
    node.state = state;
    node.endedAt = ts;
    // A pure node writes only its end; its length is in it.
    node.startedAt ??= ts - (data.durationMs ?? 0);
    node.until = undefined;
    node.text = undefined;
    this.#spend(node, notYetTold(node, data));
  }

  #spend(node: NodeView, spent: Partial<Spending>, isStep = false): void {
    spendOn(node, spent, isStep);
    if (spent.usage) this.usage = plus(this.usage, spent.usage);
    this.cost += spent.cost ?? 0;
  }

  #log(event: AnyRunEvent, level: LogLine['level'], message: string, fields?: LogLine['fields']): void {
    const { seq, ts, path = '' } = event;
    this.logs.push({ seq, ts, path, level, message, ...(fields === undefined ? {} : { fields }) });
    if (this.logs.length > MOST_LOGS) this.logs.shift();
  }

  #chose(node: NodeView, branch: string): void {
    node.branch = branch;
    for (const list of node.children) if (list.id !== branch) list.state = 'skipped';
  }

  /** A node has begun: so have the item and the branch that it is in. */
  #opened(node: NodeView, ts: number): void {
    for (let group = this.parentOf(node); group?.state === 'pending'; group = this.parentOf(group)) {
      if (group.type !== 'item' && group.type !== 'list') return;
      group.state = 'running';
      group.startedAt = ts;
    }
  }

  /** A node has settled: the item or branch that it belongs to may have, too. */
  #settled(node: NodeView): void {
    if (node.type === 'loop') this.#closeItems(node);
    const group = this.parentOf(node);
    if (!group || (group.type !== 'item' && group.type !== 'list') || SETTLED.has(group.state)) return;
    // After a failure that nothing handled, what has not begun never does, and nothing says so.
    const over = node.state === 'failed' && !node.handled;
    if (!group.children.every((child) => SETTLED.has(child.state) || (over && child.state === 'pending')))
      return;
    this.#closeGroup(group, node.endedAt);
  }

  #closeGroup(group: NodeView, endedAt: number | undefined): void {
    const bad = group.children.find((child) => child.state === 'failed' && !child.handled);
    const whole = group.children.every((child) => SETTLED.has(child.state) && child.state !== 'cancelled');
    group.state = bad ? 'failed' : whole ? 'succeeded' : 'cancelled';
    group.endedAt = endedAt;
    if (bad) group.error = bad.error;
    const loop = this.parentOf(group);
    if (group.type !== 'item' || !loop) return;
    if (bad) loop.failed++;
    else if (whole) loop.done++;
    this.#foldItems(loop);
  }

  /** A loop that has ended has no open rounds, whatever was said of them. */
  #closeItems(loop: NodeView): void {
    for (const item of [...loop.children]) if (!SETTLED.has(item.state)) this.#closeGroup(item, loop.endedAt);
  }

  #foldItems(loop: NodeView): void {
    const settled = loop.children.filter((item) => SETTLED.has(item.state));
    const good = settled.filter((item) => item.state !== 'failed');
    const over = [
      ...good.slice(0, Math.max(0, good.length - OPEN_ITEMS)),
      ...settled.filter((item) => item.state === 'failed').slice(OPEN_ITEMS),
    ];
    if (over.length === 0) return;
    const gone = new Set(over);
    loop.children = loop.children.filter((item) => !gone.has(item));
    for (const item of gone) this.#fold(loop, item);
  }

  #fold(parent: NodeView, gone: NodeView): void {
    foldInto(parent, gone);
    this.#forget(gone);
  }

  #forget(node: NodeView): void {
    for (const child of node.children) this.#forget(child);
    // The path stays known, so that a late word about it does not open the item again.
    const entry = this.#byPath.get(node.path);
    if (node.type === 'item' && entry) entry.view.children = [];
    else this.#byPath.delete(node.path);
  }

  /** The workflow or agent that an agent calls, when it begins. */
  #called(event: AnyRunEvent): NodeView | undefined {
    if (event.type !== 'node.started' || !event.data.call || event.path === undefined) return undefined;
    const agent = this.find(callerOf(event.path));
    const { name, kind, ref } = event.data.call;
    if (agent?.type !== 'agent') return undefined;
    const view = newView(event.path, name, kind, ref);
    this.#byPath.set(view.path, { view, parent: agent });
    const { outline } = this.#byPath.get(agent.path)!;
    view.children = this.#list(view.path, outline?.lists?.[name] ?? [], view);
    this.#addStep(agent, view);
    return view;
  }

  /** A tool that an agent called, as a node that has ended; what a workflow came to is said by itself. */
  #toolStep(agent: NodeView, step: EventData['node.step'], ts: number): void {
    const path = callPath(agent.path, step.name, step.index);
    if (this.#byPath.has(path)) return;
    const view = toolStepView(agent, path, step, ts);
    this.#byPath.set(path, { view, parent: agent });
    this.#addStep(agent, view);
  }

  /** The last calls of an agent stay open to look at. */
  #addStep(agent: NodeView, view: NodeView): void {
    agent.children.push(view);
    if (agent.children.length <= OPEN_ITEMS) return;
    this.#fold(agent, agent.children.shift()!);
  }

  #group(path: string, id: string, type: 'item' | 'list', parent: NodeView): NodeView {
    const view = newView(path, id, type);
    this.#byPath.set(path, { view, parent });
    return view;
  }

  #list(prefix: string, outline: readonly OutlineNode[], parent: NodeView | undefined): NodeView[] {
    return outline.map((node) => {
      const path = prefix === '' ? node.id : `${prefix}.${node.id}`;
      const view = newView(path, node.id, node.type, node.label);
      this.#byPath.set(path, { view, outline: node, parent });
      // The rounds of a loop, and what an agent calls, come when they start.
      if (node.type !== 'loop' && node.type !== 'agent') {
        for (const [name, list] of Object.entries(node.lists ?? {})) {
          if (node.type === 'workflow') view.children.push(...this.#list(path, list, view));
          else {
            const group = this.#group(`${path}.${name}`, name, 'list', view);
            group.children = this.#list(group.path, list, group);
            view.children.push(group);
          }
        }
      }
      return view;
    });
  }
}

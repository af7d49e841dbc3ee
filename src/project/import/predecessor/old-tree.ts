import type { OldNode } from './old-document.ts';

/** The nodes of an old document by id, and where each stands. */
export class OldTree {
  readonly #byId = new Map<string, OldNode>();
  readonly #place = new Map<OldNode, { parent: OldNode; list: string }>();
  readonly #dashed: [RegExp, string][] = [];

  constructor(nodes: readonly OldNode[]) {
    const collect = (list: readonly OldNode[]): void => {
      for (const node of list) {
        this.#byId.set(node.oldId, node);
        for (const [name, inner] of Object.entries(node.lists)) {
          for (const each of inner) this.#place.set(each, { parent: node, list: name });
          collect(inner);
        }
      }
    };
    collect(nodes);
    for (const { oldId, id } of [...this.#byId.values()].sort((a, b) => b.oldId.length - a.oldId.length)) {
      if (/^\w+$/.test(oldId)) continue;
      const escaped = oldId.replace(/[^\w]/g, (char) => `\\${char}`);
      this.#dashed.push([new RegExp(`(?<![\\w.'"-])${escaped}(?![\\w-])`, 'g'), id]);
      // Expressions name it by its new id from now on.
      if (!this.#byId.has(id)) this.#byId.set(id, this.#byId.get(oldId)!);
    }
  }

  get all(): OldNode[] {
    return [...new Set(this.#byId.values())];
  }

  find(id: string): OldNode | undefined {
    return this.#byId.get(id);
  }

  /** Ids that are no names of the expression language (`load-rows`) by the ids that they have now. */
  plain(text: string): string {
    return this.#dashed.reduce((source, [old, id]) => source.replace(old, id), text);
  }

  /** The node itself where it can be seen from inside `open`, else the container around it that can. */
  visible(node: OldNode, open: readonly OldNode[]): OldNode {
    let seen = node;
    for (;;) {
      const place = this.#place.get(seen);
      if (!place || open.includes(place.parent)) return seen;
      seen = place.parent;
    }
  }

  /** How a node is read from inside `open`: by its id, or through the results of the containers around it. */
  accessTo(node: OldNode, open: readonly OldNode[]): string {
    const place = this.#place.get(node);
    if (!place || open.includes(place.parent)) return node.id;
    const { parent, list } = place;
    const outer = this.accessTo(parent, open);
    if (parent.type === 'condition') return `${outer}.?${list}.?${node.id}`;
    if (parent.type === 'parallel') return `${outer}.${list}.${node.id}`;
    // A loop has a result for each of its rounds: there is no one result of a node in it.
    return outer;
  }
}

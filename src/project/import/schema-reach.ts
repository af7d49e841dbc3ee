import { isMap } from './json-pointer.ts';

/** A schema as a place in the graph of references: how large it is by itself, and what it refers to. */
interface Reached {
  size: number;
  refs: string[];
}

/** Values that the schemas of one side of a tool have at most when every reference is written out where it stands. */
const MOST_SIZE = 2_500;
const MOST_STEPS = 8;

/**
 * How far references are followed. A document's schemas often lead to all of its other schemas; written out in each
 * tool they would be megabytes. So each tool gets as many levels of references as fit, near ones first, the same for
 * each branch.
 */
export class SchemaReach {
  readonly #resolve: (ref: string) => unknown;
  readonly #known = new Map<string, Reached>();

  constructor(resolve: (ref: string) => unknown) {
    this.#resolve = resolve;
  }

  /** The references that are written out when a tool starts at these schemas. */
  from(schemas: readonly unknown[]): ReadonlySet<string> {
    const roots = schemas.map(reached);
    const direct = new Set(roots.flatMap((root) => root.refs));
    const own = roots.reduce((sum, root) => sum + root.size, 0);
    let allowed = new Set<string>();
    for (let step = 1; step <= MOST_STEPS; step++) {
      const wider = this.#within(direct, step);
      if (wider.size === allowed.size) break;
      if (own + this.#expanded(roots, wider) > MOST_SIZE) break;
      allowed = wider;
    }
    return allowed;
  }

  #of(ref: string): Reached {
    let known = this.#known.get(ref);
    if (known === undefined) {
      known = reached(this.#resolve(ref));
      this.#known.set(ref, known);
    }
    return known;
  }

  #within(direct: ReadonlySet<string>, steps: number): Set<string> {
    const all = new Set(direct);
    let edge = [...direct];
    for (let step = 1; step < steps && edge.length > 0; step++) {
      const next: string[] = [];
      for (const ref of edge)
        for (const inner of this.#of(ref).refs) {
          if (all.has(inner)) continue;
          all.add(inner);
          next.push(inner);
        }
      edge = next;
    }
    return all;
  }

  /** What the references add when each is written out at every place that has it. */
  #expanded(roots: readonly Reached[], allowed: ReadonlySet<string>): number {
    const sizes = new Map<string, number>();
    const open = new Set<string>();
    const size = (ref: string): number => {
      if (!allowed.has(ref) || open.has(ref)) return 1;
      const known = sizes.get(ref);
      if (known !== undefined) return known;
      open.add(ref);
      const { size: own, refs } = this.#of(ref);
      const whole = own + sum(refs);
      open.delete(ref);
      sizes.set(ref, whole);
      return whole;
    };
    const sum = (refs: readonly string[]): number => {
      let total = 0;
      for (const ref of refs) {
        total += size(ref);
        if (total > MOST_SIZE) break;
      }
      return total;
    };
    return roots.reduce((total, root) => total + sum(root.refs), 0);
  }
}

/** Counts a schema and gathers its references; one that is used twice is there twice. */
function reached(schema: unknown): Reached {
  const refs: string[] = [];
  let size = 0;
  const visit = (value: unknown, depth: number): void => {
    if (Array.isArray(value)) for (const item of value) visit(item, depth + 1);
    if (!isMap(value) || depth > 60) return;
    if (typeof value['$ref'] === 'string') {
      refs.push(value['$ref']);
      return;
    }
    size++;
    for (const [key, item] of Object.entries(value)) {
      if (key === 'example' || key === 'examples' || key === 'default' || key === 'enum') continue;
      if (typeof item === 'object' && !key.startsWith('x-')) visit(item, depth + 1);
    }
  };
  visit(schema, 0);
  return { size, refs };
}

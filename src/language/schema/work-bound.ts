/**
 * Schemas and values are both of strangers, and a check runs where everybody waits for it. So its work is bounded: the
 * subschemas that are tried (references that double at each level have few bytes and no end), and the comparisons of
 * items and choices, which grow with the square of a list.
 */

/** Subschemas that are tried for one check: some in any case, more for each value in what is checked, and no more than. */
const STEPS = { base: 200_000, eachValue: 100, most: 3_000_000 };
/** Comparisons of two plain values, for one value that is checked. */
const MOST_COMPARISONS = 100_000_000;
/** What a comparison of lists and objects costs, in those of plain values, for each value in them. */
const STRUCTURED = 20;
/** Larger schemas, and those with references, are not compiled: compiled code cannot be counted. */
const MOST_COMPILED = 500;

export class TooMuchWork extends Error {
  constructor(why: string) {
    super(`checking it would take too long (${why})`);
  }
}

const MAPS = new Set(['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas']);
const DATA = new Set(['enum', 'const', 'default', 'examples']);

/** What the checks of one schema may cost; it counts them by the schema's own objects, which it prepares in place. */
export class WorkBound {
  private left = 0;
  private schemas = 0;
  private refers = false;
  private unique = false;
  private longestEnum = 0;

  /** `schema` is the copy that checks are made with. */
  constructor(schema: unknown) {
    this.prepare(schema, false);
  }

  /** Whether its compiled form does a bounded work, too. */
  get mayBeCompiled(): boolean {
    return !this.refers && this.schemas <= MOST_COMPILED;
  }

  /** Before each check, compiled or not. Throws TooMuchWork, as a check that is not compiled may. */
  begin(value: unknown, isCompiled: boolean): void {
    if (isCompiled && !this.unique && this.longestEnum < 100) return;
    const { values, pairs } = sizesOf(value);
    this.left = Math.min(STEPS.base + STEPS.eachValue * values, STEPS.most);
    if (this.unique && pairs > MOST_COMPARISONS)
      throw new TooMuchWork('`uniqueItems` compares each item with each other one');
    if (values * this.longestEnum > MOST_COMPARISONS)
      throw new TooMuchWork(`${values} values against an enum of ${this.longestEnum}`);
  }

  private prepare(at: unknown, isMap: boolean): void {
    if (typeof at !== 'object' || at === null) return;
    for (const [key, inner] of Object.entries(at))
      if (isMap || !DATA.has(key)) this.prepare(inner, !isMap && MAPS.has(key));
    if (isMap || Array.isArray(at)) return;
    const schema = at as { $ref?: unknown; $dynamicRef?: unknown; uniqueItems?: unknown; enum?: unknown };
    this.schemas += 1;
    if (schema.$ref !== undefined || schema.$dynamicRef !== undefined) this.refers = true;
    if (schema.uniqueItems === true) this.unique = true;
    if (Array.isArray(schema.enum)) this.longestEnum = Math.max(this.longestEnum, schema.enum.length);
    // A keyword of an older draft, which the checker reads whenever it tries a schema.
    Object.defineProperty(schema, '$recursiveAnchor', {
      enumerable: false,
      configurable: true,
      get: () => {
        this.left -= 1;
        if (this.left < 0) throw new TooMuchWork('its schema is tried over and over');
        return undefined;
      },
    });
  }
}

/** Values in a value, itself among them; and what comparing the items of each list in it with each other costs. */
function sizesOf(value: unknown): { values: number; pairs: number } {
  let pairs = 0;
  const visit = (at: unknown): number => {
    if (typeof at !== 'object' || at === null) return 1;
    let values = 1;
    const items = Object.values(at);
    for (const item of items) values += visit(item);
    if (Array.isArray(at))
      pairs += items.length * (values === items.length + 1 ? items.length : values * STRUCTURED);
    return values;
  };
  const values = visit(value);
  return { values, pairs };
}

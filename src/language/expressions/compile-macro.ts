import type { Json, MacroNode } from './ast.ts';
import { type Code, condition } from './code.ts';
import { sortByKeys } from './functions/lists.ts';
import type { Meter } from './meter.ts';
import { aType, isMap } from './values.ts';

/** Macros walk an array, or the field names of an object; every item is a step besides what its body costs. */
export function compileMacro(node: MacroNode, target: Code, test: Code | undefined, body: Code): Code {
  const { slot } = node;
  const holds = (m: Meter, item: Json): boolean => {
    if (--m.left < 0) m.exhausted();
    m.locals[slot] = item;
    return condition(m, body(m), node.body);
  };
  const result = (m: Meter, item: Json): Json => {
    if (--m.left < 0) m.exhausted();
    m.locals[slot] = item;
    return body(m);
  };
  const items = (m: Meter): Json[] => {
    if (--m.left < 0) m.exhausted();
    const value = target(m);
    if (Array.isArray(value)) return value;
    if (isMap(value)) {
      const keys = Object.keys(value);
      m.spend(keys.length);
      return keys;
    }
    m.fail('ICE1408', `${node.name}() needs an array, and this is ${aType(value)}`, {
      at: node.target,
      help: value === null ? 'An array that may be null needs a default: x.orValue([]).' : undefined,
    });
  };
  switch (node.name) {
    case 'all':
      return (m) => items(m).every((item) => holds(m, item));
    case 'exists':
      return (m) => items(m).some((item) => holds(m, item));
    case 'exists_one':
      return (m: Meter) => {
        let found = 0;
        for (const item of items(m)) if (holds(m, item)) found++;
        return found === 1;
      };
    case 'filter':
      return (m) => items(m).filter((item) => holds(m, item));
    case 'sortBy':
      return (m: Meter) => {
        const all = items(m);
        const keys = all.map((item) => result(m, item));
        m.at = node;
        return sortByKeys(m, all, keys, 'sortBy');
      };
    case 'map': {
      if (!test) return (m) => items(m).map((item) => result(m, item));
      const at = node.test!;
      return (m: Meter) => {
        const results: Json[] = [];
        for (const item of items(m)) {
          if (--m.left < 0) m.exhausted();
          m.locals[slot] = item;
          if (condition(m, test(m), at)) results.push(body(m));
        }
        return results;
      };
    }
  }
}

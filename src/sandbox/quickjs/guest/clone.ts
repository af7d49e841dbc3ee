/** structuredClone for what the VM has: JSON, dates, maps, sets, regular expressions, errors, bytes, cycles. */
export function structuredClone<T>(value: T): T {
  const seen = new Map<unknown, unknown>();
  const keep = <C>(from: unknown, copy: C): C => {
    seen.set(from, copy);
    return copy;
  };
  const clone = (it: unknown): unknown => {
    if (typeof it === 'function' || typeof it === 'symbol')
      throw new DOMException(
        `${typeof it === 'symbol' ? 'A symbol' : 'A function'} could not be cloned`,
        'DataCloneError',
      );
    if (typeof it !== 'object' || it === null) return it;
    if (seen.has(it)) return seen.get(it);
    if (it instanceof Date) return keep(it, new Date(it.getTime()));
    if (it instanceof RegExp) return keep(it, new RegExp(it.source, it.flags));
    if (it instanceof ArrayBuffer) return keep(it, it.slice(0));
    if (ArrayBuffer.isView(it)) {
      const Type = it.constructor as new (buffer: unknown, offset: number, length: number) => unknown;
      const { length } = it as unknown as { length?: number };
      return keep(it, new Type(clone(it.buffer), it.byteOffset, length ?? it.byteLength));
    }
    if (it instanceof Map) {
      const copy = keep(it, new Map());
      for (const [key, field] of it) copy.set(clone(key), clone(field));
      return copy;
    }
    if (it instanceof Set) {
      const copy = keep(it, new Set());
      for (const field of it) copy.add(clone(field));
      return copy;
    }
    if (it instanceof Error) {
      const copy = keep(it, new Error(it.message));
      copy.name = it.name;
      if (it.stack !== undefined) copy.stack = it.stack;
      return copy;
    }
    if (Array.isArray(it)) {
      const copy: unknown[] = keep(it, new Array(it.length));
      for (const key of Object.keys(it)) copy[Number(key)] = clone(it[Number(key)]);
      return copy;
    }
    const copy: Record<string, unknown> = keep(it, {});
    for (const key of Object.keys(it))
      Object.defineProperty(copy, key, {
        value: clone((it as Record<string, unknown>)[key]),
        enumerable: true,
        writable: true,
        configurable: true,
      });
    return copy;
  };
  return clone(value) as T;
}

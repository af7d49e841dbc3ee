/**
 * A pattern in which `*` is any text, as a test that ignores case. It is walked by hand: a pattern of many stars must
 * not backtrack for minutes.
 */
export function matches(pattern: string): (value: unknown) => boolean {
  const parts = pattern.toLowerCase().split('*');
  return (value) => {
    if (typeof value !== 'string') return false;
    const whole = value.toLowerCase();
    if (parts.length === 1) return whole === parts[0];
    const last = parts.at(-1)!;
    if (!whole.startsWith(parts[0]!) || !whole.endsWith(last)) return false;
    let at = parts[0]!.length;
    for (const part of parts.slice(1, -1)) {
      const found = whole.indexOf(part, at);
      if (found < 0) return false;
      at = found + part.length;
    }
    return at <= whole.length - last.length;
  };
}

/** A text as a YAML scalar in quotes: single ones unless it holds a character that only double ones can write. */
export function quoted(value: string): string {
  if (/[\x00-\x1f\x7f]/.test(value)) return JSON.stringify(value);
  return value.includes('"') ? `'${value.replaceAll("'", "''")}'` : `"${value.replaceAll('\\', '\\\\')}"`;
}

/** Edits that put `text[start, end)` in quotes; the text itself stays untouched where nothing in it needs an escape. */
export function quoteEdits(
  start: number,
  end: number,
  value: string,
): { start: number; end: number; text: string }[] {
  const whole = quoted(value);
  if (whole.slice(1, -1) !== value) return [{ start, end, text: whole }];
  return [
    { start, end: start, text: whole[0]! },
    { start: end, end, text: whole[0]! },
  ];
}

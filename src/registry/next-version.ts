import semver from 'semver';

/**
 * The version to give changed content: the next patch, or, when callers would break, the next version that `^` does
 * not reach (a minor one below 1.0.0). `taken` are all versions there are; the result is none of them.
 */
export function nextVersion(current: string, breaking: boolean, taken: readonly string[]): string {
  const base = semver.prerelease(current) ? semver.inc(current, 'patch')! : current;
  const step = !breaking ? 'patch' : semver.major(base) === 0 ? 'minor' : 'major';
  let next = base === current || breaking ? semver.inc(base, step)! : base;
  const used = new Set(taken);
  while (used.has(next)) next = semver.inc(next, step)!;
  return next;
}

/**
 * The version under which content is registered with a tag other than `latest`: `1.0.0-dev.<12 hex digits>`, so that
 * every content has its own and ranges never reach it.
 */
export function taggedVersion(version: string, tag: string, digest: string): string {
  const hex = digest.replace('sha256:', '');
  // A part of digits alone is a number to semver, and may not start with 0: take as many as reach a letter.
  const letter = hex.search(/[a-f]/);
  const part = hex.slice(0, Math.max(12, letter + 1));
  const separator = semver.prerelease(version) ? '.' : '-';
  return `${version}${separator}${tag}.${part}`;
}

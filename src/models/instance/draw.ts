/**
 * A whole number in [0, `below`) that depends on nothing but the two texts: FNV-1a, then the last mixing steps of
 * MurmurHash3, so that near seeds give far numbers. It fills examples; it is no source of secrets.
 */
export function draw(seed: string, place: string, below: number): number {
  let hash = 0x811c9dc5;
  const text = `${seed}\u0000${place}`;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) % below;
}

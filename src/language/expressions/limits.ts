/** What an expression may be at most; what is beyond is refused before anything is built from it. */
export const LIMITS = {
  /** Characters of one expression. */
  chars: 50_000,
  /** Nodes of the parser's tree. */
  nodes: 5_000,
  /** Levels; a chain `a + b + c` has as many as it has operators. */
  depth: 250,
} as const;

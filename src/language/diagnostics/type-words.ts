/** A node's type as it is said: ``A `loop` ``, ``An `agent` ``, ``An `llm` ``. */
export const typeWithArticle = (type: string): string =>
  `${/^[aeiou]|^llm$/.test(type) ? 'An' : 'A'} \`${type}\``;

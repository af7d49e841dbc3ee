/** What stands at the end of a text that was cut. What is left of a secret before it is taken out as the secret is. */
export const CUT = '…';

/** The text, or the beginning of it and a mark, `most` characters together. */
export const cut = (text: string, most: number): string =>
  text.length > most ? `${text.slice(0, most - CUT.length)}${CUT}` : text;

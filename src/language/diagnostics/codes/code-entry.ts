/** One diagnostic code: what its page says. Codes never change their meaning and are never used again. */
export interface CodeEntry {
  title: string;
  /** What it means, why it matters and how to mend it, in a few sentences. */
  explain: string;
  /** A few lines that cause it, and the same lines mended. */
  bad: string;
  good: string;
}

export const entry = (title: string, explain: string, bad: string, good: string): CodeEntry => ({
  title,
  explain,
  bad,
  good,
});

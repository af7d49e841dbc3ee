import { CODES } from './codes.ts';

const GROUPS: [RegExp, string][] = [
  [/^ICE10/, 'Text'],
  [/^ICE11/, 'Shape'],
  [/^ICE12/, 'References and order'],
  [/^ICE13/, 'Expressions'],
  [/^ICE14/, 'Types'],
  [/^ICE15/, 'Projects and components'],
  [/^ICE16/, 'Imports'],
  [/^ICE17/, 'Secrets'],
  [/^ICE40/, 'Bundling'],
];

/** Pages of docs/reference/diagnostics: file name -> Markdown. One for each code, and an index. */
export function diagnosticPages(): Map<string, string> {
  const pages = new Map<string, string>();
  const codes = Object.keys(CODES).sort();
  for (const code of codes) {
    const { title, explain, bad, good } = CODES[code]!;
    pages.set(
      `${code}.md`,
      `# ${code}: ${title}\n\n${explain}\n\n## Wrong\n\n${fenced(bad)}\n\n## Right\n\n${fenced(good)}\n\n[All codes](README.md)\n`,
    );
  }
  const lists = GROUPS.map(([pattern, name]) => {
    const rows = codes
      .filter((code) => pattern.test(code))
      .map((code) => `- [${code}](${code}.md) ${CODES[code]!.title}`);
    return `## ${name}\n\n${rows.join('\n')}\n`;
  });
  pages.set(
    'README.md',
    `# Diagnostics\n\nEvery finding of \`ice validate\` has a code. A code never changes its meaning and is never used again. Generated from \`src/language/diagnostics/codes.ts\`.\n\n${lists.join('\n')}`,
  );
  return pages;
}

/** A code block that its content can't close. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((match) => match[0].length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}yaml\n${text}\n${fence}`;
}

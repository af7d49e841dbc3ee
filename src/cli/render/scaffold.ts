import type { View } from '../outcome.ts';
import { plural } from './figures.ts';
import { pad, textWidth } from './text-width.ts';

interface Scaffolded {
  template: string;
  state: 'created' | 'extended' | 'unchanged';
  files: string[];
  kept: string[];
  nextSteps: { command: string; note?: string }[];
}

/** What `ice init` and `ice new` say: what came to be, and what to type next. */
export function scaffoldText(made: Scaffolded, name: string, { theme }: View): string[] {
  const verb = { created: 'Created', extended: 'Extended', unchanged: 'Unchanged' }[made.state];
  const count =
    made.state === 'unchanged' ? 'everything is there already' : plural(made.files.length, 'file');
  const lines = [
    `${theme.good(theme.mark.ok)} ${verb} ${theme.strong(name)} ${theme.dim(`(template: ${made.template})`)}  ${theme.dim(count)}`,
  ];
  if (made.state === 'extended' || made.files.length <= 3)
    lines.push(...made.files.map((file) => theme.dim(`    ${file}`)));
  lines.push('', 'Next steps');
  const width = Math.min(46, Math.max(...made.nextSteps.map((step) => textWidth(step.command))));
  for (const { command, note } of made.nextSteps) {
    const text = theme.accent(command);
    lines.push(note ? `  ${pad(text, width)}  ${theme.dim(`# ${note}`)}` : `  ${text}`);
  }
  return lines;
}

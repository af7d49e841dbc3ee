import type { Json } from '../../contracts/json.ts';
import type { View } from '../outcome.ts';
import { formatDuration, plural } from './figures.ts';
import { oneLine, pad, textWidth, wrap } from './text-width.ts';

export interface TestResult {
  component: string;
  name: string;
  state: 'passed' | 'failed';
  durationMs: number;
  why?: string;
  expected?: Json;
  got?: Json;
}

/** Results of `ice test`, by component; failures say where the results differ. */
export function testLines(results: TestResult[], { theme, columns }: View): string[] {
  if (results.length === 0)
    return [theme.dim('No tool has examples. Add some: examples: [{ input: { … }, output: { … } }]')];
  const lines: string[] = [];
  const width = Math.min(40, Math.max(...results.map((one) => textWidth(one.name))));
  for (const component of new Set(results.map((one) => one.component))) {
    lines.push(theme.strong(component));
    for (const one of results.filter((result) => result.component === component)) {
      const mark = one.state === 'passed' ? theme.good(theme.mark.ok) : theme.bad(theme.mark.fail);
      lines.push(
        `  ${mark} ${pad(oneLine(one.name), width)}  ${theme.dim(formatDuration(one.durationMs))}`.trimEnd(),
      );
      if (one.why)
        lines.push(
          ...wrap(oneLine(one.why), Math.max(20, columns - 6))
            .slice(0, 6)
            .map((line) => `      ${theme.bad(line)}`),
        );
    }
  }
  const failed = results.filter((one) => one.state === 'failed').length;
  const passed = results.length - failed;
  const sum = [
    passed > 0 ? theme.good(`${passed} passed`) : '',
    failed > 0 ? theme.bad(`${failed} failed`) : '',
  ].filter(Boolean);
  lines.push('', `${sum.join(', ')}  ${theme.dim(`of ${plural(results.length, 'example')}`)}`);
  return lines;
}

import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../bin/run.js', import.meta.url));

/** How a command is called: `node bin/run.js …`. */
export const ice = (...args: string[]): string[] => [bin, ...args];

/** Runs node to its end; gives the milliseconds from start to exit. Throws with what it said when it fails. */
export function timedNode(args: string[], cwd: string): number {
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd, encoding: 'utf8' });
  const ms = performance.now() - start;
  if (status !== 0)
    throw new Error(`${args.slice(1).join(' ')} ended with ${status}: ${stdout.slice(0, 500)}${stderr}`);
  return ms;
}

/** A scaffolded project (a tool, `price`) with workflows of 10 and 1,000 nodes, all of it pushed. */
export function makeProject(parent: string): string {
  mkdirSync(parent, { recursive: true });
  timedNode(ice('init', 'demo', '--template', 'tool', '--yes', '--json'), parent);
  const folder = join(parent, 'demo');
  mkdirSync(join(folder, 'workflows'), { recursive: true });
  for (const nodes of [1, 10]) writeFileSync(join(folder, `workflows/flow-${nodes}.yaml`), flow(nodes));
  timedNode(ice('push', '--yes', '--json'), folder);
  // Not pushed: only what is validated and drawn has so many nodes.
  const large = join(parent, 'large');
  mkdirSync(join(large, 'workflows'), { recursive: true });
  writeFileSync(join(large, 'ice.yaml'), 'name: large\n');
  writeFileSync(join(large, 'workflows/flow-1000.yaml'), flow(1_000));
  return folder;
}

/** A chain of set nodes with typed expressions, each reading the one before. */
function flow(nodes: number): string {
  const steps = Array.from({ length: nodes }, (_, i) => {
    const before = i === 0 ? 'inputs.n' : `s${i - 1}.n`;
    return `  - id: s${i}\n    type: set\n    values: { n: "{{ ${before} + 1 }}", text: "step ${i} of {{ inputs.name }}" }\n`;
  });
  return `blueprint: 2
name: flow-${nodes}
version: 1.0.0
inputs:
  n: { type: integer, default: 0 }
  name: { type: string, default: bench }
nodes:
${steps.join('')}outputs:
  n: "{{ s${nodes - 1}.n }}"
`;
}

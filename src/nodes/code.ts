import { createHash } from 'node:crypto';
import { IceError } from '../contracts/errors.ts';
import type { Effect } from '../engine/ports.ts';
import { callTool, type ToolEffects } from './tool.ts';

/**
 * The effect of a `code` node: its text runs in the sandbox as the body of an async function of `args` and `ctx`,
 * without network and secrets. The engine checks the result against the node's `output`.
 */
export function createCodeEffect(effects: ToolEffects): Effect {
  return async (attempt) => {
    const { code } = attempt.node.config;
    if (code === undefined) throw new IceError('internal', `The plan has no code for ${attempt.path}`);
    const module = moduleOf(code);
    const result = await callTool(effects, attempt, {
      runtime: effects.runtimes.sandbox,
      bundle: `sha256:${createHash('sha256').update(module).digest('hex')}`,
      load: () => Promise.resolve(module),
      args: attempt.args,
      ref: attempt.path,
      permissions: { net: [], secrets: [], limits: {} },
    });
    return { result };
  };
}

/** The code as a tool. It is compiled in the sandbox from a string, so that its text cannot leave its function. */
export const moduleOf = (code: string): string =>
  `const AsyncFunction = (async () => {}).constructor;
export default {
  kind: 'tool', name: 'code', version: '0.0.0', description: '', input: {}, output: {},
  permissions: { net: [], secrets: [] }, runtime: 'sandbox', limits: {}, examples: [],
  run: new AsyncFunction('args', 'ctx', ${JSON.stringify(code)}),
};
`;

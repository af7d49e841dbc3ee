import { createHash } from 'node:crypto';
import type { Json } from '../../src/contracts/json.ts';
import type { Bundle, ToolCall } from '../../src/sandbox/port.ts';

/** A bundle around the body of `run(input, ctx)`. */
export function bundleOf(body: string, more = ''): Bundle {
  return bundleOfCode(`${more}
export default { kind: 'tool', name: 'case', version: '1.0.0', description: '', input: {}, output: {},
  permissions: { net: [], secrets: [] }, runtime: 'sandbox', limits: {}, examples: [],
  async run(input, ctx) { ${body} } };`);
}

export const bundleOfCode = (code: string): Bundle => ({
  code,
  digest: `sha256:${createHash('sha256').update(code).digest('hex')}`,
});

export const callOf = (bundle: Bundle, input: Json = {}, over: Partial<ToolCall> = {}): ToolCall => ({
  bundle: bundle.digest,
  load: () => Promise.resolve(bundle.code),
  input,
  permissions: { net: [], secrets: [], limits: {} },
  seed: 'run_1:node',
  now: 1_700_000_000_000,
  idempotencyKey: 'run_1:node',
  signal: new AbortController().signal,
  secrets: {},
  onLog: () => {},
  onProgress: () => {},
  ...over,
});

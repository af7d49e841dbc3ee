import type { z } from 'zod';
import type { Tool, ToolContext } from '../../src/authoring/index.ts';

const context = {
  log: Object.assign(() => {}, { debug() {}, info() {}, warn() {}, error() {} }),
  progress() {},
  fetch: () => Promise.reject(new Error('no network')),
  secrets: {},
  signal: new AbortController().signal,
  idempotencyKey: 'key',
} as unknown as ToolContext;

/** Runs a tool of std as its author would: parsed input, run, parsed output. */
export async function runTool(
  tool: Tool<never, never, never>,
  input: unknown,
  ctx: Partial<ToolContext> = {},
): Promise<unknown> {
  const {
    input: inputSchema,
    output,
    run,
  } = tool as unknown as {
    input: z.ZodType;
    output: z.ZodType;
    run(input: unknown, ctx: ToolContext): unknown;
  };
  return output.parse(await run(inputSchema.parse(input), { ...context, ...ctx }));
}

export const messageOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => {
      throw new Error('It did not fail');
    },
    (error: Error) => error.message,
  );

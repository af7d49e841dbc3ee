import { createHash } from 'node:crypto';
import type { Manifest } from '../../src/contracts/components.ts';
import type { Json } from '../../src/contracts/json.ts';
import type { EffectNode, Plan } from '../../src/contracts/plan.ts';
import type { Attempt } from '../../src/engine/ports.ts';

export const sha = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;

export interface Lines {
  logs: { level: string; message: string; fields?: { [key: string]: Json } }[];
  shown: object[];
}

/** An attempt of one tool node whose manifest is given, and what it reported. */
export function attemptOf(
  manifest: Manifest,
  args: Json,
  over: Partial<Attempt> & { templates?: Json } = {},
): Attempt & Lines {
  const digest = sha(JSON.stringify(manifest));
  const { templates = args, ...rest } = over;
  const node: EffectNode = {
    id: 'it',
    type: 'tool',
    after: [],
    reads: [],
    maxCrashes: 3,
    args: templates,
    config: { component: digest },
  };
  const plan = {
    plan: 1,
    name: 'test',
    version: '1.0.0',
    digest: sha('plan'),
    components: { [digest]: { ref: `${manifest.name}@1.0.0`, manifest } },
    nodes: [node],
  } as unknown as Plan;
  const lines: Lines = { logs: [], shown: [] };
  return {
    project: 'p',
    runId: 'run_1',
    path: 'it',
    attempt: 1,
    idempotencyKey: 'run_1:it',
    node,
    plan,
    args,
    signal: new AbortController().signal,
    now: 1_700_000_000_000,
    log: (level, message, fields) => lines.logs.push({ level, message, ...(fields ? { fields } : {}) }),
    progress: (progress) => lines.shown.push(progress),
    delta: () => {},
    steps: [],
    step: () => Promise.resolve(),
    call: () => Promise.reject(new Error('A tool calls no workflow')),
    ...lines,
    ...rest,
  };
}

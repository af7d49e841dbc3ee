import type { Json } from '../../src/contracts/json.ts';
import type { EffectNode, Plan } from '../../src/contracts/plan.ts';
import type { Attempt, Step } from '../../src/engine/ports.ts';

/** An attempt as the engine would hand it to an effect; `deltas`, `logs` and `journal` are what the effect did with it. */
export interface RecordedAttempt extends Attempt {
  deltas: string[];
  logs: string[];
  journal: Step[];
}

export function attemptOf(
  node: Partial<EffectNode> & Pick<EffectNode, 'type'>,
  args: Json,
  more: Partial<Attempt> = {},
): RecordedAttempt {
  const deltas: string[] = [];
  const logs: string[] = [];
  const journal: Step[] = [];
  return {
    project: 'demo',
    runId: 'run_00000000000000000000000000',
    path: 'node',
    attempt: 1,
    idempotencyKey: 'run_00000000000000000000000000:node',
    node: { id: 'node', after: [], reads: [], maxCrashes: 3, args, config: {}, ...node },
    plan: { digest: `sha256:${'0'.repeat(64)}`, components: {} } as unknown as Plan,
    args,
    signal: new AbortController().signal,
    now: 0,
    log: (level, message) => logs.push(`${level}: ${message}`),
    progress: () => {},
    delta: (text) => deltas.push(text),
    steps: [],
    step: async (step) => {
      journal.push(step);
    },
    call: () => Promise.reject(new Error('No engine is here to call a workflow')),
    ...more,
    deltas,
    logs,
    journal,
  };
}

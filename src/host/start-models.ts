import type { Plan } from '../contracts/plan.ts';
import { modelsOf } from '../language/plan/needed-secrets.ts';
import type { Models } from '../models/port.ts';

/**
 * Fails when a model that the plan names could never be asked: `provider_missing`, and under a budget
 * `budget_exceeded` when it has no price. Nothing has run by then, so nothing is paid for in vain. Settings of models
 * that can't be read fail here too.
 */
export async function assertModels(
  open: () => Promise<Models>,
  plan: Plan,
  maxCost: number | undefined,
): Promise<void> {
  // Echo has no settings and always a price: most plans load no provider here.
  const asked = new Set(
    modelsOf(plan)
      .flat()
      .filter((model) => !model.startsWith('echo/')),
  );
  if (asked.size === 0) return;
  const [models, { noPrice }] = await Promise.all([open(), import('../models/budget.ts')]);
  const budgeted =
    maxCost !== undefined ||
    [plan, ...Object.values(plan.workflows)].some((each) => each.maxCost !== undefined);
  for (const model of asked) {
    const price = models.price?.(model);
    if (price === undefined && budgeted) throw noPrice(model);
  }
}

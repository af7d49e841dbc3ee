import { IceError } from '../contracts/errors.ts';
import type { Plan } from '../contracts/plan.ts';
import { modelsOf, type NeededSecret, neededSecrets } from '../language/plan/needed-secrets.ts';
import type { Models } from '../models/port.ts';
import type { Secrets } from '../secrets/port.ts';

/** What is checked before a run starts: nothing has run by then, so nothing is paid for in vain. */

interface Needs {
  /** Models of a provider; echo has no settings and always a price. */
  models: string[];
  secrets: NeededSecret[];
}

/** A plan is run many times, and needs the same each time. */
const known = new WeakMap<Plan, Needs>();

async function needsOf(plan: Plan): Promise<Needs> {
  let needs = known.get(plan);
  if (needs) return needs;
  const models = modelsOf(plan).flat();
  // Most plans have no model with a key: the providers are not even loaded for them.
  const { secretOfModel } =
    models.length > 0 ? await import('../models/providers/catalog.ts') : { secretOfModel: () => undefined };
  needs = {
    models: [...new Set(models.filter((model) => !model.startsWith('echo/')))],
    secrets: neededSecrets(plan, secretOfModel),
  };
  known.set(plan, needs);
  return needs;
}

/**
 * Fails when a model that the plan names could never be asked: `provider_missing`, and under a budget
 * `budget_exceeded` when it has no price. Settings of models that can't be read fail here too.
 */
export async function assertModels(
  open: () => Promise<Models>,
  plan: Plan,
  maxCost: number | undefined,
): Promise<void> {
  const { models: asked } = await needsOf(plan);
  if (asked.length === 0) return;
  const [models, { noPrice }] = await Promise.all([open(), import('../models/budget.ts')]);
  const budgeted =
    maxCost !== undefined ||
    [plan, ...Object.values(plan.workflows)].some((each) => each.maxCost !== undefined);
  for (const model of asked) {
    const price = models.price?.(model);
    if (price === undefined && budgeted) throw noPrice(model);
  }
}

/**
 * Fails with `secret_missing` when a run of the plan would sooner or later: all that is missing at once, with the
 * commands that set it.
 */
export async function assertSecrets(secrets: Secrets, project: string, plan: Plan): Promise<void> {
  const missing = new Map<string, string>();
  for (const { names, by } of (await needsOf(plan)).secrets) {
    let there = false;
    for (const name of names) there ||= (await secrets.find(project, name)) !== undefined;
    if (!there) missing.set(names[0]!, missing.get(names[0]!) ?? by);
  }
  if (missing.size === 0) return;
  const said = [...missing].map(([name, by]) => `${name} (${by})`).join(', ');
  throw new IceError(
    'secret_missing',
    missing.size === 1 ? `The secret ${said} is not set` : `The secrets ${said} are not set`,
    {
      hint: [...missing.keys()].map((name) => `ice secret set ${name}`).join(' && '),
      details: { secrets: [...missing.keys()] },
      terminal: true,
    },
  );
}

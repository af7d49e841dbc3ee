import { IceError } from '../contracts/errors.ts';
import type { Plan } from '../contracts/plan.ts';
import { modelsOf, neededSecrets } from '../language/plan/needed-secrets.ts';
import type { Secrets } from '../secrets/port.ts';

/**
 * Fails with `secret_missing` when a run of the plan would sooner or later: all that is missing at once, with the
 * commands that set it. Nothing has run by then, so nothing is paid for twice.
 */
export async function assertSecrets(secrets: Secrets, project: string, plan: Plan): Promise<void> {
  // Most plans have no model with a key: the providers are not even loaded for them.
  const models = modelsOf(plan).length > 0;
  const { secretOfModel } = models
    ? await import('../models/providers/catalog.ts')
    : { secretOfModel: () => undefined };
  const missing = new Map<string, string>();
  for (const { names, by } of neededSecrets(plan, secretOfModel)) {
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

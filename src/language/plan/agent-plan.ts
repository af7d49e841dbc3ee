import type { Plan } from '../../contracts/plan.ts';
import type { Catalog, CatalogEntry } from '../references/catalog.ts';
import { agentOf } from './agent.ts';
import { contextOf } from './compile.ts';
import { componentPlan } from './component-plan.ts';
import { addComponent } from './components.ts';

/** An agent as a workflow; `catalog` answers what it may call. */
export function agentPlan(entry: CatalogEntry, catalog: Catalog): Plan {
  const context = contextOf(catalog, [`agent/${entry.manifest.name}`]);
  addComponent(context.components, entry);
  const does = agentOf({ input: '{{ inputs.input }}' }, entry, context);
  return componentPlan(entry, does, context.components, context.workflows);
}

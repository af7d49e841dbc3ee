import type { Plan } from '../../contracts/plan.ts';
import type { CatalogEntry } from '../references/catalog.ts';
import { componentPlan } from './component-plan.ts';
import { addComponent } from './components.ts';

/** A tool as a workflow. It has the inputs as a whole: what the schema leaves open, and what was not given, stays as it is. */
export function toolPlan(entry: CatalogEntry): Plan {
  const components: Plan['components'] = {};
  addComponent(components, entry);
  return componentPlan(
    entry,
    { type: 'tool', args: '{{ inputs }}', config: { component: entry.digest } },
    components,
  );
}

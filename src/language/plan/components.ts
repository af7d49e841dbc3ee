import type { PlanComponent } from '../../contracts/plan.ts';
import type { CatalogEntry } from '../references/catalog.ts';

/** Puts a component among those of a plan, under its digest. */
export function addComponent(components: Record<string, PlanComponent>, entry: CatalogEntry): void {
  components[entry.digest] ??= {
    ref: `${entry.manifest.name}@${entry.version}`,
    manifest: entry.manifest,
    ...(entry.description ? { description: entry.description } : {}),
  };
}

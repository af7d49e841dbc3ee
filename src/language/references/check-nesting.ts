import type { ComponentRef } from '../../contracts/ids.ts';
import type { JsonSchema } from '../../contracts/json.ts';
import type { Collector } from '../diagnostics/collector.ts';
import type { Path } from '../source/path.ts';
import { type Catalog, type CatalogEntry, referencesOf } from './catalog.ts';

/** Workflows that run workflows, agents that call them: a plan holds them all, and each is a level of the journal. */
export const MAX_NESTING = 20;

/** `report` for a workflow, `agent/clerk` for an agent. */
const shown = (key: string): string => key.replace(/^workflow\//, '');
export const keyOf = ({ manifest }: CatalogEntry): string => `${manifest.kind}/${manifest.name}`;

/**
 * Looks at what a document runs or calls: it may not contain the document again, and not nest without end. `own` is the
 * document's `kind/name`. Each circle is reported once; false when it may not be run.
 */
export function createNesting(out: Collector, own: string, catalog: Catalog) {
  const told = new Set<string>();
  const depths = new Map<string, number>();

  const depthOf = (entry: CatalogEntry): number => {
    const known = depths.get(entry.digest);
    if (known !== undefined) return known;
    // What is within itself is reported where it is written; here it only must end.
    depths.set(entry.digest, 0);
    let depth = 0;
    for (const child of childrenOf(entry, catalog)) depth = Math.max(depth, depthOf(child));
    depths.set(entry.digest, depth + 1);
    return depth + 1;
  };

  return (entry: CatalogEntry, at: Path): boolean => {
    if (entry.manifest.kind === 'tool') return true;
    const loop = keyOf(entry) === own ? [own] : loopFrom(entry, own, catalog);
    if (loop) {
      const key = loop.join();
      if (!told.has(key)) {
        const names = [own, ...loop].map(shown).join(' -> ');
        const agents = [own, ...loop].some((each) => each.startsWith('agent/'));
        out.atValue(
          'ICE1208',
          at,
          `${agents ? 'What is called calls' : 'A workflow runs'} itself: ${names}`,
          {
            help: agents
              ? 'A plan holds all that it runs, so nothing may contain itself. Give the agent at the end of the circle tools that do without it.'
              : 'A plan holds all workflows that it runs, so none may contain itself. Use a loop, or split off what repeats.',
          },
        );
      }
      told.add(key);
      return false;
    }
    const depth = depthOf(entry);
    if (depth < MAX_NESTING) return true;
    out.atValue('ICE1232', at, `Workflows and agents are nested ${depth + 1} deep from here`, {
      help: `${MAX_NESTING} levels are the most. Let what is in the middle call the innermost itself.`,
    });
    return false;
  };
}

/** The keys from an entry to one that is `start`, or that is on the way already; undefined when it never gets there. */
function loopFrom(entry: CatalogEntry, start: string, catalog: Catalog): string[] | undefined {
  const done = new Set<string>();
  const visit = (each: CatalogEntry, path: string[]): string[] | undefined => {
    if (done.has(each.digest) || path.length > MAX_NESTING) return undefined;
    const way = [...path, keyOf(each)];
    for (const ref of nestedRefs(each)) {
      const key = `${ref.kind}/${ref.name}`;
      // The document itself may be in no catalog yet.
      if (key === start || way.includes(key)) return [...way, key];
      const child = catalog.resolve(ref);
      const found = child && visit(child, way);
      if (found) return found;
    }
    done.add(each.digest);
    return undefined;
  };
  return visit(entry, []);
}

/** The workflows and agents that a workflow or agent runs or calls. */
function nestedRefs(entry: CatalogEntry): ComponentRef[] {
  const document = entry.blueprint ?? entry.agent;
  return document ? referencesOf(document).filter((ref) => ref.kind !== 'tool') : [];
}
const childrenOf = (entry: CatalogEntry, catalog: Catalog): CatalogEntry[] =>
  nestedRefs(entry).flatMap((ref) => catalog.resolve(ref) ?? []);

/** What a model can't be given to call, though it exists. */
export function checkCallable(out: Collector, entry: CatalogEntry, at: Path): void {
  const { kind, name, input } = entry.manifest;
  const type = typeof input === 'object' ? input['type'] : undefined;
  if (type !== undefined && type !== 'object')
    out.atValue('ICE1233', at, `A model can't call '${name}': its input is no object`, {
      help: 'Models call tools with named arguments. Let the tool take an object with a field for this value.',
    });
  const secret = kind === 'tool' ? undefined : writeOnlyOf(input);
  if (secret !== undefined)
    out.atValue('ICE1730', at, `A model would have to give '${name}' the secret input '${secret}'`, {
      help: 'What a model writes, its provider sees. Let the workflow have its secret from a tool that declares it.',
    });
}

function writeOnlyOf(input: JsonSchema): string | undefined {
  const properties = typeof input === 'object' ? input['properties'] : undefined;
  return Object.entries((properties ?? {}) as Record<string, JsonSchema>).find(
    ([, property]) => typeof property === 'object' && property['writeOnly'] === true,
  )?.[0];
}

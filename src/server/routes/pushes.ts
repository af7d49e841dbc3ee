import canonicalize from 'canonicalize';
import type { PushPlan } from '../../contracts/components.ts';
import { IceError } from '../../contracts/errors.ts';
import type { JsonSchema } from '../../contracts/json.ts';
import { agentInputSchema } from '../../contracts/nodes/agent.ts';
import { inputSchemaOf } from '../../language/plan/input-schema.ts';
import { changeOfPlan, planPush, refusalOf, type WantedComponent } from '../../registry/index.ts';
import type { VersionRow } from '../../registry/ports.ts';
import {
  buildCatalog,
  isContained,
  loadVersion,
  noEntry,
  parseManifest,
  type Reached,
  untrusted,
} from '../catalog.ts';
import { isTrusted } from '../policy.ts';
import { callerName, type Handlers } from '../route.ts';
import type { Services } from '../services.ts';

/** How often a push that names no base is planned again when others push meanwhile. */
const MOST_ATTEMPTS = 5;

export function pushRoutes(services: Services): Pick<Handlers, 'pushesCreate'> {
  return {
    pushesCreate: async ({ project, body, token }) => ({
      body: await push(services, project, body, callerName(token)),
    }),
  };
}

/** What a push asks for, and how. */
export type PushOrder = Parameters<Handlers['pushesCreate']>[0]['body'];

/** Plans a push, and unless it is a dry run applies it: all of it in one transaction, or nothing. */
export async function push(
  services: Services,
  project: string,
  order: PushOrder,
  by: string,
): Promise<{ plan: PushPlan; applied: boolean }> {
  const { registry, clock } = services;
  const wanted = await loadWanted(services, project, order.items, by);
  for (let attempt = 1; ; attempt++) {
    // The revision is read first: what comes in between makes the plan stale, never wrong.
    const revision = await registry.revision(project);
    const [versions, tags] = await Promise.all([registry.versions(project), registry.tags(project)]);
    const current = { project, revision, versions, tags };
    if (order.base !== undefined && order.base !== revision && !order.dryRun)
      throw moved(order.base, revision);
    const plan = planPush(current, wanted, order);
    // What is there compiled when it came, and nothing that it refers to is about to change.
    if (plan.changes > 0) await assertCompiles(services, project, wanted, plan.entries, by);
    if (order.dryRun) return { plan, applied: false };
    const refused = refusalOf(plan);
    if (refused)
      throw new IceError(refused.code, refused.message, {
        hint: refused.hint,
        details: { ...refused.details, plan },
      });
    const change = changeOfPlan(current, wanted, plan, { ...order, by, now: clock.now() });
    if (change.versions.length + change.tags.length + change.archive.length === 0)
      return { plan, applied: true };
    try {
      await registry.apply(change);
      return { plan, applied: true };
    } catch (error) {
      const again = error instanceof IceError && error.code === 'target_moved';
      if (!again || order.base !== undefined || attempt >= MOST_ATTEMPTS) throw error;
    }
  }
}

const moved = (base: string, revision: string): IceError =>
  new IceError('target_moved', 'The registry changed since this plan was made', {
    hint: 'Plan the push again, and look at what is new: ice push --dry-run',
    details: { planned: base, now: revision },
  });

/** The manifests of a push, each the canonical content of its digest, with its entry here and its code allowed. */
async function loadWanted(
  services: Services,
  project: string,
  items: readonly Omit<WantedComponent, 'manifest'>[],
  by: string,
): Promise<WantedComponent[]> {
  const { artifacts, config } = services;
  const wanted: WantedComponent[] = [];
  for (const item of items) {
    const found = await artifacts.get(project, item.digest);
    if (!found) throw noEntry({ ...item, entry: item.digest });
    const manifest = parseManifest(item.digest, found.bytes);
    // Otherwise two digests could be of one manifest, written in two ways.
    if (canonicalize(manifest) !== new TextDecoder().decode(found.bytes))
      throw new IceError(
        'artifact_mismatch',
        `The manifest of ${item.kind}/${item.name} is not in canonical form`,
        {
          hint: 'Its bytes are the RFC 8785 form of the JSON, with every field present',
          details: { digest: item.digest },
        },
      );
    if (manifest.kind === 'tool' && !isTrusted(config, by) && !isContained(manifest, config.untrustedRuntime))
      throw untrusted(manifest, config.untrustedRuntime);
    wanted.push({ ...item, manifest });
  }
  const there = await artifacts.has(
    project,
    wanted.map((item) => item.manifest.entry),
  );
  for (const item of wanted) if (!there.has(item.manifest.entry)) throw noEntry(item.manifest);
  return wanted;
}

/** Every document of a push compiles against the registry as it will be: all findings of all of them at once. */
async function assertCompiles(
  services: Services,
  project: string,
  wanted: readonly WantedComponent[],
  entries: readonly { kind: string; name: string; action: string; version: string }[],
  by: string,
): Promise<void> {
  const coming = wanted.map((item): VersionRow => {
    const entry = entries.find((each) => each.kind === item.kind && each.name === item.name);
    return {
      project,
      kind: item.kind,
      name: item.name,
      version: entry?.version ?? item.version,
      digest: item.digest,
      manifest: item.manifest,
      info: item.info,
      createdAt: services.clock.now(),
      createdBy: by,
      archivedAt: null,
    };
  });
  const failures: { component: string; error: IceError }[] = [];
  for (const row of coming) {
    if (row.kind === 'tool') continue;
    const component = await loadVersion(services, project, row);
    assertInput(component);
    const catalog = await buildCatalog(services, component.blueprint ?? component.agent, { project, coming });
    try {
      if (component.blueprint) {
        const { compilePlan } = await import('../../language/plan/compile.ts');
        compilePlan(component.blueprint, row.digest, catalog);
      } else (await import('../../language/plan/agent-plan.ts')).agentPlan(component, catalog);
    } catch (error) {
      if (!(error instanceof IceError)) throw error;
      failures.push({ component: `${row.kind}/${row.name}`, error });
    }
  }
  const [first] = failures;
  if (!first) return;
  throw new IceError(
    'validation_failed',
    `${first.component} does not compile on this target: ${first.error.message}${failures.length > 1 ? ` (and ${failures.length - 1} more)` : ''}`,
    {
      hint: first.error.hint ?? 'See all findings: ice validate',
      details: {
        components: failures.map(({ component, error }) => ({
          component,
          message: error.message,
          ...error.details,
        })),
      },
    },
  );
}

/** A manifest is what callers are checked against: it may not say other inputs than its document has. */
function assertInput({ manifest, blueprint, agent }: Reached): void {
  const actual = blueprint ? inputSchemaOf(blueprint) : agent ? agentInputSchema(agent) : manifest.input;
  if (canonicalize(unordered(actual)) === canonicalize(unordered(manifest.input))) return;
  throw new IceError(
    'artifact_mismatch',
    `The manifest of ${manifest.kind}/${manifest.name} says other inputs than its document`,
    {
      hint: 'Build the project again and push what it was built to',
      details: { manifest: manifest.input, document: actual },
    },
  );
}

/** The order of `required` is that of the author's text, which canonical JSON does not keep. */
const unordered = (schema: JsonSchema): JsonSchema =>
  typeof schema === 'object' && Array.isArray(schema['required'])
    ? { ...schema, required: [...schema['required']].sort() }
    : schema;

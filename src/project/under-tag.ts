import type { Blueprint } from '../contracts/blueprint.ts';
import { type AgentDocument, canonicalAgent } from '../contracts/nodes/agent.ts';
import { canonicalBlueprint } from '../language/plan/canonical.ts';
import { referencesOf, withReferences } from '../language/references/catalog.ts';
import { taggedVersion } from '../registry/next-version.ts';
import { LATEST } from '../registry/resolve-range.ts';
import { canonicalBytes, digestOf, manifestBytes } from './build-components.ts';
import type { ProjectComponent } from './project-component.ts';

export { LATEST };

const keyOf = ({ kind, name }: { kind?: string | undefined; name: string }): string => `${kind}/${name}`;

/**
 * The components of a project as a push under a tag registers them: what a workflow or an agent says of another
 * component of the project becomes the very version that this push gives that one. Ranges never reach such versions, and
 * a tag would move on under a version that can't. Everything else refers to what it did.
 */
export function underTag(
  components: readonly ProjectComponent[],
  tag: string | undefined,
): ProjectComponent[] {
  if (tag === undefined || tag === LATEST) return [...components];
  const sources = new Map(components.map((one) => [keyOf(one), one]));
  const made = new Map<string, ProjectComponent>();
  const make = (one: ProjectComponent): ProjectComponent => {
    const known = made.get(keyOf(one));
    if (known) return known;
    // A circle is an error of the project; here it only has to end.
    made.set(keyOf(one), one);
    const document = one.blueprint ?? one.agent;
    const refersToOwn = document && referencesOf(document).some((ref) => sources.has(keyOf(ref)));
    const done = refersToOwn
      ? withDocument(
          one,
          withReferences(document, ({ text, ref }) => {
            const other = sources.get(keyOf(ref));
            if (!other) return text;
            const { version, digest } = make(other);
            return `${text.split('@', 1)[0]}@${taggedVersion(version, tag, digest)}`;
          }),
        )
      : one;
    made.set(keyOf(one), done);
    return done;
  };
  return components.map(make);
}

/** A component with another document: other content, so another identity. */
function withDocument(component: ProjectComponent, document: Blueprint | AgentDocument): ProjectComponent {
  const isWorkflow = 'nodes' in document;
  const entry = canonicalBytes(isWorkflow ? canonicalBlueprint(document) : canonicalAgent(document));
  const manifest = { ...component.manifest, entry: digestOf(entry) };
  return {
    ...component,
    entry,
    manifest,
    digest: digestOf(manifestBytes(manifest)),
    ...(isWorkflow ? { blueprint: document } : { agent: document }),
  };
}

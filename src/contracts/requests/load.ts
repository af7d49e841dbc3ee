import type { RouteName } from '../routes.ts';
import type { Request, Requests } from './request.ts';

/** The first word of a route's name -> the file of its requests. */
const FILES: Record<string, () => Promise<Requests>> = {
  tokens: async () => (await import('./identity.ts')).IDENTITY_REQUESTS,
  components: async () => (await import('./components.ts')).COMPONENT_REQUESTS,
  artifacts: async () => (await import('./artifacts.ts')).ARTIFACT_REQUESTS,
  pushes: async () => (await import('./pushes.ts')).PUSH_REQUESTS,
  blueprints: async () => (await import('./blueprints.ts')).BLUEPRINT_REQUESTS,
  drafts: async () => (await import('./drafts.ts')).DRAFT_REQUESTS,
  secrets: async () => (await import('./secrets.ts')).SECRET_REQUESTS,
  runs: async () => (await import('./runs.ts')).RUN_REQUESTS,
};

/**
 * What a route takes. Its schemas are made when it is first asked for: to make those of all routes takes as long as
 * starting Node, and a process that embeds ice calls few of them.
 */
export async function requestOf(name: RouteName): Promise<Request> {
  const load = FILES[/^[a-z]+/.exec(name)![0]];
  return (await load?.())?.[name] ?? {};
}

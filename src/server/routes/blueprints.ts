import { checkBlueprint, parseBlueprint } from '../../language/index.ts';
import { buildCatalog } from '../catalog.ts';
import { callerName, type Handlers } from '../route.ts';
import type { Services } from '../services.ts';

export function blueprintRoutes(services: Services): Pick<Handlers, 'blueprintsValidate'> {
  return {
    blueprintsValidate: async ({ project, body, token }) => {
      const { text, file, pins } = body;
      const { references } = parseBlueprint({ text, file });
      const catalog = await buildCatalog(services, references, {
        project,
        pins,
        pinnedBy: callerName(token),
      });
      const { ok, diagnostics } = checkBlueprint({ text, file }, catalog);
      return { body: { ok, diagnostics } };
    },
  };
}

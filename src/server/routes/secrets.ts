import type { SecretSummary } from '../../contracts/answers.ts';
import { IceError } from '../../contracts/errors.ts';
import type { SecretInfo, Secrets } from '../../secrets/port.ts';
import { callerName, type Handlers, missingOf } from '../route.ts';
import type { Services } from '../services.ts';

const shown = (info: SecretInfo): SecretSummary => ({
  ...info,
  createdAt: new Date(info.createdAt).toISOString(),
  updatedAt: new Date(info.updatedAt).toISOString(),
});

/** Secrets of a project: values go in, and never come out. */
export function secretRoutes(
  services: Services,
): Pick<Handlers, 'secretsList' | 'secretsPut' | 'secretsRemove' | 'secretsRotate'> {
  const kept = (): Secrets => {
    if (services.secrets) return services.secrets;
    throw new IceError('not_implemented', 'This target keeps no secrets', {
      hint: 'Give the server a master key: ICE_MASTER_KEY or ICE_MASTER_KEY_FILE',
    });
  };
  return {
    secretsList: async ({ project }) => ({
      body: { items: (await kept().list(project)).map(shown), masterKey: await kept().keyPlace() },
    }),
    secretsPut: async ({ project, params, body, token }) => ({
      body: shown(await kept().set(project, params.secret, body.value, callerName(token))),
    }),
    secretsRemove: async ({ project, params }) => {
      if (!(await kept().remove(project, params.secret))) throw missingOf('secretsRemove', params);
      return { body: undefined };
    },
    secretsRotate: async ({ body }) => ({
      body: { ...(await kept().rotate(body)), masterKey: await kept().keyPlace() },
    }),
  };
}

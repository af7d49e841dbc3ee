import { type Client, createClient } from '../../src/client/client.ts';
import { type Host, openHost } from '../../src/host/open.ts';
import { resolveSettings } from '../../src/project/config.ts';

/** The local target of the project `shop` in a folder, as a command opens it, and a client of it. */
export async function openShop(
  cwd: string,
  env: Record<string, string>,
): Promise<{ host: Host; client: Client }> {
  const settings = resolveSettings({ env });
  const host = await openHost({
    cwd,
    durability: 'normal',
    local: true,
    env,
    settings,
    project: 'shop',
    log: () => {},
  });
  const client = createClient({
    baseUrl: 'http://ice.local',
    fetch: host.fetch,
    token: host.token,
    project: 'shop',
  });
  return { host, client };
}

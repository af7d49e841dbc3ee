import { isAbsolute, join, relative } from 'node:path';
import type { Fetch } from '../client/index.ts';
import type { Workspace } from './workspace.ts';

export interface LocalServer {
  url: string;
  project: string;
  /** Where the operator's token is: absolute, and as a person would type it. */
  tokenFile: string;
  tokenFileShown: string;
  /** What one should know of how it was started. */
  notes: string[];
  /** The API without the socket, and the operator's token. */
  fetch: Fetch;
  token: string;
  close(): Promise<void>;
}

/** Opens the host of a folder and listens for its API; the state of the folder is as it was if that fails. */
export async function listenLocally(
  workspace: Workspace,
  env: NodeJS.ProcessEnv,
  options: { local: boolean; trustPushedCode?: boolean },
): Promise<LocalServer> {
  const { openHost, serve } = await import('../host/index.ts');
  const { settings, loaded, cwd } = workspace;
  const root = loaded?.project?.root ?? cwd;
  const host = await openHost({
    cwd: root,
    settings,
    env,
    local: options.local,
    policy: loaded?.project?.file.policy?.permissions,
    trustPushedCode: options.trustPushedCode ?? false,
  });
  try {
    // An operator's slip is told now, and not to the first who asks a model.
    const { modelPrices, modelLimits, modelEndpoints, modelTimeout } = settings;
    if ([modelPrices, modelLimits, modelEndpoints, modelTimeout].some(({ origin }) => origin !== 'default'))
      await host.models();
    const serving = await serve(host, {
      ...(settings.host.value === undefined ? {} : { hostname: settings.host.value }),
      ...(settings.port.value === undefined ? {} : { port: Number(settings.port.value) }),
      announceIn: root,
    });
    const tokenFile = join(root, '.ice', 'token');
    const near = relative(cwd, tokenFile);
    return {
      url: serving.url,
      project: host.project,
      tokenFile,
      tokenFileShown: near.startsWith('..') || isAbsolute(near) ? tokenFile : near,
      notes: serving.notes,
      fetch: host.fetch,
      token: host.token,
      close: () => serving.close(),
    };
  } catch (error) {
    await host.close();
    throw error;
  }
}

/**
 * Listens from now on for a signal that ends a server, and resolves with the first; another one ends the process at
 * once. To be called before anybody is told that the server is there: who knows of it may end it.
 */
export function firstSignal(): Promise<void> {
  return new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      let count = 0;
      process.on(signal, () => {
        count++;
        if (count === 1) resolve();
        else process.exit(signal === 'SIGINT' ? 130 : 143);
      });
    }
  });
}

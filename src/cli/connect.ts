import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, createClient, type Fetch } from '../client/index.ts';
import { IceError } from '../contracts/errors.ts';
import type { Target } from '../project/targets.ts';
import type { Workbench } from './local-workbench.ts';
import { credentialsOf, projectOf, targetOf, type Workspace } from './workspace.ts';

/** A client of wherever the command goes. Nothing outside of this file knows whether that is local. */
export interface Connection {
  client: Client;
  target: TargetNote;
  /** This process executes runs itself: there is no server to leave them to. */
  executes: boolean;
  /** Executes a run, if this process is the one to do it; resolves when the run is left alone. */
  drive(runId: string): Promise<void>;
  /** Gives a run back, for another process to go on with; nothing to do where a server has it. */
  suspend(runId: string): Promise<void>;
  close(): Promise<void>;
}

/** Where the command went and who said so: for the line of commands that change something, and for `--json`. */
export interface TargetNote {
  name: string;
  url?: string;
  project: string;
  /** The flag, variable or file that chose it. */
  from: string;
  /** How it was reached. */
  through: 'this process' | 'the server of this folder' | 'the network';
}

export interface ConnectOptions {
  env: NodeJS.ProcessEnv;
  version: string;
  warn(message: string): void;
  /** What a command builds with: a host in this process runs tools where they were looked at. */
  workbench?: Workbench | undefined;
}

/** Opens the target of a command. Errors: `unauthenticated`, `not_found`, `project_invalid`, those of the database. */
export async function connect(workspace: Workspace, options: ConnectOptions): Promise<Connection> {
  const target = targetOf(workspace);
  return target.kind === 'local'
    ? connectLocal(workspace, target, options)
    : connectRemote(workspace, target, options);
}

const stays = {
  executes: false,
  drive: async () => {},
  suspend: async () => {},
  close: async () => {},
};

async function connectRemote(
  workspace: Workspace,
  target: Extract<Target, { kind: 'remote' }>,
  options: ConnectOptions,
): Promise<Connection> {
  const credential = await credentialsOf(workspace).get(target.url);
  if (!credential)
    throw new IceError(
      'unauthenticated',
      `There is no token for the target ${target.name} (${target.url}).`,
      {
        hint:
          target.name === 'env'
            ? 'Set ICE_API_TOKEN, beside ICE_API_URL.'
            : `Set ICE_API_TOKEN, or keep one: ice target add ${target.name} ${target.url} --token -`,
      },
    );
  const { protocol, hostname } = new URL(target.url);
  if (protocol === 'http:' && !/^(localhost|127\.|\[::1\])/.test(hostname))
    options.warn(`The token goes to ${target.url} unencrypted; use https.`);
  const { settings } = workspace;
  const named = settings.project.origin === 'flag' || settings.project.origin === 'env';
  const project = (named ? settings.project.value : (target.project ?? settings.project.value)) ?? '_';
  return {
    ...stays,
    client: createClient({
      baseUrl: target.url,
      token: credential.token,
      project,
      fetch: await networkFetch(options.env),
      userAgent: `ice/${options.version}`,
    }),
    target: { name: target.name, url: target.url, project, from: target.from, through: 'the network' },
  };
}

async function connectLocal(
  workspace: Workspace,
  target: Extract<Target, { kind: 'local' }>,
  options: ConnectOptions,
): Promise<Connection> {
  const { root, name, file } = projectOf(workspace);
  const { settings } = workspace;
  const project = settings.project.value ?? name;
  const note = { name: 'local', project, from: target.from };
  // The file is there only while a server is, or after one died; the host tells which.
  const live = existsSync(join(root, '.ice', 'server.json'))
    ? await (await import('../host/server-file.ts')).liveServer(root)
    : undefined;
  if (live) {
    const { url, token } = live;
    return {
      ...stays,
      client: createClient({ baseUrl: url, token, project, userAgent: `ice/${options.version}` }),
      target: { ...note, url, through: 'the server of this folder' },
    };
  }
  const { openHost } = await import('../host/index.ts');
  const host = await openHost({
    cwd: root,
    project,
    settings,
    env: options.env,
    local: true,
    policy: file.policy?.permissions,
    ...(options.workbench ? { runtimes: await options.workbench.runtimes() } : {}),
  });
  return {
    client: createClient({
      baseUrl: 'http://ice.local',
      token: host.token,
      project,
      fetch: host.fetch as Fetch,
    }),
    target: { ...note, through: 'this process' },
    executes: true,
    drive: (runId) => host.drive(runId),
    suspend: (runId) => host.suspend(runId),
    close: () => host.close(),
  };
}

/** The platform's fetch; where a proxy is set, undici's with its agent, which is slower to load. */
async function networkFetch(env: NodeJS.ProcessEnv): Promise<Fetch> {
  const proxied = ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy'].some((name) => env[name]);
  if (!proxied) return globalThis.fetch as Fetch;
  const { EnvHttpProxyAgent, fetch } = await import('undici');
  const dispatcher = new EnvHttpProxyAgent();
  return (url, init) =>
    fetch(url, { ...init, dispatcher } as Parameters<typeof fetch>[1]) as unknown as Promise<Response>;
}

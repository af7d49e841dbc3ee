import { createClient } from '../client/index.ts';
import { IceError } from '../contracts/errors.ts';
import { type AnyRunEvent, ENDED } from '../contracts/events.ts';
import type { JsonObject } from '../contracts/json.ts';
import type { PermissionPolicy } from '../contracts/permission-policy.ts';
import type { Plan } from '../contracts/plan.ts';
import type { CreateRun } from '../contracts/requests/runs.ts';
import type { Run } from '../contracts/runs.ts';
import { type CaseTape, type Cassette, openCassette } from '../models/cassettes.ts';
import type { Models } from '../models/port.ts';
import type { Settings } from '../project/config.ts';
import { createRedactor, type Redactor } from '../secrets/redactor.ts';
import { IN_PROCESS_URL } from './in-process-fetch.ts';
import { type Host, openHost } from './open.ts';
import { IN_MEMORY } from './stores.ts';
import { createTestSecrets } from './test-secrets.ts';

export interface TestHostOptions {
  /** The folder of the project. */
  root: string;
  /** The project's name on its target: whose secrets a recording takes. */
  project: string;
  settings: Settings;
  env: Readonly<Record<string, string | undefined>>;
  /** The most that tools of the project may do. */
  policy?: PermissionPolicy | undefined;
  /** Runs go out, with the secrets themselves: for recording, and for tests that are run live. */
  goesOut: boolean;
}

export interface TestRunRequest {
  /** The case's own project in the host: nothing that one case keeps (conversations, caches) is there for another. */
  scope: string;
  /** The same in each test run, so that what is seeded by it is the same too. */
  runId: string;
  what: Pick<CreateRun, 'ref' | 'digest' | 'version' | 'pins' | 'about'>;
  inputs: JsonObject;
  content: ReadonlyMap<string, Uint8Array>;
  timeoutMs: number;
  /** Absent: models and network answer themselves. */
  tape?: CaseTape | undefined;
}

/** How a run ended. `run` is absent when it could not be made, and `error` says why. */
export interface TestRunEnd {
  run?: Run;
  plan?: Plan;
  events: AnyRunEvent[];
  error?: IceError;
}

/** A host for tests: in memory, with the code of tools where it always runs, and tapes before models and network. */
export interface TestHost {
  openCassette(file: string, mode: 'record' | 'replay', text: string | undefined): Promise<Cassette>;
  run(request: TestRunRequest): Promise<TestRunEnd>;
  models(): Promise<Models>;
  /** Counts values among what a cassette must not hold. */
  hide(values: Iterable<string>): void;
  close(): Promise<void>;
}

/** Opens it. Nothing of it touches the project's database, but for the secrets that a recording needs. */
export async function openTestHost(options: TestHostOptions): Promise<TestHost> {
  const { root, project, settings, env, goesOut, policy } = options;
  let vault: Promise<Host> | undefined;
  const secrets = createTestSecrets({
    real: () => goesOut,
    env,
    kept: async (name) => {
      vault ??= openHost({ cwd: root, project, settings, env, local: true });
      return (await vault).secrets.find(project, name);
    },
  });
  const tapes = new Map<string, CaseTape>();
  const host = await openHost({
    cwd: root,
    project,
    settings,
    env,
    local: true,
    database: IN_MEMORY,
    policy,
    secrets,
    tapeOf: (scope) => tapes.get(scope),
  });
  let redactor: { size: number; made: Redactor } | undefined;
  const redact = (value: JsonObject): JsonObject => {
    if (redactor?.size !== secrets.seen.size)
      redactor = { size: secrets.seen.size, made: createRedactor(secrets.seen) };
    return redactor.made.json(value);
  };

  return {
    models: () => host.models(),
    hide: (values) => {
      for (const value of values) secrets.seen.add(value);
    },
    openCassette: (file, mode, text) =>
      openCassette({
        file,
        mode,
        redact,
        ...(text === undefined ? {} : { text }),
        absent: text === undefined && mode === 'replay',
      }),
    async run({ scope, tape, ...request }) {
      if (tape) tapes.set(scope, tape);
      return drive(host, scope, request);
    },
    async close() {
      await Promise.allSettled([host.close(), vault?.then((opened) => opened.close())]);
    },
  };
}

async function drive(
  host: Host,
  scope: string,
  { runId, what, inputs, content, timeoutMs }: Omit<TestRunRequest, 'scope' | 'tape'>,
): Promise<TestRunEnd> {
  const client = createClient({
    baseUrl: IN_PROCESS_URL,
    token: host.token,
    project: scope,
    fetch: host.fetch,
  });
  let timedOut = false;
  let timer: NodeJS.Timeout | undefined;
  try {
    for (const digest of await client.artifacts.missing([...content.keys()]))
      await client.artifacts.put(digest, content.get(digest)!);
    await client.runs.create({ ...what, id: runId, inputs });
    timer = setTimeout(() => {
      timedOut = true;
      // What it can't stop in time ends with the host; the run is told as timed out either way.
      host.engine
        .cancel(scope, runId, { by: 'ice test', reason: 'timeout', force: true })
        .catch(() => undefined);
    }, timeoutMs);
    await host.drive(runId, { project: scope });
  } catch (error) {
    if (!(error instanceof IceError) || error.code === 'internal') throw error;
    return { events: [], error };
  } finally {
    clearTimeout(timer);
  }
  const [run, events] = await Promise.all([client.runs.get(runId), client.runs.events(runId)]);
  const plan = await host.stores.runs.plan(run.plan);
  return {
    run,
    events: events as AnyRunEvent[],
    ...(plan ? { plan } : {}),
    ...(timedOut && run.state !== 'succeeded'
      ? { error: new IceError('timeout', `The case took longer than ${timeoutMs} ms`) }
      : run.error && ENDED.has(run.state)
        ? { error: IceError.fromBody(run.error) }
        : {}),
  };
}

import type { ComponentSummary } from '../contracts/components.ts';
import { IceError } from '../contracts/errors.ts';
import { ENDED, type RunState } from '../contracts/events.ts';
import { type ComponentKind, newId } from '../contracts/ids.ts';
import type { CreateRun } from '../contracts/requests/runs.ts';
import { MOST_DIGESTS, ROUTES, type RouteName } from '../contracts/routes.ts';
import type { Run, RunSummary } from '../contracts/runs.ts';
import { type FollowedEntry, type FollowOptions, followRun } from './follow.ts';
import { type ClientOptions, createRawSender, createSender, type RawCall, readAnswer } from './request.ts';
import { DEFAULT_RETRY } from './retry.ts';
import type { BodyOf, CallInput, CallOptions, CallOutput, QueryOf } from './types.ts';

/** What `runs.create` takes: the id is made when it is left out, so that the call may be repeated. */
export type NewRunInput = Omit<CreateRun, 'inputs'> & { inputs?: CreateRun['inputs'] };

/** The server's longest wait of one call, in seconds. */
const WAIT_SECONDS = 30;

/**
 * The typed client of the API. Every route is `client.call(name, …)`, typed by the route table; the nouns are the same
 * calls by shorter names. A problem that the server answers is thrown as the IceError that it was there. Calls are
 * repeated when the target does not answer (writes carry an Idempotency-Key, so they may be, too).
 */
export function createClient(options: ClientOptions) {
  const send = createSender(options);
  const retry = { ...DEFAULT_RETRY, ...options.retry };

  /** Any route of the table. Fails with the server's IceError, with `unreachable`, or with the signal's reason. */
  async function call<N extends RouteName>(
    name: N,
    ...[input]: Partial<CallInput<N>> extends CallInput<N> ? [input?: CallInput<N>] : [input: CallInput<N>]
  ): Promise<CallOutput<N>> {
    const response = await send(name, (input ?? {}) as RawCall);
    return (await readAnswer(ROUTES[name], response)) as CallOutput<N>;
  }

  const raw = async <N extends RouteName>(name: N, input: RawCall): Promise<CallOutput<N>> =>
    (await readAnswer(ROUTES[name], await send(name, input))) as CallOutput<N>;

  /** All pages of a list, row by row; pages are read as they are needed. */
  async function* pages<Row>(
    name: 'runsList' | 'componentsList',
    input: RawCall,
  ): AsyncGenerator<Row, void, undefined> {
    let cursor: string | undefined;
    do {
      const page = await raw(name, { ...input, query: { ...input.query, cursor } });
      yield* page.items as Row[];
      cursor = page.next ?? undefined;
    } while (cursor !== undefined);
  }

  const runs = {
    /** Starts a run. The same id with the same content is the same run. */
    create(body: NewRunInput, more: CallOptions & { wait?: number } = {}): Promise<Run> {
      const { wait, ...rest } = more;
      return raw('runsCreate', {
        timeoutMs: timeoutFor(options, wait),
        ...rest,
        query: { wait },
        body: { ...body, id: body.id ?? newId('run') },
      });
    },
    /** One run; `wait`: seconds (at most 60) to wait for its end. */
    get(id: string, more: CallOptions & { wait?: number } = {}): Promise<Run> {
      const { wait, ...rest } = more;
      return raw('runsGet', {
        timeoutMs: timeoutFor(options, wait),
        ...rest,
        params: { id },
        query: { wait },
      });
    },
    /** A page, newest first. */
    list: (query: QueryOf<'runsList'> | Record<string, never> = {}, more: CallOptions = {}) =>
      raw('runsList', { ...more, query }),
    /** Every run, page after page. */
    all: (
      query: { state?: RunState; name?: string } = {},
      more: CallOptions = {},
    ): AsyncGenerator<RunSummary, void, undefined> =>
      pages('runsList', { ...more, query: { ...query, limit: 200 } }),
    outline: (id: string, more: CallOptions = {}) => raw('runsOutline', { ...more, params: { id } }),
    cancel: (id: string, body: { reason?: string; force?: boolean } = {}, more: CallOptions = {}) =>
      raw('runsCancel', { ...more, params: { id }, body }),
    pause: (id: string, more: CallOptions = {}) => raw('runsPause', { ...more, params: { id }, body: {} }),
    resume: (id: string, more: CallOptions = {}) => raw('runsResume', { ...more, params: { id }, body: {} }),
    /**
     * The run's journal from `after` on, then what happens, until it ends: every entry once, in order, over dropped
     * streams too. The last thing it gives is `{ kind: 'end' }`.
     */
    follow(id: string, more: FollowOptions = {}): AsyncGenerator<FollowedEntry, void, undefined> {
      return followRun(
        (after, signal) =>
          send('runsEvents', {
            params: { id },
            query: { after },
            signal,
            headers: { accept: 'text/event-stream' },
          }),
        more,
        retry,
      );
    },
    /** The journal as it is now, without following. */
    async events(id: string, more: CallOptions & { after?: number } = {}) {
      const { after, ...rest } = more;
      const response = await send('runsEvents', {
        ...rest,
        params: { id },
        query: { after },
        headers: { accept: 'application/x-ndjson' },
      });
      const text = await response.text();
      return text
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as Extract<FollowedEntry, { kind: 'event' }>['event']);
    },
    /** The run once it has ended; `wait_timeout` after `timeoutMs`. */
    async wait(id: string, more: { timeoutMs?: number; signal?: AbortSignal } = {}): Promise<Run> {
      const until = more.timeoutMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + more.timeoutMs;
      for (;;) {
        const left = until - Date.now();
        const wait = Math.max(0, Math.min(WAIT_SECONDS, left / 1000));
        const run = await runs.get(id, { wait, ...(more.signal ? { signal: more.signal } : {}) });
        if (ENDED.has(run.state)) return run;
        if (until - Date.now() <= 0)
          throw new IceError(
            'wait_timeout',
            `The run ${id} has not ended in ${(more.timeoutMs ?? 0) / 1000} s; it goes on`,
            {
              hint: `Follow it: ice runs watch ${id}`,
              details: { id, state: run.state },
            },
          );
      }
    },
  };

  const components = {
    list: (query: QueryOf<'componentsList'> | Record<string, never> = {}, more: CallOptions = {}) =>
      raw('componentsList', { ...more, query }),
    /** Every component, page after page. */
    all: (
      query: { kind?: ComponentKind; archived?: boolean } = {},
      more: CallOptions = {},
    ): AsyncGenerator<ComponentSummary, void, undefined> =>
      pages('componentsList', { ...more, query: { ...query, limit: 200 } }),
    get: (kind: ComponentKind, name: string, range?: string, more: CallOptions = {}) =>
      raw('componentsGet', { ...more, params: { kind, name }, query: { range } }),
    versions: (
      kind: ComponentKind,
      name: string,
      query: { limit?: number; cursor?: string } = {},
      more: CallOptions = {},
    ) => raw('componentsVersions', { ...more, params: { kind, name }, query }),
    /** The version that a tag names; undefined when there is no such tag. */
    tag: async (kind: ComponentKind, name: string, tag: string, more: CallOptions = {}) => {
      try {
        return await raw('componentsTag', { ...more, params: { kind, name, tag } });
      } catch (error) {
        if (error instanceof IceError && error.code === 'not_found') return undefined;
        throw error;
      }
    },
    /** Moves a tag away from the version `from`, or makes it where `from` is absent; `stale` when it is elsewhere. */
    setTag: (
      kind: ComponentKind,
      name: string,
      tag: string,
      to: { version: string; from?: string | undefined },
      more: CallOptions = {},
    ) =>
      raw('componentsSetTag', {
        ...more,
        params: { kind, name, tag },
        body: { version: to.version },
        headers: {
          ...more.headers,
          ...(to.from === undefined ? { 'if-none-match': '*' } : { 'if-match': `"${to.from}"` }),
        },
      }),
    removeTag: (kind: ComponentKind, name: string, tag: string, from: string, more: CallOptions = {}) =>
      raw('componentsRemoveTag', {
        ...more,
        params: { kind, name, tag },
        headers: { ...more.headers, 'if-match': `"${from}"` },
      }),
    /** Archives one version, or all. */
    archive: (kind: ComponentKind, name: string, version?: string, more: CallOptions = {}) =>
      raw('componentsArchive', { ...more, params: { kind, name }, body: { version } }),
    restore: (kind: ComponentKind, name: string, version?: string, more: CallOptions = {}) =>
      raw('componentsRestore', { ...more, params: { kind, name }, body: { version } }),
    /** With `reach`, each version comes with what it may touch through what it calls. */
    resolve: (refs: string[], { reach = false, ...more }: CallOptions & { reach?: boolean } = {}) =>
      raw('componentsResolve', { ...more, body: { refs, reach } }),
  };

  const artifacts = {
    put: (digest: string, bytes: Uint8Array, more: CallOptions = {}) =>
      raw('artifactsPut', { ...more, params: { digest }, bytes }),
    get: (digest: string, more: CallOptions = {}) => raw('artifactsGet', { ...more, params: { digest } }),
    /** Any number of digests: asked in as many calls as the limit of one call needs. */
    missing: async (digests: string[], more: CallOptions = {}) => {
      const missing: string[] = [];
      for (let at = 0; at < digests.length; at += MOST_DIGESTS) {
        const body = { digests: digests.slice(at, at + MOST_DIGESTS) };
        missing.push(...(await raw('artifactsMissing', { ...more, body })).missing);
      }
      return missing;
    },
  };

  return {
    call,
    /** Any request of the API, as `ice api` sends it; the answer is raw, a refusal is thrown. */
    request: createRawSender(options),
    runs,
    components,
    artifacts,
    pushes: {
      create: (body: BodyOf<'pushesCreate'>, more: CallOptions = {}) =>
        raw('pushesCreate', { ...more, body }),
    },
    /** Edits say the revision that they are made to; `stale` when the draft is at another by now. */
    drafts: {
      list: (query: QueryOf<'draftsList'> | Record<string, never> = {}, more: CallOptions = {}) =>
        raw('draftsList', { ...more, query }),
      create: (body: BodyOf<'draftsCreate'> = {}, more: CallOptions = {}) =>
        raw('draftsCreate', { ...more, body }),
      get: (draft: string, more: CallOptions = {}) => raw('draftsGet', { ...more, params: { draft } }),
      update: (draft: string, revision: number, body: BodyOf<'draftsUpdate'>, more: CallOptions = {}) =>
        raw('draftsUpdate', { ...at(revision, more), params: { draft }, body }),
      remove: (draft: string, revision: number, more: CallOptions = {}) =>
        raw('draftsRemove', { ...at(revision, more), params: { draft } }),
      setNode: (
        draft: string,
        revision: number,
        path: string,
        body: BodyOf<'draftsSetNode'>,
        more: CallOptions & { before?: string } = {},
      ) => {
        const { before, ...rest } = more;
        return raw('draftsSetNode', {
          ...at(revision, rest),
          params: { draft, path },
          query: { before },
          body,
        });
      },
      removeNode: (draft: string, revision: number, path: string, more: CallOptions = {}) =>
        raw('draftsRemoveNode', { ...at(revision, more), params: { draft, path } }),
      validate: (draft: string, more: CallOptions = {}) =>
        raw('draftsValidate', { ...more, params: { draft }, body: {} }),
      finalize: (
        draft: string,
        revision: number,
        body: BodyOf<'draftsFinalize'> = {},
        more: CallOptions = {},
      ) => raw('draftsFinalize', { ...at(revision, more), params: { draft }, body }),
    },
    blueprints: {
      validate: (body: BodyOf<'blueprintsValidate'>, more: CallOptions = {}) =>
        raw('blueprintsValidate', { ...more, body }),
    },
    tokens: {
      list: async (more: CallOptions = {}) => (await raw('tokensList', more)).items,
      create: (body: BodyOf<'tokensCreate'>, more: CallOptions = {}) =>
        raw('tokensCreate', { ...more, body }),
      revoke: (id: string, more: CallOptions = {}) => raw('tokensRevoke', { ...more, params: { id } }),
    },
    /** Values go in, and never come out. */
    secrets: {
      list: (more: CallOptions = {}) => raw('secretsList', more),
      put: (secret: string, body: BodyOf<'secretsPut'>, more: CallOptions = {}) =>
        raw('secretsPut', { ...more, params: { secret }, body }),
      remove: (secret: string, more: CallOptions = {}) =>
        raw('secretsRemove', { ...more, params: { secret } }),
      rotate: (body: BodyOf<'secretsRotate'> = {}, more: CallOptions = {}) =>
        raw('secretsRotate', { ...more, body }),
    },
    whoami: (more: CallOptions = {}) => raw('whoami', more),
    livez: (more: CallOptions = {}) => raw('livez', more),
  };
}

export type Client = ReturnType<typeof createClient>;

/** Only if the document is at this revision. */
const at = (revision: number, more: CallOptions): CallOptions => ({
  ...more,
  headers: { ...more.headers, 'if-match': `"${revision}"` },
});

/** A call that waits on the server's side needs that much longer. */
const timeoutFor = (options: ClientOptions, waitSeconds = 0): number =>
  (options.timeoutMs ?? 30_000) + waitSeconds * 1000;

import { IceError } from '../../contracts/errors.ts';
import { ENDED } from '../../contracts/events.ts';
import { newId } from '../../contracts/ids.ts';
import type { JsonSchema } from '../../contracts/json.ts';
import type { Plan } from '../../contracts/plan.ts';
import type { RouteName } from '../../contracts/routes.ts';
import type { Run, RunPermissions } from '../../contracts/runs.ts';
import type { RunFrame, SeenRun } from '../../engine/feed.ts';
import type { RunRow } from '../../engine/ports.ts';
import { outlineOf } from '../../language/plan/outline.ts';
import type { Memory } from '../idempotency.ts';
import type { Reply } from '../incoming.ts';
import { decodeCursor, encodeCursor } from '../page.ts';
import { assertLive } from '../policy.ts';
import { asIceError } from '../problem.ts';
import { type Answer, type Call, callerName, type Handlers, missingOf } from '../route.ts';
import { contentHash, sourceOf } from '../run-request.ts';
import { type KnownRun, runEtag, runSummary, runView, shownEvent } from '../run-view.ts';
import type { Services } from '../services.ts';
import { eventStream } from '../sse.ts';
import type { Streams } from '../streams.ts';

type RunRoute = Extract<RouteName, `runs${string}`>;

export function runRoutes(services: Services, streams: Streams): Pick<Handlers, RunRoute> {
  const { runs, engine, clock, config } = services;
  /** What turns a reference into a plan, and inputs into checked ones: loaded when the first run is made. */
  const load = async () => {
    const { createCompiler, checkInputs } = await import('../new-runs.ts');
    return { compiler: createCompiler(services), checkInputs };
  };
  let making: ReturnType<typeof load> | undefined;

  const rowOf = async (
    name: RunRoute,
    call: { project: string; params: { id: string } },
  ): Promise<RunRow> => {
    const row = await runs.get(call.project, call.params.id);
    if (!row) throw missingOf(name, call.params);
    return row;
  };
  const answer = async (row: RunRow, status?: number, known?: KnownRun): Promise<Answer<Run>> => {
    const body: Run = await runView(services, row, known);
    return { body, etag: runEtag(body), ...(status === undefined ? {} : { status }) };
  };
  /** The run once it has ended, or as it is after the seconds that the call waits. */
  const settled = async (
    row: RunRow,
    call: { query: { wait: number }; signal: AbortSignal },
  ): Promise<SeenRun> =>
    call.query.wait === 0 || ENDED.has(row.state)
      ? { row }
      : engine.wait(row.project, row.id, call.query.wait * 1000, call.signal);
  /** Pause, resume and cancel: on the run as the caller saw it, if the caller says so. */
  const control = async (
    name: 'runsCancel' | 'runsPause' | 'runsResume',
    call: Pick<Call<'runsPause'>, 'project' | 'params' | 'header'>,
    act: () => Promise<RunRow>,
  ): Promise<Answer<Run>> => {
    const row = await rowOf(name, call);
    const match = call.header('if-match');
    const etag = `"${runEtag(runSummary(row, clock.now()))}"`;
    if (match !== undefined && match !== '*' && !match.split(',').some((each) => each.trim() === etag))
      throw new IceError('stale', 'The run has gone on since it was read', {
        hint: `Read it again; its ETag is now ${etag}`,
        details: { etag },
      });
    return answer(await act(), 202);
  };

  return {
    runsCreate: async (call) => {
      const { body, project, token } = call;
      const source = sourceOf(body, token);
      const hash = await contentHash(services.sha256, body);
      const by = callerName(token);
      const fresh = async () => {
        making ??= load();
        const { compiler, checkInputs } = await making;
        const { plan, planDigest } = await compiler.plan(project, source, by);
        const inputs = checkInputs(plan, body.inputs, call.longIntegers);
        await services.assertStartable?.(project, plan, body.maxCost);
        return { plan, planDigest, inputs };
      };
      let made: Awaited<ReturnType<typeof fresh>>;
      try {
        made = await fresh();
      } catch (error) {
        // What could be made when the run was is not asked of a repeated request.
        const there = body.id === undefined ? undefined : await runs.get(project, body.id);
        if (there?.contentHash !== hash) throw error;
        return answer((await settled(there, call)).row, 200);
      }
      const { row, created } = await engine.create({
        ...made,
        project,
        id: body.id ?? newId('run', clock.now()),
        contentHash: hash,
        createdBy: by,
        ...(body.deadlineMs === undefined ? {} : { deadlineMs: body.deadlineMs }),
        ...(body.maxCost === undefined ? {} : { maxCost: body.maxCost }),
      });
      const seen = await settled(row, call);
      if (!created) return answer(seen.row, 200);
      const secret = made.plan.writeOnly.length > 0;
      return answer(seen.row, 201, secret ? undefined : { inputs: made.inputs, end: seen.end });
    },

    runsList: async ({ project, query }) => {
      const before =
        query.cursor === undefined ? undefined : decodeCursor(query.cursor, ['number', 'string']);
      const rows = await runs.list({
        project,
        limit: query.limit + 1,
        ...(query.state === undefined ? {} : { state: query.state }),
        ...(query.name === undefined ? {} : { name: query.name }),
        ...(before === undefined
          ? {}
          : { before: { createdAt: before[0] as number, id: before[1] as string } }),
      });
      const items = rows.slice(0, query.limit);
      const last = items.at(-1);
      const now = clock.now();
      return {
        body: {
          items: items.map((row) => runSummary(row, now)),
          next: rows.length > query.limit && last ? encodeCursor([last.createdAt, last.id]) : null,
        },
      };
    },

    runsGet: async (call) => answer((await settled(await rowOf('runsGet', call), call)).row),

    runsOutline: async (call) => {
      const row = await rowOf('runsOutline', call);
      const plan = await runs.plan(row.planDigest);
      if (!plan) throw missingOf('runsOutline', call.params);
      return {
        body: {
          outline: outlineOf(plan),
          outputs: await outputSchemas(services, row, plan),
          permissions: permissionsOf(plan),
        },
        etag: row.planDigest,
      };
    },

    runsEvents: async (call): Promise<Reply> => {
      const row = await rowOf('runsEvents', call);
      const after = call.query.after ?? lastEventId(call.header('last-event-id'));
      const plan = await runs.plan(row.planDigest);
      const writeOnly = plan?.writeOnly ?? [];
      if (/application\/(x-)?ndjson/.test(call.header('accept') ?? ''))
        return {
          status: 200,
          headers: { 'content-type': 'application/x-ndjson' },
          content: journalLines(services, row, after, writeOnly),
        };

      const abort = streams.open(call.signal);
      const stream = eventStream({
        entries: shownEntries(engine.follow(row.project, row.id, after, abort.signal), writeOnly),
        ended: () => runs.get(row.project, row.id),
        heartbeatMs: config.heartbeatMs ?? 15_000,
        stillAllowed: async () => {
          const token = await services.tokens.byHash(call.token.hash);
          if (!token) throw new IceError('unauthenticated', 'The token is not known here any more');
          assertLive(token, clock.now());
        },
        abort,
        asError: (error) => {
          services.log({ level: 'warn', message: `a stream of ${row.id} broke`, error });
          return asIceError(error);
        },
        onClose: () => streams.closed(abort),
      });
      return {
        status: 200,
        headers: { 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' },
        content: stream,
      };
    },

    runsCancel: (call) =>
      control('runsCancel', call, () =>
        engine.cancel(call.project, call.params.id, {
          by: callerName(call.token),
          force: call.body.force,
          ...(call.body.reason === undefined ? {} : { reason: call.body.reason }),
        }),
      ),
    runsPause: (call) => control('runsPause', call, () => engine.pause(call.project, call.params.id)),
    runsResume: (call) =>
      control('runsResume', call, () => engine.resume(call.project, call.params.id, callerName(call.token))),
  };
}

/** A repeated creation answers with the run as it is now, not as it was. */
export function runMemories(
  services: Services,
): Partial<Record<RouteName, (call: Call<RouteName>) => Memory>> {
  const memory = (call: Call<RouteName>): Memory => ({
    keep: (body) => ({ id: (body as Run).id }),
    recall: async (kept) => {
      const row = await services.runs.get(call.project, (kept as { id: string }).id);
      if (!row) throw missingOf('runsGet', kept);
      return runView(services, row);
    },
  });
  return { runsCreate: memory, runsCancel: memory, runsPause: memory, runsResume: memory };
}

/** The schemas of the outputs by name: what a client needs to save them as files. `true` = nothing is known. */
async function outputSchemas(
  services: Services,
  row: RunRow,
  plan: Plan,
): Promise<Record<string, JsonSchema>> {
  const { loadManifest } = await import('../catalog.ts');
  const manifest =
    (await loadManifest(services, row.project, row.digest)) ??
    (await services.std.byDigest(row.digest))?.version.manifest;
  const output = typeof manifest?.output === 'object' ? manifest.output : {};
  const properties = (output['properties'] ?? {}) as Record<string, JsonSchema>;
  return Object.fromEntries(
    Object.keys(plan.outputs).map((name) => [
      name,
      // A tool whose result has no fields of its own gives it as one output.
      properties[name] ?? (name === 'result' && manifest?.kind !== 'workflow' ? output : true),
    ]),
  );
}

/** The plan holds every tool with the permissions that it declared, so the record is as old as the run. */
const permissionsOf = (plan: Plan): RunPermissions[] =>
  Object.values(plan.components)
    .filter(({ manifest }) => manifest.kind === 'tool')
    .map(({ ref, manifest: { kind, runtime, permissions } }) => ({
      component: ref,
      kind,
      runtime,
      ...permissions,
    }));

function lastEventId(header: string | undefined): number {
  if (header === undefined || header === '') return 0;
  if (!/^\d{1,15}$/.test(header))
    throw new IceError('bad_request', 'Last-Event-ID is not the number of an event', {
      hint: 'It is the `seq` of the last event seen',
    });
  return Number(header);
}

async function* shownEntries(
  entries: AsyncIterable<RunFrame>,
  writeOnly: readonly string[],
): AsyncIterable<RunFrame> {
  for await (const entry of entries)
    yield entry.kind === 'event' ? { kind: 'event', event: shownEvent(entry.event, writeOnly) } : entry;
}

const LINES_AT_ONCE = 500;

/** The journal as it is now, a line an event, read as it is taken. */
function journalLines(
  services: Services,
  row: RunRow,
  after: number,
  writeOnly: readonly string[],
): ReadableStream<Uint8Array> {
  let at = after;
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const events =
          at >= row.seq ? [] : await services.runs.events(row.project, row.id, at, LINES_AT_ONCE);
        if (events.length === 0) return controller.close();
        at = events.at(-1)!.seq;
        controller.enqueue(
          encoder.encode(
            `${events.map((event) => JSON.stringify(shownEvent(event, writeOnly))).join('\n')}\n`,
          ),
        );
      },
    },
    { highWaterMark: 0 },
  );
}

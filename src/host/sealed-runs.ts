import type { AnyRunEvent } from '../contracts/events.ts';
import type { Json, JsonObject } from '../contracts/json.ts';
import type { Engine } from '../engine/engine.ts';
import type { Change, RunStore } from '../engine/ports.ts';
import { open, seal } from '../secrets/envelope.ts';
import type { MasterKeys } from '../secrets/master-keys.ts';
import type { SealedValue } from '../secrets/port.ts';
import { createRedactor, type RedactedStream, type Redactor } from '../secrets/redactor.ts';

/** Runs whose `writeOnly` inputs, and whatever of a run's journal holds their values, are encrypted in the store. */
export interface SealedRuns {
  /** The store as the engine needs it: values as they were. */
  plain: RunStore;
  /** The store as anybody may see it: *** where such a value is. */
  shown: RunStore;
  /** What an engine over `plain` tells its followers, as anybody may see it. */
  shownFollow(follow: Engine['follow']): Engine['follow'];
}

interface SecretRun {
  about: string;
  redact: Redactor;
}

/** Begins a text that is a sealed value; nobody types it. */
const MARK = '\u0001ice:sealed:';
/** Runs remembered: whether they have such inputs, and their values. */
const MOST_KNOWN = 2_000;

/**
 * Seals on the way into a store and opens on the way out. The master keys are asked for by the first run with such an
 * input; without one its creation fails with `machine`. A run's journal is never written again, so a rotation leaves
 * it under the key of its time: that one has to stay among the keys while such runs are to be read.
 */
export function sealRuns(store: RunStore, load: (id?: string) => Promise<MasterKeys>): SealedRuns {
  let loaded: MasterKeys | undefined;
  /** Asked for before anything is sealed or opened: a commit waits for nothing. */
  const ready = async (id?: string): Promise<void> => {
    loaded = await load(id);
  };
  /** Runs by id (each project may have one of it), with their secrets, or null for a run without. */
  const known = new Map<string, { project: string; run: SecretRun | null }[]>();
  const knownOf = (project: string, runId: string): SecretRun | null | undefined => {
    const entries = known.get(runId);
    if (entries) for (const entry of entries) if (entry.project === project) return entry.run;
    return undefined;
  };
  const forget = (project: string, runId: string): void => {
    const others = known.get(runId)?.filter((entry) => entry.project !== project) ?? [];
    if (others.length === 0) known.delete(runId);
    else known.set(runId, others);
  };
  const remember = (project: string, runId: string, run: SecretRun | null): SecretRun | null => {
    forget(project, runId);
    if (known.size >= MOST_KNOWN) known.delete(known.keys().next().value!);
    known.set(runId, [...(known.get(runId) ?? []), { project, run }]);
    return run;
  };
  const aboutOf = (project: string, runId: string): string => `${project}\0input of ${runId}`;
  const sealOne = (value: Json, about: string): string =>
    MARK + JSON.stringify(seal(loaded!.current, JSON.stringify(value), about));
  const openOne = (text: string, about: string): Json =>
    JSON.parse(open(loaded!, JSON.parse(text.slice(MARK.length)) as SealedValue, about)) as Json;

  /** What a run's first event says of it. */
  const learn = async (
    project: string,
    runId: string,
    first: AnyRunEvent | undefined,
  ): Promise<SecretRun | null> => {
    const about = aboutOf(project, runId);
    const values: Json[] = [];
    // Not there yet: another process may still make it.
    if (first === undefined) return null;
    if (first.type === 'run.created')
      for (const value of Object.values(first.data.inputs))
        if (typeof value === 'string' && value.startsWith(MARK)) {
          await ready((JSON.parse(value.slice(MARK.length)) as SealedValue).key);
          values.push(openOne(value, about));
        }
    return remember(
      project,
      runId,
      values.length === 0 ? null : { about, redact: createRedactor(values.flatMap(textsIn)) },
    );
  };
  const secretRun = async (project: string, runId: string): Promise<SecretRun | null> => {
    const there = knownOf(project, runId);
    if (there !== undefined) return there;
    const [first] = await store.events(project, runId, 0, 1);
    return learn(project, runId, first);
  };

  const sealIn = (value: Json, run: SecretRun): Json => {
    if (typeof value !== 'object' || value === null)
      return run.redact.json(value) === value ? value : sealOne(value, run.about);
    if (Array.isArray(value)) return value.map((item) => sealIn(item, run));
    const keysOf = Object.keys(value);
    if (keysOf.some((key) => run.redact.text(key) !== key)) return sealOne(value, run.about);
    return Object.fromEntries(keysOf.map((key) => [key, sealIn(value[key]!, run)]));
  };
  const openIn = (value: Json, run: SecretRun): Json => {
    if (typeof value === 'string') {
      if (!value.startsWith(MARK)) return value;
      try {
        return openOne(value, run.about);
      } catch {
        // No value of ours: somebody's text that begins alike. Inputs, which must open, were opened to get here.
        return value;
      }
    }
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) return value.map((item) => openIn(item, run));
    return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, openIn(field, run)]));
  };
  const dataOf = (event: AnyRunEvent, change: (data: Json) => Json): AnyRunEvent =>
    ({ ...event, data: change(event.data as unknown as Json) }) as AnyRunEvent;

  const sealedCommit = async (change: Change, there: SecretRun | undefined): Promise<void> => {
    const run = there ?? (await secretRun(change.project, change.runId));
    if (!run) return store.commit(change);
    const { error } = change.patch;
    return store.commit({
      ...change,
      events: change.events.map((event) => dataOf(event, (data) => sealIn(data, run))),
      patch: error
        ? { ...change.patch, error: { ...error, message: run.redact.text(error.message) } }
        : change.patch,
    });
  };

  const plain: RunStore = {
    ...store,
    async create(run, lease) {
      const { row, plan, events } = run;
      const names = plan.writeOnly;
      const first = events[0];
      if (names.length === 0 || first?.type !== 'run.created') {
        remember(row.project, row.id, null);
        return store.create(run, lease);
      }
      await ready();
      const about = aboutOf(row.project, row.id);
      const inputs: JsonObject = { ...first.data.inputs };
      for (const name of names) if (inputs[name] !== undefined) inputs[name] = sealOne(inputs[name], about);
      const sealed: AnyRunEvent = { ...first, data: { ...first.data, inputs } };
      // Forgotten first: a run with this id may be there already, with other inputs.
      forget(row.project, row.id);
      const made = await store.create({ ...run, events: [sealed, ...events.slice(1)] }, lease);
      if (made.created) await learn(row.project, row.id, sealed);
      return made;
    },
    async events(project, runId, afterSeq, limit) {
      const events = await store.events(project, runId, afterSeq, limit);
      const run =
        knownOf(project, runId) ??
        (events[0]?.seq === 1 ? await learn(project, runId, events[0]) : await secretRun(project, runId));
      return run ? events.map((event) => dataOf(event, (data) => openIn(data, run))) : events;
    },
    commit(change: Change): Promise<void> {
      const there = knownOf(change.project, change.runId);
      // Nothing is awaited where it is known: commits of one turn of the event loop share a transaction.
      return there === null ? store.commit(change) : sealedCommit(change, there);
    },
    async cachePut(key, entry) {
      // What others may be given is never kept with somebody's secret in it.
      for (const { run } of known.get(entry.runId) ?? [])
        if (run && run.redact.json(entry.result) !== entry.result) return;
      return store.cachePut(key, entry);
    },
  };

  const show = (event: AnyRunEvent, run: SecretRun): AnyRunEvent =>
    dataOf(event, (data) => run.redact.json(data));
  return {
    plain,
    shown: {
      ...plain,
      async events(project, runId, afterSeq, limit) {
        const events = await plain.events(project, runId, afterSeq, limit);
        const run = events.length === 0 ? null : await secretRun(project, runId);
        return run ? events.map((event) => show(event, run)) : events;
      },
    },
    shownFollow: (follow) =>
      async function* (project, runId, afterSeq, signal) {
        // A model's text comes in pieces, a value may come in two of them.
        const streams = new Map<string, RedactedStream>();
        for await (const frame of follow(project, runId, afterSeq, signal)) {
          const run = await secretRun(project, runId);
          if (!run) yield frame;
          else if (frame.kind === 'event') yield { ...frame, event: show(frame.event, run) };
          else {
            const of = `${frame.frame.path}\0${frame.frame.attempt}`;
            const stream = streams.get(of) ?? run.redact.stream();
            streams.set(of, stream);
            const text = stream.push(frame.frame.text);
            if (text !== '') yield { ...frame, frame: { ...frame.frame, text } };
          }
        }
      },
  };
}

/** Every text that a value is written with. */
function textsIn(value: Json): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value === 'number') return [String(value)];
  if (typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap(textsIn);
}

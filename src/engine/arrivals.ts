import { ByRun } from './by-run.ts';

interface Arrival {
  isNew: boolean;
  settled: Promise<void>;
}

/** Runs that a worker is making, or taking up: whoever has a word for their driver waits until there is one. */
export class Arrivals {
  readonly #coming = new ByRun<Arrival>();

  /** Says that a run is on its way; the returned function that it has come, or never will. */
  expect({ project, id }: { project: string; id: string }, isNew: boolean): () => void {
    const { promise: settled, resolve } = Promise.withResolvers<void>();
    const arrival: Arrival = { isNew, settled };
    this.#coming.set(project, id, arrival);
    return () => {
      if (this.#coming.get(project, id) === arrival) this.#coming.delete(project, id);
      resolve();
    };
  }

  /** Resolves once the run has come, or never will; undefined when it is not on its way. */
  of(project: string, runId: string): Promise<void> | undefined {
    return this.#coming.get(project, runId)?.settled;
  }

  isNew(project: string, runId: string): boolean {
    return this.#coming.get(project, runId)?.isNew === true;
  }

  /** Resolves when no run is on its way. */
  async none(): Promise<void> {
    while (this.#coming.size > 0) {
      await Promise.all([...this.#coming.values()].map(({ settled }) => settled));
    }
  }
}

/**
 * Values by run. Run ids are unique in their project only, and nearly always everywhere: the id is the key, and the
 * project is compared, so that a look-up on the hot path builds no text.
 */
export class ByRun<Value> {
  private readonly entries = new Map<string, { project: string; value: Value }[]>();
  size = 0;

  get(project: string, runId: string): Value | undefined {
    const entries = this.entries.get(runId);
    if (entries) for (const entry of entries) if (entry.project === project) return entry.value;
    return undefined;
  }

  set(project: string, runId: string, value: Value): void {
    this.delete(project, runId);
    const entries = this.entries.get(runId);
    if (entries) entries.push({ project, value });
    else this.entries.set(runId, [{ project, value }]);
    this.size += 1;
  }

  delete(project: string, runId: string): void {
    const entries = this.entries.get(runId);
    const index = entries?.findIndex((entry) => entry.project === project) ?? -1;
    if (!entries || index < 0) return;
    entries.splice(index, 1);
    if (entries.length === 0) this.entries.delete(runId);
    this.size -= 1;
  }

  *values(): IterableIterator<Value> {
    for (const entries of this.entries.values()) for (const { value } of entries) yield value;
  }
}

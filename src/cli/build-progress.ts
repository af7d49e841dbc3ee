import type { Output } from './output.ts';

/** Building that is over before nobody needs to be told of. */
const PATIENCE_MS = 700;
const REDRAW_MS = 100;
/** Off a terminal a line that often, as a run that is followed there has. */
const HEARTBEAT_MS = 30_000;

/**
 * Says how far the building of many tools has come: one line on a terminal that counts up and is gone at the end, and
 * elsewhere a sign of life now and then.
 */
export function buildProgress(output: Output | undefined): {
  progress?: (done: number, total: number) => void;
  end(): void;
} {
  if (!output) return { end: () => {} };
  const { live } = output;
  let next = Date.now() + (live ? PATIENCE_MS : HEARTBEAT_MS);
  let drawn = false;
  return {
    progress(done, total) {
      const now = Date.now();
      if (now < next || done >= total) return;
      next = now + (live ? REDRAW_MS : HEARTBEAT_MS);
      const text = `Building ${done} of ${total} tools ${output.theme.mark.ellipsis}`;
      if (live) output.draw(`\r\x1B[2K${output.theme.dim(text)}`);
      else output.note(text);
      drawn = live;
    },
    end() {
      if (drawn) output.draw('\r\x1B[2K');
    },
  };
}

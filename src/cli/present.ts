import type { AnyRunEvent } from '../contracts/events.ts';
import type { NodeView, RunView } from '../contracts/run-view.ts';
import type { FollowEnd } from './follow.ts';
import { readKeys } from './keys.ts';
import type { Output } from './output.ts';
import { footerLines, type ViewName } from './render/footer.ts';
import { LiveScreen } from './render/live-screen.ts';
import { logLines } from './render/log-lines.ts';
import type { Frame } from './render/node-line.ts';
import { timelineLines } from './render/timeline.ts';
import { heartbeat, transitionLine } from './render/transition-lines.ts';
import { runHeading, treeLines, wholeTree } from './render/tree.ts';
import type { InputStream } from './stdin.ts';

/** Shows a run while it goes on, in one of the forms: a moving tree, lines, JSON lines, or nothing. */
export interface Presenter {
  /** Whether a person has seen why the run failed. */
  shows: boolean;
  event(event: AnyRunEvent, node: NodeView | undefined): Promise<void> | void;
  delta(): void;
  notice(text: string): void;
  /** The last form stays; the terminal is as it was. */
  end(end: FollowEnd): void;
  /** Only the terminal, at once. */
  restore(): void;
}

/** A run and who looks at it. */
export interface Audience {
  runId: string;
  /** `run`: this command made the run, and Ctrl-C cancels it. `watch`: it only looks. */
  mode: 'run' | 'watch';
  output: Output;
  stdin(): InputStream;
  /** This process may ask and be answered: signals mean what a person means by them. */
  person: boolean;
  /** False: nothing is shown but the end. */
  show: boolean;
  maxCost?: number | undefined;
}

export interface PresentRequest extends Audience {
  view: RunView;
  keys(key: 'd' | 'x' | 'ctrl-c'): void;
}

export function presenterFor(request: PresentRequest): Presenter {
  const { output } = request;
  if (output.mode !== 'text' || !request.show || output.quiet) return machine(request);
  return output.live ? live(request) : lines(request);
}

const silent: Presenter = {
  shows: false,
  event: () => {},
  delta: () => {},
  notice: () => {},
  end: () => {},
  restore: () => {},
};

const machine = ({ output }: PresentRequest): Presenter => ({
  ...silent,
  event: (event) => output.event(event),
});

function lines({ output, view, runId }: PresentRequest): Presenter {
  const { theme } = output;
  output.note(`${theme.dim('run')} ${runId}`);
  const beat = heartbeat(view, theme, (line) => output.note(line));
  return {
    ...silent,
    shows: true,
    event: async (event, node) => {
      const line = transitionLine(view, node, event, theme);
      if (line) output.note(line);
      beat.touch();
      await output.event(event);
    },
    notice: (text) => output.note(theme.warn(text)),
    end: () => beat.stop(),
  };
}

/** About 12 pictures a second, and none when nothing changed. */
const FRAME_MS = 80;
/** A run that is over at once shows its last picture only. */
const FIRST_MS = 120;
/** On a screen lower than that the picture scrolls. */
const LEAST_ROWS = 2;

function live(request: PresentRequest): Presenter {
  const { output, view, runId, maxCost } = request;
  const size = () => output.screen;
  const screen = new LiveScreen({ write: (text) => output.draw(text), size });
  let name: ViewName = 'tree';
  let notice: string | undefined;
  let ended = false;

  const frameNow = (moving: boolean): Frame => ({
    theme: output.theme,
    columns: size().columns - 1,
    now: view.clock(Date.now()),
    moving,
  });
  const draw = (): void => {
    const frame = frameNow(true);
    const keys = keyboard ? { view: name, canCancel: request.mode === 'run' } : undefined;
    const footer = footerLines(view, frame, {
      ...(maxCost === undefined ? {} : { maxCost }),
      ...(keys ? { keys } : {}),
      ...(notice ? { notice } : {}),
    });
    // The heading, an empty line, and the line that the cursor waits in.
    const rows = Math.max(LEAST_ROWS, size().rows - footer.length - 3);
    const body =
      name === 'tree'
        ? treeLines(view, frame, rows)
        : name === 'timeline'
          ? timelineLines(view, frame, rows)
          : logLines(view, frame, rows);
    screen.draw([runHeading(view, runId, frame), ...body, '', ...footer]);
  };
  const restore = (): void => {
    keyboard?.close();
    screen.restore();
  };
  const keyboard = readKeys(request.stdin(), (key) => {
    if (key === 't') name = name === 'timeline' ? 'tree' : 'timeline';
    else if (key === 'l') name = name === 'logs' ? 'tree' : 'logs';
    else if (key === 'd' || key === 'ctrl-c') request.keys(key);
    else if (key === 'x' && request.mode === 'run') request.keys('x');
    else return;
    if (!ended) draw();
  });
  process.once('exit', restore);
  let timer: NodeJS.Timeout | undefined = setTimeout(function tick() {
    draw();
    timer = setTimeout(tick, FRAME_MS);
  }, FIRST_MS);

  return {
    shows: true,
    event: (event) => output.event(event),
    delta: () => {},
    notice: (text) => {
      notice = text;
    },
    restore,
    end: () => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      timer = undefined;
      const frame = frameNow(false);
      const footer = footerLines(view, frame, maxCost === undefined ? {} : { maxCost });
      screen.done([...wholeTree(view, runId, frame), '', ...footer]);
      restore();
      process.off('exit', restore);
    },
  };
}

import { isDeepStrictEqual } from 'node:util';
import { Flags } from '@oclif/core';
import { IceError } from '../../contracts/errors.ts';
import type { Json } from '../../contracts/json.ts';
import { askTarget } from '../ask-target.ts';
import { IceCommand } from '../base-command.ts';
import { buildProject, errorsIn } from '../built-project.ts';
import { invalidProject } from '../findings.ts';
import { eventsFlag } from '../flags.ts';
import { openWorkbench } from '../local-workbench.ts';
import type { Outcome } from '../outcome.ts';
import { plural } from '../render/figures.ts';
import { type TestResult, testLines } from '../render/test-results.ts';
import { projectOf } from '../workspace.ts';

const AT_ONCE = 4;
const EXAMPLE_MS = 30_000;

export default class Test extends IceCommand<typeof Test> {
  static override summary = "Run the tools' examples";
  static override description =
    'Each example of a tool is a call; its result has to match the output schema and, where the example says one, the output itself. Offline: what a tool reaches for over the network is not there.';
  static override examples = ['ice test', 'ice test --filter price', 'ice test --json'];
  static override flags = {
    filter: Flags.string({
      description: 'Only tools or examples with this in their name',
      helpValue: 'TEXT',
    }),
    ...eventsFlag,
  };
  static override exitCodes = [1, 3];

  override async run(): Promise<Outcome> {
    const { flags, output } = this;
    const workspace = await this.workspace();
    const project = projectOf(workspace);
    const workbench = openWorkbench(project.root);
    try {
      const built = await buildProject({
        project,
        workbench,
        ask: (refs) => this.connected(workspace, ({ client }) => askTarget(client, refs)),
      });
      if (errorsIn(built.diagnostics).length > 0)
        throw invalidProject(output, built.diagnostics, built.texts);
      const cases = built.components
        .filter((component) => component.kind === 'tool')
        .flatMap((component) =>
          component.info.examples.map((example, i) => ({
            component,
            example,
            name: example.name ?? `example ${i + 1}`,
          })),
        )
        .filter(({ component, name }) => !flags.filter || `${component.name} ${name}`.includes(flags.filter));
      const results: TestResult[] = [];
      const queue = cases.entries();
      const work = async (): Promise<void> => {
        for (const [i, { component, example, name }] of queue) {
          const from = performance.now();
          const result: TestResult = { component: component.name, name, state: 'passed', durationMs: 0 };
          try {
            const got = await workbench.runTool(component, example.input, AbortSignal.timeout(EXAMPLE_MS));
            if (example.output !== undefined && !isDeepStrictEqual(got, example.output))
              Object.assign(result, {
                state: 'failed',
                expected: example.output,
                got,
                why: differenceOf(example.output, got),
              });
          } catch (error) {
            const { code, message } = IceError.from(error);
            Object.assign(result, { state: 'failed', why: `${code}: ${message}` });
          }
          result.durationMs = Math.round(performance.now() - from);
          results[i] = result;
          await output.event({ v: 1, ts: Date.now(), type: `test.${result.state}`, ...result });
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, work));
      const failed = results.filter((one) => one.state === 'failed').length;
      return {
        body: { tests: results, counts: { passed: results.length - failed, failed } },
        text: (view) => testLines(results, view),
        ...(failed > 0
          ? { error: new IceError('test_failed', `${plural(failed, 'test')} failed.`), told: true }
          : {}),
      };
    } finally {
      await workbench.close();
    }
  }
}

/** The first place where two values differ, in words. */
function differenceOf(expected: Json, got: Json, path = 'result'): string {
  if (expected !== null && got !== null && typeof expected === 'object' && typeof got === 'object') {
    if (Array.isArray(expected) !== Array.isArray(got)) return `${path} has another type`;
    const a = expected as Record<string, Json>;
    const b = got as Record<string, Json>;
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const at = Array.isArray(expected) ? `${path}[${key}]` : `${path}.${key}`;
      if (!(key in b)) return `${at} is missing`;
      if (!(key in a)) return `${at} is there, and was not expected`;
      if (!isDeepStrictEqual(a[key], b[key])) return differenceOf(a[key]!, b[key]!, at);
    }
  }
  return `${path} is ${JSON.stringify(got)}, expected ${JSON.stringify(expected)}`;
}

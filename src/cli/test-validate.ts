import type { Diagnostic } from '../contracts/diagnostics.ts';
import type { Project } from '../project/load-project.ts';
import { type BuiltProject, errorsIn } from './built-project.ts';
import type { Workbench } from './local-workbench.ts';
import { selectTests } from './test-files.ts';
import { gatherTests } from './test-jobs.ts';
import { nothingPushed } from './test-pushed.ts';

export interface ValidateTestsRequest {
  project: Project;
  built: BuiltProject;
  workbench: Workbench;
  cwd: string;
  /** Test files that were named; all of them when there are none. */
  named: readonly string[];
}

/** What is wrong with the tests of a project and their cassettes; nothing is run. */
export async function validateTests({
  project,
  built,
  workbench,
  cwd,
  named,
}: ValidateTestsRequest): Promise<{ diagnostics: Diagnostic[]; texts: Map<string, string> }> {
  const { diagnostics, texts } = await gatherTests({
    project,
    built,
    std: () => workbench.std(),
    pushed: nothingPushed(),
    selection: selectTests(project, cwd, named),
    filter: undefined,
    renews: false,
  });
  // A component that is broken counts as none: that it can't be tested only follows from that.
  const broken = errorsIn(built.diagnostics).length > 0;
  return { diagnostics: diagnostics.filter((one) => !(broken && one.code === 'ICE1802')), texts };
}

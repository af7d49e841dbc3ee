import { newComponent } from '../project/scaffold.ts';
import type { World } from './base-command.ts';
import type { Outcome } from './outcome.ts';
import { scaffoldText } from './render/scaffold.ts';
import { projectOf, type Workspace } from './workspace.ts';

/** `ice new tool|workflow`: the work that they share. */
export async function addComponent(
  kind: 'tool' | 'workflow' | 'agent',
  name: string,
  template: string | undefined,
  workspace: Workspace,
  { env, cwd }: World,
): Promise<Outcome> {
  const made = await newComponent({
    root: projectOf(workspace).root,
    kind,
    name,
    ...(template === undefined ? {} : { template }),
    env,
    from: cwd,
  });
  return { body: { ...made }, text: (view) => scaffoldText(made, `${kind} ${name}`, view) };
}

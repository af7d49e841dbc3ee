import type { Blueprint } from '../contracts/blueprint.ts';
import type { BuiltComponent } from '../contracts/components.ts';
import type { AgentDocument } from '../contracts/nodes/agent.ts';

/** A component of the project, built; documents come with what was read of them. */
export interface ProjectComponent extends BuiltComponent {
  blueprint?: Blueprint;
  agent?: AgentDocument;
}

import { join } from 'node:path';
import type { Diagnostic } from '../contracts/diagnostics.ts';
import { schemaErrors } from '../language/schema/index.ts';
import type { ExtractedTool } from '../sandbox/port.ts';
import type { Built } from './build-cache.ts';
import { readText } from './build-tool.ts';
import { policyFindings, toolFindings } from './component-findings.ts';
import { unknownFields } from './load-findings.ts';
import type { Project } from './load-project.ts';
import { undeclaredUses } from './undeclared-uses.ts';

const isModule = (file: string): boolean => /\.[mc]?[jt]sx?$/.test(file);

/** All that is wrong with a tool that could be built: from its own files and the policy of the project alone. */
export function findingsOfTool(
  project: Project,
  file: string,
  text: string,
  { said, code, ownFiles }: Built<ExtractedTool>,
): Diagnostic[] {
  return [
    ...unknownFields(file, text),
    ...toolFindings(file, text, said, schemaErrors),
    ...policyFindings(file, text, said, project.file.policy),
    ...undeclaredUses({
      file,
      text,
      permissions: said.permissions,
      code,
      others: ownFiles
        .filter((each) => each !== file && isModule(each))
        .map((each) => ({ file: each, text: readText(join(project.root, each)) })),
    }),
  ];
}

import { IceError } from '../contracts/errors.ts';
import type { ComponentKind } from '../contracts/ids.ts';
import type { Json, JsonObject } from '../contracts/json.ts';
import type { Run } from '../contracts/runs.ts';
import { readTest } from './read-test.ts';

/** A case that a run would pass. */
export function caseOfRun(run: Pick<Run, 'id' | 'state' | 'inputs' | 'outputs' | 'error'>): JsonObject {
  const name = `as in ${run.id}`;
  if (run.state === 'succeeded')
    return { name, inputs: run.inputs, output: (run.outputs ?? {}) as JsonObject };
  if (run.state === 'failed' && run.error) return { name, inputs: run.inputs, error: run.error.code };
  throw new IceError('usage', `The run ${run.id} is ${run.state}: it has no end that a test could expect.`, {
    hint: 'Take a run that succeeded or failed: ice runs list',
  });
}

export interface SaveRequest {
  /** The content of the file, if there is one. */
  text: string | undefined;
  /** For messages. */
  file: string;
  kind: ComponentKind;
  name: string;
  case: JsonObject;
}

/**
 * The text of a test file with one more case; comments and all else stay as they were. Errors: `validation_failed`
 * when the file is no test file, `conflict` when it tests something else or has a case of that name.
 */
export async function withCase(request: SaveRequest): Promise<string> {
  const { text, file, kind, name } = request;
  const { parseDocument, stringify } = await import('yaml');
  const written = { lineWidth: 0, aliasDuplicateObjects: false } as const;
  if (text === undefined)
    return `# yaml-language-server: $schema=https://iceos.dev/schemas/test.json\n${stringify(
      { test: name, run: `${kind}/${name}`, cases: [request.case as Json] },
      written,
    )}`;
  const { test, ref, diagnostics } = readTest({ text, file });
  if (!test || diagnostics.some((each) => each.severity === 'error'))
    throw new IceError('validation_failed', `${file} is no test file that can be added to.`, {
      hint: `Correct it (ice test ${file} shows where), or name another file`,
      details: { diagnostics },
    });
  if (ref?.name !== name || (ref.kind !== undefined && ref.kind !== kind))
    throw new IceError('conflict', `${file} tests ${test.run}, and the run is of ${kind}/${name}.`, {
      hint: 'Name another file',
    });
  if (test.cases.some((one) => one.name === request.case['name']))
    throw new IceError('conflict', `${file} has a case "${String(request.case['name'])}" already.`, {
      hint: 'The run has been saved before',
    });
  const document = parseDocument(text);
  document.addIn(['cases'], document.createNode(request.case, { aliasDuplicateObjects: false }));
  return document.toString({ lineWidth: 0 });
}

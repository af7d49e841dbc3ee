import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { IceError } from '../contracts/errors.ts';
import type { ComponentKind } from '../contracts/ids.ts';
import type { OutlineNode, Run } from '../contracts/runs.ts';
import { explainFileError } from '../project/file-errors.ts';
import type { Outcome } from './outcome.ts';

export interface SaveTestRequest {
  file: string;
  run: Run;
  outline: readonly OutlineNode[];
  cwd: string;
  warn(message: string): void;
}

/** What stands for a value that is not shown. */
const HIDDEN = '***';

/** Writes a run as a case of a test: the same inputs have to give the same outputs, or fail in the same way. */
export async function saveTest({ file, run, outline, cwd, warn }: SaveTestRequest): Promise<Outcome> {
  if (!/\.test\.(ya?ml)$/.test(file))
    throw new IceError('usage', 'A test file is called NAME.test.yaml.', {
      hint: `ice runs show ${run.id} --save-test tests/${run.name.replace('/', '-')}.test.yaml`,
    });
  const path = resolve(cwd, file);
  const { caseOfRun, withCase } = await import('../testing/save-test.ts');
  const one = caseOfRun(run);
  const hidden = Object.entries(run.inputs).filter(([, value]) => value === HIDDEN);
  for (const [name] of hidden)
    warn(`The input ${name} is a secret that is not shown: put a value for the test in its place.`);
  const text = await withCase({
    text: read(path, file),
    file,
    kind: kindOf(run, outline),
    name: run.name,
    case: one,
  });
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  } catch (error) {
    throw explainFileError(error, path, 'write');
  }
  return {
    body: { file: path, case: one },
    text: ({ theme }) => [`${theme.good(theme.mark.ok)} ${file} has the case "${String(one['name'])}"`],
    next: [`ice test ${file}`],
  };
}

function read(path: string, file: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw explainFileError(error, file, 'read');
  }
}

/** A tool or an agent that was run by itself is a workflow of one node that is labelled with it. */
function kindOf(run: Run, outline: readonly OutlineNode[]): ComponentKind {
  const [only] = outline;
  if (outline.length !== 1 || only?.label?.replace(/@[^@]*$/, '') !== run.name) return 'workflow';
  return only.type === 'tool' || only.type === 'agent' ? only.type : 'workflow';
}

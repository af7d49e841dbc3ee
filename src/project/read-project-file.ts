import type { Diagnostic } from '../contracts/diagnostics.ts';
import { projectNameSchema } from '../contracts/id-schemas.ts';
import { type ProjectFile, projectFileSchema } from '../contracts/project.ts';
import { Collector } from '../language/diagnostics/collector.ts';
import { replaceValue } from '../language/diagnostics/fixes.ts';
import { isMap, Walk } from '../language/shape/walk.ts';
import { describeValue, type Shape, shapeOf } from '../language/shape/zod-shape.ts';
import type { DocumentSource } from '../language/source/document-source.ts';
import { readSource } from '../language/source/read-source.ts';
import { PROJECT_FILE } from './find-project.ts';
import { slug } from './slug.ts';

export interface ReadProjectFile {
  /** Absent when the text has errors. */
  file?: ProjectFile;
  source: DocumentSource;
  diagnostics: Diagnostic[];
}

const BEGIN = 'Begin with the name of the project: name: my-project';

/** The text of `ice.yaml` -> what it says, and all that is wrong with it at once. */
export function readProjectFile(text: string): ReadProjectFile {
  const { source, diagnostics, readable } = readSource({ text, file: PROJECT_FILE, begin: BEGIN });
  if (!readable) return { source, diagnostics };
  const found = new Collector(source);
  const parsed = projectFileSchema.safeParse(readShape(found, source.value));
  explainName(found, source.value);
  // The walk explains every slip that it knows; the schema itself has the last word.
  if (!parsed.success && found.errors === 0)
    for (const issue of parsed.error.issues)
      found.atValue('ICE1501', issue.path as (string | number)[], `${PROJECT_FILE}: ${issue.message}`);
  diagnostics.push(...found.diagnostics);
  const valid = parsed.success && !diagnostics.some((each) => each.severity === 'error');
  return { ...(valid ? { file: parsed.data } : {}), source, diagnostics };
}

function readShape(found: Collector, value: unknown): unknown {
  if (!isMap(value)) {
    found.atValue('ICE1101', [], `${PROJECT_FILE} is a map, and this is ${describeValue(value)}`, {
      help: BEGIN,
    });
    return undefined;
  }
  const shape = shapeOf(projectFileSchema) as Extract<Shape, { kind: 'object' }>;
  return new Walk(found).object(shape, value, [], { place: { kind: 'other' }, what: PROJECT_FILE }).value;
}

/** The walk reports a name of the wrong form in general words; here it gets its own. */
function explainName(found: Collector, value: unknown): void {
  const name = isMap(value) ? value['name'] : undefined;
  if (typeof name !== 'string' || projectNameSchema.safeParse(name).success) return;
  const general = found.diagnostics.findIndex((each) => each.path === 'name');
  if (general >= 0) found.diagnostics.splice(general, 1);
  const meant = slug(name);
  found.atValue('ICE1501', ['name'], `"${name.slice(0, 60)}" can't be the name of a project`, {
    help: `It is made of lower-case letters, digits and dashes, at most 63.${meant === '' ? '' : ` Write ${meant}.`}`,
    ...(meant === '' ? {} : { fix: replaceValue(found.source, ['name'], meant, `Write ${meant}`, false) }),
  });
}

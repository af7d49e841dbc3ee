import { type Blueprint, blueprintSchema } from '../../contracts/blueprint.ts';
import type { Diagnostic } from '../../contracts/diagnostics.ts';
import { COMPONENT_NAME } from '../../contracts/ids.ts';
import type { Json } from '../../contracts/json.ts';
import { Collector } from '../diagnostics/collector.ts';
import { replaceValue } from '../diagnostics/fixes.ts';
import { schemaErrors } from '../schema/check-schema.ts';
import { DocumentSource } from '../source/document-source.ts';
import type { Path } from '../source/path.ts';
import { Draft } from './draft.ts';
import { checkNodeFields } from './node-rules.ts';
import { checkIds, NodeWalk } from './nodes.ts';
import { checkSchemaDocument } from './schema-document.ts';
import { type Map as Fields, isMap } from './walk.ts';
import { describeValue, type Shape, shapeOf } from './zod-shape.ts';

/** A semantic version, as semver.org gives it. */
const SEMVER =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*)(?:\.(?:0|[1-9]\d*|\d*[A-Za-z-][0-9A-Za-z-]*))*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/;

export interface DraftResult {
  draft?: Draft;
  source: DocumentSource;
  out: Collector;
  /** Findings of the text, before those of `out`. */
  textual: Diagnostic[];
}

/** How a blueprint begins. */
export const BEGIN = 'Begin with `blueprint: 2`, `name:` and `nodes:`.';

/** A document that is JSON already: its findings have paths and no ranges. */
export const draftOfValue = (value: Json): DraftResult => draftOf(new DocumentSource({ value }), []);

/** The shape of everything in a document, and all that is not as it must be. */
export function draftOf(
  source: DocumentSource,
  textual: Diagnostic[],
  repaired: ReadonlySet<number> = new Set(),
): DraftResult {
  const out = new Collector(source, repaired);
  const result: DraftResult = { source, out, textual };
  if (!isMap(source.value)) {
    out.atValue('ICE1101', [], `A blueprint is a map, and this is ${describeValue(source.value)}`, {
      help: BEGIN,
    });
    return result;
  }
  if (predecessor(out, source.value)) return result;
  const walk = new NodeWalk(out);
  const { value, broken } = walk.object(
    shapeOf(blueprintSchema) as Extract<Shape, { kind: 'object' }>,
    withFormat(out, source.value),
    [],
    { place: { kind: 'blueprint' }, what: 'A blueprint' },
  );
  const blueprint = {
    ...value,
    blueprint: 2,
    name: nameOf(out, value['name'], broken),
    nodes: value['nodes'] ?? [],
    inputs: isMap(value['inputs']) ? inputsOf(out, source.value, walk, value['inputs']) : {},
    outputs: value['outputs'] ?? {},
  } as unknown as Blueprint;
  checkVersion(out, blueprint);
  if (!broken.has('nodes') && blueprint.nodes.length === 0) {
    out.atKey('ICE1120', ['nodes'], 'The blueprint has no nodes', {
      severity: 'warning',
      help: 'A run of it does nothing.',
    });
  }
  checkIds(out, walk, blueprint.nodes);
  const draft = new Draft(blueprint, walk.paths, walk.broken);
  walk.broken.set(blueprint, broken);
  checkNodeFields(out, draft);
  result.draft = draft;
  return result;
}

/** Documents of the predecessor say `schema_version`; they are rewritten as a whole. */
function predecessor(out: Collector, value: Fields): boolean {
  if (Object.hasOwn(value, 'blueprint') || !Object.hasOwn(value, 'schema_version')) return false;
  out.atKey('ICE1118', ['schema_version'], 'This is a blueprint of iceOS, in an older format', {
    help: `Rewrite it: ice import blueprint ${out.source.file}`,
  });
  return true;
}

/** `blueprint: 2` missing or with another number: reported here, since nothing else depends on it. */
function withFormat(out: Collector, value: Fields): Fields {
  const format = value['blueprint'];
  if (format === 2) return value;
  if (format === undefined) {
    const first = Object.keys(value)[0];
    const at = first === undefined ? 0 : out.source.keySpan([first]).start;
    const block = out.source.text.slice(out.source.text.lastIndexOf('\n', at - 1) + 1, at).trim() === '';
    out.atKey('ICE1119', [], 'A blueprint says its format: `blueprint: 2` is missing', {
      help: 'Add `blueprint: 2` as the first line.',
      fix: block
        ? { title: 'Add blueprint: 2', safe: true, edits: [{ start: at, end: at, text: 'blueprint: 2\n' }] }
        : undefined,
    });
  } else {
    const two = Number(format) === 2;
    out.atValue(
      'ICE1119',
      ['blueprint'],
      `This version reads blueprints of format 2, and this says ${JSON.stringify(format)}`,
      {
        help: two
          ? 'Write the number 2 without quotes.'
          : 'Write `blueprint: 2`. The version of the workflow itself stands under `version`.',
        fix: replaceValue(out.source, ['blueprint'], '2', 'Write 2', two),
      },
    );
  }
  return { ...value, blueprint: 2 };
}

function nameOf(out: Collector, name: unknown, broken: Set<string>): string {
  if (typeof name === 'string') return name;
  const written = (out.source.value as Fields)['name'];
  // The walk reports the wrong form in general words; here it gets its own.
  if (typeof written === 'string') {
    const last = out.diagnostics.findIndex((each) => each.path === 'name');
    if (last >= 0) out.diagnostics.splice(last, 1);
    const meant = written
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^[^a-z]+|-+$/g, '');
    const ok = COMPONENT_NAME.test(meant);
    out.atValue('ICE1116', ['name'], `'${written.slice(0, 60)}' cannot be the name of a workflow`, {
      help: `A name is made of lower-case letters, digits and dashes, begins with a letter${written.startsWith('std/') ? '; std/ is kept for first-party tools' : ''}.${ok ? ` Write ${meant}.` : ''}`,
      fix: ok ? replaceValue(out.source, ['name'], meant, `Write ${meant}`, false) : undefined,
    });
  }
  broken.add('name');
  return 'unnamed';
}

function checkVersion(out: Collector, blueprint: Blueprint): void {
  const { version } = blueprint;
  if (SEMVER.test(version)) return;
  const parts = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?$/.exec(version);
  const meant = parts ? `${Number(parts[1])}.${Number(parts[2] ?? 0)}.${Number(parts[3] ?? 0)}` : undefined;
  // A number that YAML made of it has been reported as a wrong type: this says the same and more.
  const earlier = out.diagnostics.findIndex((each) => each.path === 'version');
  if (earlier >= 0) out.diagnostics.splice(earlier, 1);
  out.atValue('ICE1115', ['version'], `'${version.slice(0, 60)}' is not a semantic version`, {
    help: meant ? `Write ${meant}: three numbers.` : 'Write three numbers, as 1.0.0.',
    fix: meant ? replaceValue(out.source, ['version'], meant, `Write ${meant}`, true) : undefined,
  });
}

/** Each input is a JSON Schema with our `optional`; its default has to match it. */
function inputsOf(out: Collector, document: Fields, walk: NodeWalk, inputs: Fields): Fields {
  const written = document['inputs'] ?? inputs;
  const result: Fields = {};
  for (const [name, schema] of Object.entries(isMap(written) ? written : inputs)) {
    const at = ['inputs', name];
    if (!/^[A-Za-z_][A-Za-z0-9_]{0,63}$/.test(name)) {
      out.atKey('ICE1108', at, `'${name.slice(0, 40)}' cannot be the name of an input`, {
        help: 'It is made of letters, digits and _, so that expressions can read it as inputs.name.',
      });
    }
    // Reported by the walk already, or below: nothing is known of the value then.
    const usable = checkSchemaDocument(out, schema, at, ['optional']);
    if (usable && isMap(schema) && Object.hasOwn(schema, 'default')) checkDefault(out, schema, at);
    result[name] = usable && isMap(schema) ? schema : {};
    if (!usable) walk.broken.set(result[name] as object, new Set(['schema']));
    if (isMap(schema) && 'optional' in schema && typeof schema['optional'] !== 'boolean') {
      out.atValue('ICE1104', [...at, 'optional'], '`optional` must be true or false');
    }
  }
  return result;
}

function checkDefault(out: Collector, schema: Fields, at: Path): void {
  const { optional: _optional, ...bare } = schema;
  const [error] = schemaErrors(bare, schema['default'] as Json);
  if (!error) return;
  out.atValue(
    'ICE1428',
    [...at, 'default'],
    `The default of '${String(at.at(-1))}' does not fit its schema: it ${error.message}`,
    {
      help: 'A run without this input would fail. Change the default, or the schema.',
    },
  );
}

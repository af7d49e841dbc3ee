import { isMap, type JsonMap } from '../json-pointer.ts';
import { sentence } from '../source-text.ts';
import type { Parameter } from './api.ts';
import type { Place } from './read-api.ts';

/** Headers of the call and of the connection itself; a document that names them as parameters means nothing by it. */
const OWN_HEADERS = new Set(
  'accept authorization connection content-length content-type cookie expect host keep-alive te trailer transfer-encoding upgrade'.split(
    ' ',
  ),
);

/** The parameters of an operation, those of its path included, each with a field of the input. */
export function readParameters(at: Place, path: string, item: JsonMap, operation: JsonMap): Parameter[] {
  const found = new Map<string, Parameter>();
  const lists: [unknown, string[]][] = [
    [item['parameters'], [...at.keys.slice(0, -1), 'parameters']],
    [operation['parameters'], [...at.keys, 'parameters']],
  ];
  for (const [list, keys] of lists) {
    if (list === undefined) continue;
    if (!Array.isArray(list)) {
      at.references.add('ICE1603', keys, '`parameters` is a list');
      continue;
    }
    for (const [index, raw] of list.entries()) {
      const where = [...keys, String(index)];
      const parameter = at.references.follow(raw, where);
      if (parameter === undefined) continue;
      const read = isMap(parameter) ? readParameter(at, parameter, where) : undefined;
      if (read) found.set(`${read.in} ${read.name}`, read);
      else if (!isMap(parameter) || typeof parameter['name'] !== 'string')
        at.references.add('ICE1603', where, 'A parameter needs a `name`, and `in` (path, query or header)');
    }
  }
  const inPath = new Set([...path.matchAll(/\{([^{}]+)\}/g)].map((match) => match[1]!));
  for (const parameter of [...found.values()])
    if (parameter.in === 'path' && !inPath.has(parameter.name)) found.delete(`path ${parameter.name}`);
  // A path that names a parameter which is not described: it is a text that must be given.
  for (const name of inPath)
    if (!found.has(`path ${name}`))
      found.set(`path ${name}`, {
        field: name,
        name,
        in: 'path',
        required: true,
        schema: { type: 'string' },
        description: '',
        style: 'plain',
      });
  return named([...found.values()]);
}

function readParameter(at: Place, parameter: JsonMap, keys: string[]): Parameter | undefined {
  const { name, in: place } = parameter;
  if (typeof name !== 'string' || name === '') return undefined;
  if (place !== 'path' && place !== 'query' && place !== 'header') return undefined;
  if (
    place === 'header' &&
    (OWN_HEADERS.has(name.toLowerCase()) || !/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name))
  )
    return undefined;
  let schema = parameter['schema'];
  let style = styleOf(place, parameter);
  if (schema === undefined && isMap(parameter['content'])) {
    const [type, media] = Object.entries(parameter['content'])[0] ?? [];
    schema = isMap(media) ? media['schema'] : {};
    if (type !== undefined && /json/i.test(type)) style = 'json';
  }
  schema ??= {};
  at.references.check(schema, [...keys, 'schema']);
  return {
    field: name,
    name,
    in: place,
    required: place === 'path' || parameter['required'] === true,
    schema,
    description: typeof parameter['description'] === 'string' ? sentence(parameter['description'], 250) : '',
    style,
    ...(place === 'header' && /^(x-)?idempotency-key$/i.test(name) ? { idempotencyKey: true as const } : {}),
  };
}

function styleOf(place: 'path' | 'query' | 'header', { style, explode }: JsonMap): Parameter['style'] {
  if (place !== 'query') return 'commas';
  switch (style) {
    case 'deepObject':
      return 'deep';
    case 'spaceDelimited':
      return explode === true ? 'plain' : 'spaces';
    case 'pipeDelimited':
      return explode === true ? 'plain' : 'pipes';
    default:
      return explode === false ? 'commas' : 'plain';
  }
}

/** A name that a path and a query share gets its place at the second: `id`, `id_query`. */
function named(parameters: Parameter[]): Parameter[] {
  const order = { path: 0, query: 1, header: 2 };
  const taken = new Set<string>();
  return parameters
    .sort((a, b) => order[a.in] - order[b.in])
    .map((parameter) => {
      let field = parameter.in === 'header' ? parameter.name.toLowerCase() : parameter.name;
      if (taken.has(field)) field = `${field}_${parameter.in}`;
      while (taken.has(field)) field += '_';
      taken.add(field);
      return { ...parameter, field };
    });
}

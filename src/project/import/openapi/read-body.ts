import { isMap, type JsonMap } from '../json-pointer.ts';
import { sentence } from '../source-text.ts';
import type { Body, Parameter } from './api.ts';
import type { Place } from './read-api.ts';

/** The body of an operation: of the types that it may have, the one that says most. */
export function readBody(at: Place, operation: JsonMap, parameters: Parameter[]): Body | undefined {
  if (operation['requestBody'] === undefined) return undefined;
  const keys = [...at.keys, 'requestBody'];
  const request = at.references.follow(operation['requestBody'], keys);
  if (request === undefined) return undefined;
  const content = isMap(request) ? request['content'] : undefined;
  if (!isMap(request) || !isMap(content)) {
    at.references.add('ICE1603', keys, 'A `requestBody` needs `content`: a schema for each type');
    return undefined;
  }
  const [type, media] = chosen(content) ?? [];
  if (type === undefined) return undefined;
  const kind = kindOf(type);
  if (kind === undefined) {
    at.problem ??= `its body is ${type.slice(0, 60)}, which a tool can't send`;
    return undefined;
  }
  const schema = (isMap(media) ? media['schema'] : undefined) ?? {};
  at.references.check(schema, [...keys, 'content', type, 'schema']);
  const taken = new Set(parameters.map((parameter) => parameter.field));
  let field = 'body';
  while (taken.has(field)) field = `request_${field}`;
  return {
    field,
    kind,
    contentType: kind === 'json' && type.startsWith('*') ? 'application/json' : type,
    required: request['required'] === true,
    schema,
    description: typeof request['description'] === 'string' ? sentence(request['description'], 250) : '',
    files: kind === 'multipart' ? filesOf(at, schema) : [],
    deep: kind === 'form' ? deepFields(media) : [],
  };
}

const ORDER = ['json', 'form', 'multipart', 'text', 'bytes'];

function chosen(content: JsonMap): [string, unknown] | undefined {
  const types = Object.entries(content);
  const rank = ([type]: [string, unknown]): number => {
    const kind = kindOf(type);
    return kind === undefined ? ORDER.length : ORDER.indexOf(kind);
  };
  return types.sort((a, b) => rank(a) - rank(b))[0];
}

export function kindOf(type: string): Body['kind'] | undefined {
  const bare = type.split(';')[0]!.trim().toLowerCase();
  if (/^application\/([\w.-]+\+)?json$|^text\/json$|^\*\/\*$|^application\/\*$/.test(bare)) return 'json';
  if (bare === 'application/x-www-form-urlencoded') return 'form';
  if (bare === 'multipart/form-data') return 'multipart';
  if (
    /^text\/|^application\/([\w.-]+\+)?(xml|yaml|x-yaml)$|^application\/(graphql|javascript|x-ndjson|jwt)$/.test(
      bare,
    )
  )
    return 'text';
  if (/^multipart\//.test(bare)) return undefined;
  return /^[\w.+*-]+\/[\w.+*-]+$/.test(bare) ? 'bytes' : undefined;
}

/** The fields of a form that are files: `format: binary`, or of 3.1 `contentMediaType`. */
function filesOf(at: Place, schema: unknown): string[] {
  const object = at.references.follow(schema, at.keys);
  if (!isMap(object) || !isMap(object['properties'])) return [];
  return Object.entries(object['properties'])
    .filter(([, field]) => {
      const type = at.references.follow(field, at.keys);
      return (
        isMap(type) &&
        (type['format'] === 'binary' ||
          (typeof type['contentMediaType'] === 'string' &&
            type['contentEncoding'] === undefined &&
            !/^text\/|json/.test(type['contentMediaType'])))
      );
    })
    .map(([name]) => name);
}

/** The fields of a form whose `encoding` says `deepObject`. */
function deepFields(media: unknown): string[] {
  const encoding = isMap(media) && isMap(media['encoding']) ? media['encoding'] : {};
  return Object.entries(encoding)
    .filter(([, each]) => isMap(each) && each['style'] === 'deepObject')
    .map(([name]) => name);
}

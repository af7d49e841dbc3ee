import { isMap, type JsonMap } from '../json-pointer.ts';
import type { Answer } from './api.ts';
import type { Place } from './read-api.ts';
import { kindOf } from './read-body.ts';

/** What an operation answers when it goes well: all of its 2xx answers, else `default`. */
export function readAnswer(at: Place, operation: JsonMap): Answer {
  const keys = [...at.keys, 'responses'];
  const none: Answer = { kind: 'none', schemas: [], empty: true, accept: '*/*' };
  const { responses } = operation;
  if (responses === undefined) return { ...none, kind: 'json', schemas: [{}] };
  if (!isMap(responses)) {
    at.references.add('ICE1603', keys, '`responses` is an object: a status to an answer');
    return none;
  }
  const good = Object.keys(responses).filter((status) => /^2(\d\d|XX)$/i.test(status));
  const statuses = good.length > 0 ? good.sort() : 'default' in responses ? ['default'] : [];
  const json: unknown[] = [];
  let other: { kind: 'text' | 'bytes'; type: string } | undefined;
  let empty = statuses.length === 0;
  for (const status of statuses) {
    const response = at.references.follow(responses[status], [...keys, status]);
    if (response === undefined) continue;
    const content = isMap(response) && isMap(response['content']) ? response['content'] : {};
    const types = Object.entries(content);
    if (types.length === 0) empty = true;
    const asJson = types.find(([type]) => kindOf(type) === 'json' && !/event-stream/.test(type));
    if (asJson) {
      const [type, media] = asJson;
      const schema = (isMap(media) ? media['schema'] : undefined) ?? {};
      at.references.check(schema, [...keys, status, 'content', type, 'schema']);
      json.push(schema);
    } else if (types.length > 0) {
      const [type] = types[0]!;
      other ??= { kind: kindOf(type) === 'bytes' ? 'bytes' : 'text', type };
    }
  }
  if (json.length > 0) return { kind: 'json', schemas: json, empty, accept: 'application/json' };
  if (other) return { kind: other.kind, schemas: [], empty, accept: other.type };
  return none;
}

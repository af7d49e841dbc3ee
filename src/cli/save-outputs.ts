import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import type { Client } from '../client/index.ts';
import type { Json, JsonSchema } from '../contracts/json.ts';
import type { Followed } from './follow.ts';

export interface SavedFile {
  output: string;
  /** Relative to where the command was started. */
  file: string;
  bytes: number;
}

/** Media type -> ending. What is not here is `.txt` when it is text, and `.json` when it is not a string. */
const ENDINGS: Record<string, string> = {
  'text/markdown': 'md',
  'text/plain': 'txt',
  'text/html': 'html',
  'text/csv': 'csv',
  'image/svg+xml': 'svg',
  'image/png': 'png',
  'image/jpeg': 'jpg',
  'application/json': 'json',
  'application/pdf': 'pdf',
  'application/yaml': 'yaml',
};

/**
 * Writes each output of a run to a file named after it. A string is written as it is (decoded, where its schema says
 * `contentEncoding: base64`) with the ending of its `contentMediaType`; everything else is JSON.
 */
export async function saveOutputs(
  { run }: Followed,
  dir: string,
  client: Client,
  cwd: string,
): Promise<SavedFile[]> {
  const folder = resolve(cwd, dir);
  const { outputs: schemas } = await client.runs.outline(run.id);
  mkdirSync(folder, { recursive: true });
  return Object.entries(run.outputs ?? {}).map(([output, value]) => {
    const { bytes, ending } = contentOf(value, schemas[output] as JsonSchema | undefined);
    // Names of outputs come from a document that others may have written.
    const name =
      output
        .replace(/[^\w.-]+/g, '_')
        .replace(/^\.+/, '_')
        .slice(0, 100) || 'output';
    const file = join(folder, /\.\w{1,5}$/.test(name) ? name : `${name}.${ending}`);
    writeFileSync(file, bytes);
    return { output, file: relative(cwd, file) || file, bytes: bytes.length };
  });
}

function contentOf(value: Json, schema: JsonSchema | undefined): { bytes: Buffer; ending: string } {
  if (typeof value !== 'string')
    return { bytes: Buffer.from(`${JSON.stringify(value, null, 2)}\n`), ending: 'json' };
  const { contentMediaType, contentEncoding } = (typeof schema === 'object' ? schema : {}) as Record<
    string,
    unknown
  >;
  const type =
    typeof contentMediaType === 'string' ? contentMediaType.split(';')[0]!.trim().toLowerCase() : '';
  const ending = ENDINGS[type] ?? (value.startsWith('<svg') ? 'svg' : 'txt');
  return {
    bytes: Buffer.from(value, contentEncoding === 'base64' ? 'base64' : 'utf8'),
    ending: ending ?? 'txt',
  };
}

import type { Diagnostic } from '../../contracts/diagnostics.ts';
import { type DocumentSource, ForeignDocument } from './foreign-document.ts';
import type { ImportedFile } from './import-folder.ts';
import { pointedAt, pointerKeys } from './json-pointer.ts';
import { apiSource, type Part } from './openapi/api-source.ts';
import { operationSource } from './openapi/operation-source.ts';
import { type ReadApiOptions, readApi } from './openapi/read-api.ts';
import { netHost } from './openapi/read-server.ts';
import { SchemaReach } from './schema-reach.ts';
import { UniqueNames } from './source-text.ts';

export interface OpenApiImport {
  /** Of the folder, and the beginning of the tools' names. */
  name: string;
  title: string;
  version: string;
  server: string;
  /** `_api.ts` and one file a tool. */
  files: ImportedFile[];
  tools: {
    name: string;
    operation: string;
    file: string;
    secrets: string[];
    net: string;
    /** Fields of its input that have to be given. */
    required: string[];
  }[];
  /** Every secret that some tool declares. */
  secrets: string[];
  /** Operations that can't be a tool, and why. */
  left: { operation: string; reason: string }[];
  /** Operations of the document, before any were chosen. */
  total: number;
  /** Tools with a schema that is left open in places, because it holds itself or is too large. */
  openSchemas: number;
}

export interface OpenApiOptions extends Omit<ReadApiOptions, 'url'> {
  /** Leave out the operations with errors instead of refusing the document. */
  skipInvalid?: boolean;
}

/**
 * An OpenAPI document as tools: one module an operation, and one that they share. Pure: nothing is written. Without
 * `import` there are errors among the diagnostics.
 */
export function importOpenApi(
  source: DocumentSource,
  options: OpenApiOptions = {},
): { import?: OpenApiImport; diagnostics: Diagnostic[] } {
  const { document, diagnostics: textual } = ForeignDocument.parse(source);
  if (!document) return { diagnostics: textual };
  const { api, diagnostics, total } = readApi(document, {
    ...options,
    ...(source.url === undefined ? {} : { url: source.url }),
  });
  if (!api) return { diagnostics };
  const { operations, left } = api;
  const wrong = diagnostics.filter((each) => each.severity === 'error');
  if (wrong.length > 0) {
    // Findings about the document as a whole can't be left out.
    const whole = wrong.some((each) => each.path === undefined || !each.path.startsWith('paths'));
    if (!options.skipInvalid || (whole && api.server === '')) return { diagnostics };
  }
  const resolve = (ref: string): unknown => {
    const keys = pointerKeys(ref);
    return keys === undefined ? undefined : pointedAt(document.value, keys);
  };
  const reach = new SchemaReach(resolve);
  const fileNames = new UniqueNames();
  const parts = new Set<Part>();
  const secrets = new Set<string>();
  let openSchemas = 0;
  const files: ImportedFile[] = [];
  const tools = operations.map((operation) => {
    const made = operationSource(api, operation, { reach, resolve });
    for (const part of made.parts) parts.add(part);
    for (const secret of made.secrets) secrets.add(secret);
    if (made.open > 0) openSchemas++;
    const own = operation.name.startsWith(`${api.name}-`)
      ? operation.name.slice(api.name.length + 1)
      : operation.name;
    const file = `${fileNames.take(own)}.ts`;
    files.push({ path: file, text: made.text });
    return {
      name: operation.name,
      operation: operation.id,
      file,
      secrets: made.secrets,
      net: netHost(operation.server ?? api.server),
      required: [
        ...operation.parameters.filter((each) => each.required).map((each) => each.field),
        ...(operation.body?.required ? [operation.body.field] : []),
      ],
    };
  });
  files.unshift({ path: '_api.ts', text: apiSource(api, source.name, parts) });
  return {
    import: {
      name: api.name,
      title: api.title,
      version: api.version,
      server: api.server,
      files,
      tools,
      secrets: [...secrets].sort(),
      left,
      total,
      openSchemas,
    },
    diagnostics: options.skipInvalid
      ? diagnostics.map((each) => ({ ...each, severity: 'warning' as const }))
      : diagnostics,
  };
}

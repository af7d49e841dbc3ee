import { readFileSync } from 'node:fs';
import type { RuntimeName } from '../contracts/components.ts';
import type { Diagnostic } from '../contracts/diagnostics.ts';
import { IceError } from '../contracts/errors.ts';
import { finding } from '../language/diagnostics/finding.ts';
import type { Bundle, ExtractedTool } from '../sandbox/port.ts';
import type { BuildCache, BuiltTool } from './build-cache.ts';
import type { BuiltBundle } from './bundle.ts';
import type { ComponentSource } from './component-sources.ts';

/**
 * Runs a bundle in a runtime and reads what it says of itself. The project never runs user code: it is handed this.
 * `runtime` is where the bundle must run: `node` for one that imports modules of Node.
 */
export type Extract = (bundle: Bundle, runtime: RuntimeName) => Promise<ExtractedTool>;

export interface ToolBuild {
  built?: BuiltTool;
  diagnostics: Diagnostic[];
  /** Whether it came from the cache. */
  cached: boolean;
}

/** Bundles a tool and reads what it says of itself, or takes both from the cache. */
export async function buildTool(
  root: string,
  source: ComponentSource,
  cache: BuildCache,
  extract: Extract,
): Promise<ToolBuild> {
  const kept = cache.get(source.file);
  if (kept) return { built: kept, diagnostics: kept.warnings, cached: true };

  const { bundle } = await import('./bundle.ts');
  let bundled: BuiltBundle;
  let tool: ExtractedTool;
  try {
    bundled = await bundle({ root, file: source.path });
    const guess: RuntimeName = bundled.nodeImports.length > 0 ? 'node' : 'sandbox';
    if (guess === 'node') bundled = await bundle({ root, file: source.path, runtime: 'node' });
    tool = await extract({ digest: bundled.digest, code: bundled.code }, guess);
    if (tool.runtime === 'node' && guess === 'sandbox') {
      // Packages may have a variant for Node, so the bundle that will run there is another one.
      bundled = await bundle({ root, file: source.path, runtime: 'node' });
      tool = await extract({ digest: bundled.digest, code: bundled.code }, 'node');
    }
  } catch (error) {
    return { diagnostics: failed(source, error), cached: false };
  }
  if (tool.runtime !== 'node' && bundled.nodeImports.length > 0)
    return { diagnostics: bundled.nodeImports.map(({ diagnostic }) => diagnostic), cached: false };

  const built: BuiltTool = {
    code: bundled.code,
    digest: bundled.digest,
    sourcesDigest: bundled.sourcesDigest,
    tool,
    warnings: bundled.warnings,
    ownFiles: bundled.inputs.filter((input) => input.own).map((input) => input.path),
  };
  cache.put(source.file, built, bundled.inputs);
  return { built, diagnostics: bundled.warnings, cached: false };
}

/** What the bundler or the runtime said, as diagnostics; what is no fault of the tool is thrown on. */
function failed(source: ComponentSource, error: unknown): Diagnostic[] {
  if (!(error instanceof IceError)) throw error;
  const found = error.details?.['diagnostics'];
  if (Array.isArray(found) && found.length > 0) return found as Diagnostic[];
  if (['machine', 'disk_full', 'read_only', 'unavailable', 'internal'].includes(error.code)) throw error;
  return [
    finding('ICE1508', source.file, `The tool can't be loaded: ${error.message}`, {
      ...(toolRange(readText(source.path)) ?? {}),
      help: error.hint ?? 'Its module must run by itself and export by default what defineTool returns.',
    }),
  ];
}

export const readText = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

/** Where a tool is defined in its file, for findings about it as a whole; undefined when that can't be told. */
export function toolRange(text: string): Pick<Diagnostic, 'range'> | undefined {
  const match = /\bdefineTool\b(?=\s*[(<])/.exec(text) ?? /\bexport\s+default\b/.exec(text);
  return match ? { range: rangeIn(text, match.index, match.index + match[0].length) } : undefined;
}

/** Where a field of the definition is written: `name: 'price'`. */
export function fieldRange(text: string, field: string): Pick<Diagnostic, 'range'> | undefined {
  const tool = toolRange(text)?.range?.start.offset ?? 0;
  const match = new RegExp(`(?<![\\w.])${field}\\s*:\\s*(['"\`])[^'"\`\\n]*\\1`).exec(text.slice(tool));
  if (!match) return toolRange(text);
  return { range: rangeIn(text, tool + match.index, tool + match.index + match[0].length) };
}

/** From one offset of a text to another, as a range of a finding. */
export function rangeIn(text: string, start: number, end: number): NonNullable<Diagnostic['range']> {
  const position = (offset: number) => {
    const before = text.slice(0, offset);
    return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n'), offset };
  };
  return { start: position(start), end: position(end) };
}

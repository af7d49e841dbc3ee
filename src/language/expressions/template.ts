import type { Expression, ExprFinding, Json, Ref } from './ast.ts';
import { parseExpression } from './parse.ts';
import { MAX_EXPRESSIONS, scan } from './scan.ts';

export type Path = (string | number)[];

/** A place for an expression in a string; `offset` is where its source starts there. */
export interface Placed {
  expression: Expression;
  offset: number;
}

/**
 * A JSON value with expressions in its strings, compiled. `single` keeps the type of its value, `text` joins. Plain
 * data, except that evaluation remembers code for its expressions.
 */
export type Template =
  | { kind: 'static'; value: Json }
  | { kind: 'single'; text: string; part: Placed }
  | { kind: 'text'; text: string; parts: (string | Placed)[] }
  | { kind: 'array'; items: Template[] }
  | { kind: 'object'; entries: [string, Template][] };

export type TemplateFinding = ExprFinding & { path: Path };
/** A reference, and the place in the value where it stands; offsets are within the string there. */
export type TemplateRef = Ref & { at: Path };

export interface ParsedTemplate {
  template: Template;
  findings: TemplateFinding[];
  refs: TemplateRef[];
}

const MAX_DEPTH = 200;

/**
 * Compiles any JSON value: every string in it may hold `{{ … }}`, keys are never templated. Never throws; with error
 * findings the template stands for the text as it is written. `path` is where the string stands in the value.
 */
export function parseTemplate(value: Json): ParsedTemplate {
  const reader = new TemplateReader();
  const template = reader.read(value, []);
  return { template, findings: reader.findings, refs: reader.refs };
}

/** Whether the template has no expressions, so that its value is known. */
export const isStatic = (template: Template): boolean => template.kind === 'static';

class TemplateReader {
  readonly findings: TemplateFinding[] = [];
  readonly refs: TemplateRef[] = [];

  read(value: Json, path: Path): Template {
    if (typeof value === 'string') return this.text(value, path);
    if (typeof value !== 'object' || value === null) return { kind: 'static', value };
    if (path.length > MAX_DEPTH) {
      this.report(path, 'ICE1314', 'The value is nested too deeply', 0, 0);
      return { kind: 'static', value: null };
    }
    if (Array.isArray(value)) {
      const items = value.map((item, i) => this.read(item, [...path, i]));
      return items.every(isStatic) ? { kind: 'static', value } : { kind: 'array', items };
    }
    const entries = Object.entries(value).map(([key, item]): [string, Template] => [
      key,
      this.read(item, [...path, key]),
    ]);
    return entries.every(([, item]) => isStatic(item))
      ? { kind: 'static', value }
      : { kind: 'object', entries };
  }

  report(path: Path, code: string, message: string, start: number, end: number, help?: string): void {
    const finding: TemplateFinding = { code, severity: 'error', message, start, end, path };
    this.findings.push(help === undefined ? finding : { ...finding, help });
  }

  text(text: string, path: Path): Template {
    if (!text.includes('{{')) return { kind: 'static', value: text };
    const parts: (string | Placed)[] = [];
    let expressions = 0;
    const before = this.findings.length;
    for (const part of scan(text)) {
      if (part.kind === 'text') {
        parts.push(part.text);
      } else if (part.kind === 'open') {
        this.report(
          path,
          'ICE1302',
          'This {{ is not closed',
          part.start,
          part.start + 2,
          "Close it with }}, or write {{ '{{' }} for the text {{.",
        );
      } else if (++expressions > MAX_EXPRESSIONS) {
        this.report(
          path,
          'ICE1314',
          `One text has more than ${MAX_EXPRESSIONS} expressions`,
          part.start - 2,
          text.length,
        );
        break;
      } else {
        const placed = this.expression(text, part.start, part.end, path);
        if (placed) parts.push(placed);
      }
    }
    if (this.findings.length > before) return { kind: 'static', value: text };
    // White space around a single expression belongs to the document (a YAML block ends with a line break).
    const visible = parts.filter((part) => typeof part !== 'string' || part.trim() !== '');
    const [only] = visible;
    if (visible.length === 1 && only !== undefined && typeof only !== 'string')
      return { kind: 'single', text, part: only };
    return { kind: 'text', text, parts };
  }

  expression(text: string, start: number, end: number, path: Path): Placed | undefined {
    const parsed = parseExpression(text.slice(start, end));
    if (!parsed.ok) {
      for (const finding of parsed.findings) {
        this.findings.push({ ...finding, start: finding.start + start, end: finding.end + start, path });
      }
      return undefined;
    }
    for (const ref of parsed.expression.refs) {
      this.refs.push({ ...ref, start: ref.start + start, end: ref.end + start, at: path });
    }
    return { expression: parsed.expression, offset: start };
  }
}

import type { Json, JsonObject } from '../../../contracts/json.ts';
import { isMap } from '../json-pointer.ts';
import { kebab } from '../source-text.ts';
import type { OldNode } from './old-document.ts';
import { Untranslatable } from './old-expression.ts';
import { type Names, translateExpression, translateTemplate } from './template-expression.ts';

/** A type and its fields. */
export interface Body {
  type: string;
  fields: JsonObject;
}

/** What writing a node needs to know of the document around it. */
export interface Writing {
  names: Names;
  /** Tells what is lost, and puts it as a comment over the node. */
  lose(node: OldNode, what: string): void;
  newId(old: string): string | undefined;
  write(node: OldNode): JsonObject;
}

/** A template of the old document; where it can't be translated it stays as text, and is told. */
export function template(text: string, node: OldNode, writing: Writing): string {
  try {
    return translateTemplate(text, writing.names);
  } catch (error) {
    if (!(error instanceof Untranslatable)) throw error;
    writing.lose(node, `a template: ${error.message}. It was:\n${text}`);
    // As text it does no harm; the braces would be read as an expression.
    return text.replaceAll('{{', '{ {').replaceAll('}}', '} }');
  }
}

/** An expression that stood without braces, or in them. */
export function expression(
  text: string | undefined,
  node: OldNode,
  writing: Writing,
  otherwise: string,
): string {
  const bare = /^\s*\{\{([\s\S]*)\}\}\s*$/.exec(text ?? '')?.[1] ?? text;
  if (bare === undefined || bare.trim() === '') {
    writing.lose(node, `an expression that is missing; ${otherwise} stands for it`);
    return `{{ ${otherwise} }}`;
  }
  try {
    return `{{ ${translateExpression(bare.trim(), writing.names)} }}`;
  } catch (error) {
    if (!(error instanceof Untranslatable)) throw error;
    writing.lose(
      node,
      `an expression: ${error.message}; ${otherwise} stands for it. It was:\n${bare.trim()}`,
    );
    return `{{ ${otherwise} }}`;
  }
}

export function translated(value: unknown, node: OldNode, writing: Writing): Json {
  if (typeof value === 'string') return template(value, node, writing);
  if (Array.isArray(value)) return value.map((item) => translated(item, node, writing));
  if (isMap(value))
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, translated(item, node, writing)]),
    );
  return (value ?? null) as Json;
}

/** `kits.search_tool` -> `search-tool`. */
export function componentName(old: string): string {
  const last = old.split(/[/:]/).at(-1)!;
  return (
    kebab(last.includes('.') ? last.split('.').at(-1)! : last)
      .slice(0, 80)
      .replace(/-+$/, '') || 'unnamed'
  );
}

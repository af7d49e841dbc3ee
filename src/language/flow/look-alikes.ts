import type { Collector } from '../diagnostics/collector.ts';
import type { Template } from '../expressions/template.ts';
import type { Scope } from '../graph/scope.ts';
import type { Path } from '../source/path.ts';

/** `${x.y}`, `{x.y}`, `$(x.y)`, `<%= x.y %>` and `$x.y`: how other tools write an expression. */
const FOREIGN =
  /\$\{\s*([A-Za-z_]\w*)[.[][^{}]*\}|(?<![{$])\{\s*([A-Za-z_]\w*)\.[\w.[\]]+\s*\}(?!\})|\$\(\s*([A-Za-z_]\w*)\.[\w.]+\s*\)|<%=?\s*([A-Za-z_]\w*)\.[^%]*%>|^\$([A-Za-z_]\w*)\.[\w.]+$/;

/** `load.rows` alone: an expression without its braces. */
const BARE = /^([A-Za-z_]\w*)(?:\.[A-Za-z_]\w*|\[\d+\])+$/;

/**
 * Warns of texts that look like expressions, in the form of another tool or without braces, and read something that
 * exists here. `reads` says whether an expression can be read where the text stands, and gives a known type.
 */
export function warnOfLookAlikes(
  out: Collector,
  template: Template,
  path: Path,
  scope: Scope,
  reads: (expression: string) => boolean,
): void {
  const known = (name: string) =>
    name === 'inputs' || scope.find(name) !== undefined || scope.isVariable(name);
  switch (template.kind) {
    case 'static':
      visit(template.value, path);
      return;
    case 'array':
      for (const [index, item] of template.items.entries())
        warnOfLookAlikes(out, item, [...path, index], scope, reads);
      return;
    case 'object':
      for (const [key, item] of template.entries) warnOfLookAlikes(out, item, [...path, key], scope, reads);
      return;
    default:
      return;
  }
  function visit(value: unknown, at: Path): void {
    if (typeof value === 'string') {
      const bare = value.length > 200 ? undefined : BARE.exec(value)?.[1];
      if (bare !== undefined && known(bare) && reads(value)) {
        out.within('ICE1137', at, 0, value.length, 'This reads like an expression, and is a plain text', {
          severity: 'warning',
          help: `Write {{ ${value} }}; if the text itself is meant, {{ '${value}' }}.`,
        });
        return;
      }
      const match = value.length > 10_000 || !/[${<]/.test(value) ? null : FOREIGN.exec(value);
      const name = match?.slice(1).find((group) => group !== undefined);
      if (!match || !name || !known(name)) return;
      const inner = match[0].replace(/^(?:\$\{|\$\(|\{|<%=?|\$)\s*/, '').replace(/\s*(?:\}|\)|%>)$/, '');
      out.within(
        'ICE1137',
        at,
        match.index,
        match.index + match[0].length,
        'This looks like an expression, and is a plain text',
        {
          severity: 'warning',
          help: `Write {{ ${inner} }}.`,
        },
      );
    } else if (Array.isArray(value)) for (const [index, item] of value.entries()) visit(item, [...at, index]);
    else if (typeof value === 'object' && value !== null) {
      for (const [key, item] of Object.entries(value)) visit(item, [...at, key]);
    }
  }
}

/** `/docs`: the generated OpenAPI document as one page, drawn on the server, without a script and without a network. */

interface Schema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: Schema[];
  additionalProperties?: boolean | Schema;
  default?: unknown;
  pattern?: string;
}
interface Operation {
  summary?: string;
  tags?: string[];
  'x-role'?: string;
  parameters?: { name: string; in: string; required?: boolean; description?: string; schema?: Schema }[];
  requestBody?: { content: Record<string, { schema?: Schema }> };
  responses?: Record<string, { description?: string; content?: Record<string, { schema?: Schema }> }>;
}
interface Document {
  info: { title: string; version: string; description?: string };
  paths: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, Schema> };
}

let drawn: Promise<{ html: string; policy: string }> | undefined;

/** The page and the content security policy that allows exactly its one style. */
export function docsPage(document: Record<string, unknown>): Promise<{ html: string; policy: string }> {
  drawn ??= draw(document as unknown as Document);
  return drawn;
}

async function draw(document: Document): Promise<{ html: string; policy: string }> {
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(STYLE)));
  const style = `'sha256-${btoa(String.fromCharCode(...hash))}'`;
  return {
    html: page(document),
    policy: `default-src 'none'; style-src ${style}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  };
}

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!);
const code = (text: string): string => escaped(text).replace(/`([^`]+)`/g, '<code>$1</code>');
const anchor = (text: string): string => text.replace(/[^a-zA-Z0-9]+/g, '-').replace(/^-|-$/g, '');

function page(document: Document): string {
  const groups = new Map<string, [string, string, Operation][]>();
  for (const [path, methods] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(methods)) {
      const tag = operation.tags?.[0] ?? 'other';
      groups.set(tag, [...(groups.get(tag) ?? []), [method.toUpperCase(), path, operation]]);
    }
  const schemas = document.components?.schemas ?? {};
  const inline = (schema: Schema): Schema => {
    const name = schema.$ref?.split('/').at(-1);
    return name !== undefined && OWN.test(name) ? (schemas[name] ?? schema) : schema;
  };
  const nav = [...groups]
    .map(
      ([tag, operations]) =>
        `<h2><a href="#${tag}">${escaped(tag)}</a></h2><ul>${operations
          .map(
            ([method, path]) =>
              `<li><a href="#${anchor(`${method} ${path}`)}"><b class="m ${method}">${method}</b> ${breakable(short(path))}</a></li>`,
          )
          .join('')}</ul>`,
    )
    .join('');
  const main = [...groups]
    .map(
      ([tag, operations]) =>
        `<section id="${tag}"><h2>${escaped(tag)}</h2>${operations.map(([method, path, operation]) => drawOperation(method, path, operation, inline)).join('')}</section>`,
    )
    .join('');
  const types = Object.entries(schemas)
    .filter(([name]) => !OWN.test(name))
    .map(
      ([name, schema]) =>
        `<details id="schema-${anchor(name)}" open><summary><code>${escaped(name)}</code></summary>${schema.description ? `<p>${code(schema.description)}</p>` : ''}${drawSchema(schema, 0)}</details>`,
    )
    .join('');
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escaped(document.info.title)}</title><style>${STYLE}</style></head><body><nav><h1>${escaped(document.info.title)} <small>${escaped(document.info.version)}</small></h1>${nav}<h2><a href="#schemas">schemas</a></h2></nav><main><header><p>${code(document.info.description ?? '')}</p><p>A call takes <code>Authorization: Bearer ice_…</code>, unless it says “no token”; what stands beside it is the least role of that token in the project. From a terminal, <code>ice api GET /v1/whoami</code> sends a call with the token of the target.</p><p>The same as a document: <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1).</p></header>${main}<section id="schemas"><h2>schemas</h2>${types}</section></main></body></html>`;
}

/** Schemas of one route alone are drawn where it is. */
const OWN = /(Body|Answer)$/;

/** A long path breaks before a part of it, never in a word. */
const breakable = (path: string): string => escaped(path).replaceAll('/', '<wbr>/');

const short = (path: string): string => path.replace('/v1/projects/{project}', '…');

function drawOperation(
  method: string,
  path: string,
  operation: Operation,
  inline: (schema: Schema) => Schema,
): string {
  const role = operation['x-role'] ?? 'none';
  const who = role === 'none' ? 'no token' : role === 'any' ? 'any token' : role;
  const parameters = operation.parameters ?? [];
  const body = Object.entries(operation.requestBody?.content ?? {});
  const answers = Object.entries(operation.responses ?? {});
  // The target of a link stands inside, because browsers open what is closed around it.
  return `<details><summary><b class="m ${method}">${method}</b> <code>${escaped(path)}</code> <span>${code(operation.summary ?? '')}</span> <em title="least role">${escaped(who)}</em></summary><a id="${anchor(`${method} ${path}`)}"></a>${
    parameters.length === 0
      ? ''
      : `<h4>Parameters</h4><table>${parameters
          .map(
            (each) =>
              `<tr><td><code>${escaped(each.name)}</code>${each.required ? '<sup title="required">*</sup>' : ''}</td><td>${escaped(each.in)}</td><td>${each.schema ? typeOf(each.schema) : ''}</td><td>${code(each.description ?? each.schema?.description ?? '')}</td></tr>`,
          )
          .join('')}</table>`
  }${body.map(([type, { schema }]) => `<h4>Body <small>${escaped(type)}</small></h4>${schema ? drawSchema(inline(schema), 0) : ''}`).join('')}${answers
    .map(
      ([status, { description, content }]) =>
        `<h4>${escaped(status)} <small>${escaped(description ?? '')}${Object.keys(content ?? {}).length > 0 ? ` · ${escaped(Object.keys(content!).join(', '))}` : ''}</small></h4>${Object.values(
          content ?? {},
        )
          .map(({ schema }) => (schema ? drawSchema(inline(schema), 0) : ''))
          .join('')}`,
    )
    .join('')}</details>`;
}

/** A type in a few words, with links to the schemas that have a name. */
function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) {
    const name = schema.$ref.split('/').at(-1)!;
    return `<a href="#schema-${anchor(name)}">${escaped(name)}</a>`;
  }
  if (schema.const !== undefined) return `<code>${escaped(JSON.stringify(schema.const))}</code>`;
  if (schema.enum)
    return schema.enum.map((each) => `<code>${escaped(JSON.stringify(each))}</code>`).join(' ');
  const some = schema.anyOf ?? schema.oneOf ?? schema.allOf;
  if (some) return some.map(typeOf).join(schema.allOf ? ' &amp; ' : ' or ');
  if (schema.items) return `${typeOf(schema.items)}[]`;
  return escaped(Array.isArray(schema.type) ? schema.type.join(' or ') : (schema.type ?? 'any'));
}

/** Beyond this the reader is better served by the document itself. */
const MOST_LEVELS = 4;

function drawSchema(schema: Schema, level: number): string {
  const inner = schema.items?.properties ? schema.items : schema;
  if (!inner.properties || level >= MOST_LEVELS)
    return level === 0 ? `<p class="t">${typeOf(schema)}</p>` : '';
  const rows = Object.entries(inner.properties).map(([name, property]) => {
    const deeper = property.properties || property.items?.properties ? drawSchema(property, level + 1) : '';
    const fallback =
      property.default === undefined
        ? ''
        : ` <small>default <code>${escaped(JSON.stringify(property.default))}</code></small>`;
    return `<tr><td><code>${escaped(name)}</code>${inner.required?.includes(name) ? '<sup title="required">*</sup>' : ''}</td><td>${typeOf(property)}</td><td>${code(property.description ?? '')}${fallback}${deeper}</td></tr>`;
  });
  return `<table>${rows.join('')}</table>`;
}

const STYLE = `:root{color-scheme:light dark;--bg:#fff;--fg:#1c2430;--dim:#66707f;--line:#e3e7ed;--soft:#f5f7fa;--link:#0b5cad;--get:#0b6e4f;--post:#0b5cad;--put:#8a5a00;--del:#b3261e}
@media(prefers-color-scheme:dark){:root{--bg:#11151b;--fg:#dfe5ee;--dim:#8f9bab;--line:#252c36;--soft:#181e26;--link:#79b8ff;--get:#5fd0a5;--post:#79b8ff;--put:#e3b566;--del:#ff8a80}}
*{box-sizing:border-box}a[id]{scroll-margin-top:4rem;display:block}body{margin:0;background:var(--bg);color:var(--fg);font:15px/1.55 system-ui,sans-serif;display:grid;grid-template-columns:20rem minmax(0,1fr)}
nav{position:sticky;top:0;height:100vh;overflow:auto;padding:1.5rem 1.25rem;border-right:1px solid var(--line);background:var(--soft);font-size:13px}
nav h1{font-size:1.1rem;margin:0 0 1rem}nav h1 small{color:var(--dim);font-weight:400}nav h2{font-size:.75rem;text-transform:uppercase;letter-spacing:.06em;margin:1.2rem 0 .3rem}nav h2 a{color:var(--dim)}
nav ul{list-style:none;margin:0;padding:0}nav li{padding-left:3.6rem;text-indent:-3.6rem}nav li .m{text-indent:0}nav li a{color:var(--fg)}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}main{padding:1.5rem 2.5rem 6rem;max-width:70rem}
section>h2{margin:2.5rem 0 .75rem;text-transform:capitalize}code{font:13px ui-monospace,SFMono-Regular,Menlo,monospace}
details{border:1px solid var(--line);border-radius:8px;margin:.5rem 0;padding:0 1rem}details[open]{padding-bottom:1rem}
summary{cursor:pointer;padding:.6rem 0;list-style:none;display:flex;gap:.75rem;align-items:baseline;flex-wrap:wrap}summary::-webkit-details-marker{display:none}
summary:focus-visible{outline:2px solid var(--link);outline-offset:2px}summary span{color:var(--dim);flex:1 1 20rem}summary em{font-style:normal;font-size:12px;border:1px solid var(--line);border-radius:99px;padding:0 .6rem;color:var(--dim)}
.m{font:600 11px ui-monospace,monospace;min-width:3.2rem;display:inline-block}.GET{color:var(--get)}.POST{color:var(--post)}.PUT{color:var(--put)}.DELETE{color:var(--del)}
h4{margin:1rem 0 .3rem}h4 small,small{color:var(--dim);font-weight:400}table{border-collapse:collapse;width:100%;font-size:14px}td{border-top:1px solid var(--line);padding:.35rem .75rem .35rem 0;vertical-align:top}
td:first-child{white-space:nowrap;width:1%}td:nth-child(2){color:var(--dim);max-width:22rem}sup{color:var(--del)}td table{margin-top:.4rem;border-left:2px solid var(--line);padding-left:.75rem;display:block}.t{color:var(--dim)}
:target{border-color:var(--link)}@media(max-width:60rem){body{display:block}nav{position:static;height:auto;border-right:0}main{padding:1rem}details{overflow-x:auto}summary code{overflow-wrap:anywhere}td:first-child{white-space:normal}}`;

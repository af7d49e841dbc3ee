import validRange from 'semver/ranges/valid.js';
import type { BlueprintNode } from '../../contracts/blueprint.ts';
import { COMPONENT_NAME, type ComponentKind, parseRef } from '../../contracts/ids.ts';
import type { Collector } from '../diagnostics/collector.ts';
import { replaceValue } from '../diagnostics/fixes.ts';
import { kindWithArticle, typeWithArticle } from '../diagnostics/type-words.ts';
import { suggest } from '../expressions/suggest.ts';
import { type Draft, nestedLists } from '../shape/draft.ts';
import type { Path } from '../source/path.ts';
import {
  type Callers,
  type Catalog,
  type CatalogEntry,
  type NodeReference,
  referencesIn,
  toolsIn,
} from './catalog.ts';
import { checkCallable, createNesting } from './check-nesting.ts';

const KINDS: ComponentKind[] = ['tool', 'workflow', 'agent'];

/** What each node runs; nodes whose reference could not be resolved are left out, the reason was reported. */
export type Resolved = Map<BlueprintNode, CatalogEntry>;

/** Resolves the references of all nodes, nested ones too. */
export function checkReferences(out: Collector, draft: Draft, catalog: Catalog): Resolved {
  const resolved: Resolved = new Map();
  const reader = createReader(out, `workflow/${draft.blueprint.name}`, catalog);
  const visit = (nodes: BlueprintNode[]) => {
    for (const node of nodes) {
      for (const each of referencesIn(node)) {
        const field = String(each.keys[0]);
        if (draft.isBroken(node, field)) continue;
        const entry = reader(each, [...draft.pathOf(node), ...each.keys]);
        if (entry && field === node.type) resolved.set(node, entry);
      }
      for (const list of nestedLists(node)) visit(list.nodes);
    }
  };
  visit(draft.blueprint.nodes);
  return resolved;
}

/** Resolves the `tools` of an agent's own document. */
export function checkAgentReferences(out: Collector, agent: Callers, catalog: Catalog): void {
  const reader = createReader(out, `agent/${agent.name}`, catalog);
  for (const each of toolsIn(agent)) reader(each, each.keys);
}

/** Reads one reference of a document whose `kind/name` is `own`: what it means, if it may be run. */
function createReader(out: Collector, own: string, catalog: Catalog) {
  const nests = createNesting(out, own, catalog);
  return (each: NodeReference, at: Path): CatalogEntry | undefined => {
    // Its own name may be in no catalog yet.
    if (`${each.kind}/${each.ref?.name}` === own) {
      nests({ manifest: { kind: each.kind, name: each.ref!.name } } as CatalogEntry, at);
      return undefined;
    }
    const entry = resolve(out, each.text, each.kind, at, catalog);
    if (!entry || !nests(entry, at)) return undefined;
    if (!isCalled(at)) return entry;
    checkCallable(out, entry, at);
    const other = KINDS.find(
      (kind) => kind !== each.kind && catalog.versions(kind, entry.manifest.name).length > 0,
    );
    if (other && parseRef(each.text)?.kind === undefined)
      out.atValue(
        'ICE1231',
        at,
        `There is a tool and ${kindWithArticle(other)} called '${entry.manifest.name}'`,
        {
          help: `Without a kind the tool is meant. Say so, tool/${each.text}, or write ${other}/${each.text}.`,
          fix: replaceValue(out.source, at, `tool/${each.text}`, `Write tool/${each.text}`, true),
        },
      );
    return entry;
  };
}

function resolve(
  out: Collector,
  text: string,
  kind: ComponentKind,
  at: Path,
  catalog: Catalog,
): CatalogEntry | undefined {
  if (text.includes('{{')) {
    out.atValue('ICE1206', at, `The ${kind} cannot be an expression`, {
      help: `A plan names its components, so that they can be pinned and checked. Choose between ${kind}s with a condition.`,
    });
    return undefined;
  }
  const ref = parseRef(text);
  if (!ref) {
    malformed(out, text, kind, at, catalog);
    return undefined;
  }
  if (ref.kind && ref.kind !== kind) {
    out.atValue('ICE1204', at, `${typeWithArticle(kind)} node cannot run the ${ref.kind} '${ref.name}'`, {
      help: `Change the node to \`type: ${ref.kind}\`, or name a ${kind}.`,
    });
    return undefined;
  }
  if (ref.range !== undefined && !isRange(ref.range)) {
    out.within(
      'ICE1207',
      at,
      text.length - ref.range.length,
      text.length,
      `'${ref.range}' is neither a range of versions nor a tag`,
      {
        help: 'Write ^1, ~1.2, 1.2.3, or the name of a tag.',
      },
    );
    return undefined;
  }
  const entry = catalog.resolve({ ...ref, kind });
  if (entry) return entry;
  const versions = catalog.versions(kind, ref.name);
  if (versions.length > 0) {
    const newest = versions[0]!;
    const major = /^(\d+)\./.exec(newest)?.[1];
    const range = major === undefined || major === '0' ? newest : `^${major}`;
    out.atValue(
      'ICE1203',
      at,
      `No version of the ${kind} '${ref.name}' fits ${ref.range ?? 'the tag latest'}`,
      {
        help: `There ${versions.length === 1 ? 'is' : 'are'} ${versions.slice(0, 6).join(', ')}${versions.length > 6 ? ` and ${versions.length - 6} more` : ''}. Write ${ref.name}@${range}.`,
        fix: replaceValue(
          out.source,
          at,
          `${text.slice(0, text.indexOf('@') < 0 ? undefined : text.indexOf('@'))}@${range}`,
          `Write @${range}`,
          false,
        ),
      },
    );
    return undefined;
  }
  unknown(out, text, ref, kind, at, catalog);
  // Only the prefix is missing: what follows is checked as it was meant.
  return catalog.resolve({ ...ref, name: `std/${ref.name}`, kind });
}

const isRange = (range: string): boolean =>
  validRange(range) !== null || /^[a-z][a-z0-9-]{0,49}$/.test(range);

function malformed(out: Collector, text: string, kind: ComponentKind, at: Path, catalog: Catalog): void {
  const cut = text.lastIndexOf('@');
  const name = cut > 0 ? text.slice(0, cut) : text;
  const range = cut > 0 ? text.slice(cut) : '';
  const colon = /^([^:@\s]+)[:=]+([\d^~].*)$/.exec(text);
  // A path of a file: what it holds is called by its name.
  const file = /^(?:[\w.-]+\/)*([\w-]+)\.(?:ya?ml|json|[cm]?[jt]s)$/.exec(name);
  const plain = (colon ? colon[1]! : file ? file[1]! : name)
    .trim()
    .toLowerCase()
    .replaceAll(/[_.\s]+/g, '-');
  const names = catalog.names(kind);
  const meant = names.includes(plain)
    ? plain
    : (suggest(plain, names) ?? (COMPONENT_NAME.test(plain) ? plain : undefined));
  const whole = meant && `${meant}${colon ? `@${colon[2]}` : range}`;
  out.atValue(
    'ICE1206',
    at,
    text.trim() === ''
      ? `The name of the ${kind} is missing`
      : `'${text.slice(0, 80)}' is not the name of a ${kind}`,
    {
      help: `A name is made of lower-case letters, digits and dashes; a range of versions follows an @, as price@^1.${whole ? ` Write ${whole}.` : ''}`,
      fix: whole ? replaceValue(out.source, at, whole, `Write ${whole}`, false) : undefined,
    },
  );
}

/** Whether a place is an entry of an agent's `tools`. */
const isCalled = (at: Path): boolean => at.at(-2) === 'tools';

function unknown(
  out: Collector,
  text: string,
  ref: { name: string; range?: string },
  kind: ComponentKind,
  at: Path,
  catalog: Catalog,
): void {
  const range = ref.range === undefined ? '' : `@${ref.range}`;
  const other = KINDS.find((each) => each !== kind && catalog.versions(each, ref.name).length > 0);
  if (other && isCalled(at)) {
    out.atValue(
      'ICE1204',
      at,
      `'${ref.name}' is ${kindWithArticle(other)}; without a kind, a tool is meant`,
      {
        help: `Write ${other}/${text}.`,
        fix: replaceValue(out.source, at, `${other}/${text}`, `Write ${other}/${text}`, true),
      },
    );
    return;
  }
  if (other) {
    out.atValue(
      'ICE1204',
      at,
      `'${ref.name}' is ${kindWithArticle(other)}, and a \`${kind}\` node runs a ${kind}`,
      {
        help:
          other === 'workflow'
            ? `Write \`type: workflow\` and \`workflow: ${text}\`, with \`inputs\` for its arguments.`
            : `Write \`type: ${other}\` and \`${other}: ${text}\`, with \`args\` for its input.`,
      },
    );
    return;
  }
  const names = out.full ? [] : catalog.names(kind);
  const [, server] = /^mcp\/([^/]+)\//.exec(ref.name) ?? [];
  if (server !== undefined) {
    const there = names.filter((name) => name.startsWith(`mcp/${server}/`));
    const near = suggest(ref.name, there);
    out.atValue('ICE1201', at, `There is no tool '${ref.name}'`, {
      help:
        there.length === 0
          ? `Pin the tools of the server ${server}, which mcpServers of ice.yaml declares: ice import mcp ${server}`
          : near
            ? `Did you mean '${near}'?`
            : `The server has ${there.slice(0, 8).join(', ')}${there.length > 8 ? ` and ${there.length - 8} more` : ''}. If it is new there: ice import mcp ${server}`,
      fix: near ? replaceValue(out.source, at, `${near}${range}`, `Write ${near}`, false) : undefined,
    });
    return;
  }
  if (names.includes(`std/${ref.name}`)) {
    out.atValue('ICE1205', at, `'${ref.name}' is a first-party ${kind}: its name begins with std/`, {
      help: `Write std/${ref.name}${range}.`,
      fix: replaceValue(out.source, at, `std/${ref.name}${range}`, `Write std/${ref.name}`, true),
    });
    return;
  }
  const near =
    suggest(ref.name, names) ??
    names.find(
      (name) =>
        name.endsWith(`/${ref.name.replace(/^std\//, '')}`) || name === ref.name.replace(/^std\//, ''),
    );
  out.atValue(kind === 'workflow' ? 'ICE1202' : 'ICE1201', at, `There is no ${kind} '${ref.name}'`, {
    help: near
      ? `Did you mean '${near}'?`
      : names.length === 0
        ? `Neither the project nor the target has ${kind === 'agent' ? 'an' : 'a'} ${kind}. Make one: ice new ${kind} ${ref.name}`
        : `There ${names.length === 1 ? 'is' : 'are'} ${names.slice(0, 8).join(', ')}${names.length > 8 ? ` and ${names.length - 8} more` : ''}.${ref.name.includes('/') ? '' : ` Make it: ice new ${kind} ${ref.name}`}`,
    fix: near ? replaceValue(out.source, at, `${near}${range}`, `Write ${near}`, false) : undefined,
  });
}

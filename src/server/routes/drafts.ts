import canonicalize from 'canonicalize';
import { type Blueprint, blueprintSchema } from '../../contracts/blueprint.ts';
import type { Manifest } from '../../contracts/components.ts';
import type { Draft, DraftSummary } from '../../contracts/drafts.ts';
import { IceError } from '../../contracts/errors.ts';
import { newId } from '../../contracts/ids.ts';
import type { Json, JsonObject } from '../../contracts/json.ts';
import {
  blueprintSchemas,
  canonicalBlueprint,
  checkBlueprint,
  documentText,
  parseBlueprint,
} from '../../language/index.ts';
import type { DraftRow } from '../../registry/ports.ts';
import { buildCatalog, loadVersion, type ReadyCatalog } from '../catalog.ts';
import { assertBounded, countNodes, nameOf, removeNode, setNode } from '../draft-document.ts';
import { decodeCursor, encodeCursor } from '../page.ts';
import { assertMatches } from '../precondition.ts';
import { type Answer, callerName, type Handlers, missingOf } from '../route.ts';
import type { Services } from '../services.ts';
import { resolveText, shownVersion } from '../versions.ts';
import { push } from './pushes.ts';

type DraftRoutes = Extract<keyof Handlers, `drafts${string}`>;
type Header = (name: string) => string | undefined;

/** The name that diagnostics of a draft have for its text. */
const FILE = 'draft.yaml';

/** Blueprints in the making: edited node by node by several hands, each of which has to have seen the last edit. */
export function draftRoutes(services: Services): Pick<Handlers, DraftRoutes> {
  const { drafts, clock } = services;

  const find = async (project: string, params: { draft: string }): Promise<DraftRow> => {
    const row = await drafts.get(project, params.draft);
    if (!row) throw missingOf('draftsGet', params);
    return row;
  };
  const held = async (project: string, params: { draft: string }, header: Header): Promise<DraftRow> => {
    const row = await find(project, params);
    assertMatches(header, String(row.revision), `The draft ${row.id}`);
    return row;
  };

  /** Reads, lets `edit` make the next document, and writes it if nobody else did meanwhile. */
  const change = async (
    project: string,
    params: { draft: string },
    header: Header,
    by: string,
    edit: (document: JsonObject) => JsonObject,
  ): Promise<Answer<Draft>> => {
    const row = await held(project, params, header);
    const document = edit(row.document);
    assertBounded(document);
    const next: DraftRow = {
      ...row,
      document,
      name: nameOf(document),
      revision: row.revision + 1,
      updatedAt: clock.now(),
      updatedBy: by,
    };
    if (!(await drafts.update(next))) throw overtaken(row);
    return shown(next);
  };

  return {
    draftsList: async ({ project, query }) => {
      const before =
        query.cursor === undefined ? undefined : (decodeCursor(query.cursor, ['string'])[0] as string);
      const rows = await drafts.list(project, {
        limit: query.limit + 1,
        ...(before === undefined ? {} : { before }),
      });
      const items = rows.slice(0, query.limit);
      const last = items.at(-1);
      return {
        body: {
          items: items.map(summaryOf),
          next: last && rows.length > items.length ? encodeCursor([last.id]) : null,
        },
      };
    },
    draftsCreate: async ({ project, body, token }) => {
      if (body.document !== undefined && body.from !== undefined)
        throw new IceError('bad_request', 'A draft begins with a document or from a workflow, not with both');
      const document =
        body.from === undefined
          ? { blueprint: 2, nodes: [], ...body.document }
          : await documentFrom(services, project, body.from);
      assertBounded(document);
      const now = clock.now();
      const by = callerName(token);
      const row: DraftRow = {
        project,
        id: newId('dft', now),
        name: nameOf(document),
        document,
        revision: 1,
        createdAt: now,
        createdBy: by,
        updatedAt: now,
        updatedBy: by,
      };
      await drafts.create(row);
      return shown(row);
    },
    draftsGet: async ({ project, params }) => shown(await find(project, params)),
    draftsUpdate: ({ project, params, body, header, token }) =>
      change(project, params, header, callerName(token), () => body.document),
    draftsRemove: async ({ project, params, header }) => {
      const row = await held(project, params, header);
      if (!(await drafts.remove(project, row.id, row.revision))) throw overtaken(row);
      return { body: undefined };
    },
    draftsSetNode: ({ project, params, query, body, header, token }) =>
      change(project, params, header, callerName(token), (document) =>
        setNode(document, params.path, body, query.before),
      ),
    draftsRemoveNode: ({ project, params, header, token }) =>
      change(project, params, header, callerName(token), (document) => removeNode(document, params.path)),
    draftsValidate: async ({ project, params }) => {
      const { document } = await find(project, params);
      const text = documentText(document);
      const { ok, diagnostics } = checkBlueprint(
        { text, file: FILE },
        await catalogFor(services, project, text),
      );
      return { body: { ok, text, diagnostics } };
    },
    draftsFinalize: async ({ project, params, body, header, token }) => {
      const row = await held(project, params, header);
      const text = documentText(
        body.version === undefined ? row.document : { ...row.document, version: body.version },
      );
      const catalog = await catalogFor(services, project, text);
      const { blueprint, diagnostics } = checkBlueprint({ text, file: FILE }, catalog);
      if (!blueprint) {
        const errors = diagnostics.filter((one) => one.severity === 'error');
        throw new IceError('validation_failed', `The draft is not whole: ${errors[0]!.message}`, {
          hint: 'See all that is missing: POST …/validate',
          details: { diagnostics: errors.slice(0, 100), text },
        });
      }
      if (!body.push) return { body: { text, plan: null, version: null } };
      const by = callerName(token);
      const item = await register(services, project, blueprint, catalog, by);
      const { plan } = await push(
        services,
        project,
        {
          items: [item],
          archiveMissing: false,
          allowBreaking: body.allowBreaking,
          allowPermissions: false,
          bump: false,
          dryRun: false,
        },
        by,
      );
      // It is a version now. One that was edited in this moment stays: its edit is in no version.
      await drafts.remove(project, row.id, row.revision);
      const rows = await services.registry.versions(project, { kind: 'workflow', name: item.name });
      const made = rows.find((one) => one.version === item.version)!;
      const entries = plan.entries.filter((entry) => entry.action !== 'missing');
      return {
        body: {
          text,
          plan: { ...plan, entries },
          version: shownVersion(made, await services.registry.tags(project)),
        },
      };
    },
  };
}

const overtaken = (row: DraftRow): IceError =>
  new IceError('stale', `The draft ${row.id} has changed since it was read`, {
    hint: 'Read it again, and decide anew',
  });

const summaryOf = (row: DraftRow): DraftSummary => ({
  id: row.id,
  name: row.name,
  revision: row.revision,
  nodes: countNodes(row.document),
  createdAt: new Date(row.createdAt).toISOString(),
  createdBy: row.createdBy,
  updatedAt: new Date(row.updatedAt).toISOString(),
  updatedBy: row.updatedBy,
});

const shown = (row: DraftRow): Answer<Draft> => ({
  body: { ...summaryOf(row), document: row.document },
  etag: String(row.revision),
});

async function catalogFor(services: Services, project: string, text: string): Promise<ReadyCatalog> {
  return buildCatalog(services, parseBlueprint({ text, file: FILE }).references, { project });
}

/** A registered workflow as a document again, with its version and description. */
async function documentFrom(services: Services, project: string, text: string): Promise<JsonObject> {
  const version = await resolveText(services, project, text.includes('/') ? text : `workflow/${text}`);
  if (version?.kind !== 'workflow' || version.origin === 'std')
    throw new IceError('not_found', `There is no workflow ${text} here`, {
      hint: 'See what there is: ice components list --kind workflow',
    });
  const { blueprint } = await loadVersion(services, project, version);
  return {
    ...(canonicalBlueprint(blueprint!) as JsonObject),
    version: version.version,
    ...(version.info.description === '' ? {} : { description: version.info.description }),
  };
}

/** Puts the content of the finished workflow there, as a client would upload it, and gives the item of its push. */
async function register(
  services: Services,
  project: string,
  blueprint: Blueprint,
  catalog: ReadyCatalog,
  by: string,
) {
  // Read once more, so that defaults are in it as in a document that a client built.
  const whole = blueprintSchema.parse(blueprint);
  const put = async (value: Json): Promise<string> => {
    const bytes = new TextEncoder().encode(canonicalize(value));
    const digest = `sha256:${await services.sha256(bytes)}`;
    await services.artifacts.put(project, digest, bytes, by);
    return digest;
  };
  const manifest: Manifest = {
    kind: 'workflow',
    name: whole.name,
    ...blueprintSchemas(whole, catalog),
    permissions: { net: [], secrets: [], limits: {} },
    runtime: 'sandbox',
    entry: await put(canonicalBlueprint(whole)),
  };
  const digest = await put(manifest as unknown as Json);
  return {
    kind: 'workflow' as const,
    name: whole.name,
    version: whole.version,
    digest,
    info: { description: whole.description ?? '', examples: [] },
  };
}

import { beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../src/contracts/ids.ts';
import { ROUTES, type Route, type RouteName } from '../../src/contracts/routes.ts';
import { ROLES, type Role } from '../../src/registry/ports.ts';
import { greet } from '../suites/client-components.ts';
import { type MemoryWorld, memoryWorld } from './memory-world.ts';

/**
 * field.md, item 10: scopes are enforced on every route; identity comes from the token; another org's (and another
 * project's) things are "not found". The cases are made from the route table, so a new route is in them by itself.
 */

const routes = Object.entries(ROUTES) as [RouteName, Route][];
const built = greet();
const RUN = newId('run');
const DRAFT = newId('dft');
let world: MemoryWorld;
const tokens = {} as Record<Role, string>;
let elsewhere: string;
let otherOrg: string;

beforeAll(async () => {
  world = await memoryWorld();
  for (const role of ROLES) tokens[role] = await world.token(role);
  elsewhere = await world.token('admin', { project: 'elsewhere' });
  otherOrg = await world.token('admin', { org: 'other', project: null });
  await world.register('home', built);
  await world.client(tokens.admin).runs.create({ id: RUN, ref: 'greet', inputs: { name: 'Ada' } });
});

/** A path of the route with things that are there, in a project. */
const pathOf = (route: Route, project: string, run: string): string =>
  route.path
    .replace('{project}', project)
    .replace('{kind}', 'workflow')
    .replace('{name}', 'greet')
    .replace('{digest}', built.item.digest)
    .replace('{draft}', DRAFT)
    .replace('{path}', 'say')
    .replace('{tag}', 'stable')
    .replace('{secret}', 'API_KEY')
    .replace('{id}', route.tag === 'runs' ? run : 'tok_none');

/** The least body that each write takes. */
const BODIES: Partial<Record<RouteName, unknown>> = {
  tokensCreate: { name: 'ci', role: 'viewer' },
  componentsResolve: { refs: [] },
  artifactsMissing: { digests: [] },
  pushesCreate: { items: [], dryRun: true },
  blueprintsValidate: { text: 'blueprint: 2' },
  draftsUpdate: { document: { nodes: [] } },
  draftsSetNode: { type: 'set' },
  componentsSetTag: { version: built.item.version },
  secretsPut: { value: 'a-value' },
  secretsRotate: {},
  runsCreate: { ref: 'greet', inputs: { name: 'Ada' } },
  runsCancel: {},
  runsPause: {},
  runsResume: {},
};

const draft = () => ({
  project: 'home',
  id: DRAFT,
  name: 'said',
  document: {
    blueprint: 2,
    name: 'said',
    version: '1.0.0',
    nodes: [{ id: 'say', type: 'set', values: { text: 'Hello' } }],
    outputs: { text: '{{ say.text }}' },
  },
  revision: 1,
  createdAt: 1,
  createdBy: 'test',
  updatedAt: 1,
  updatedBy: 'test',
});

/** Updates of versioned documents, which need a condition. */
const conditional = (route: Route): boolean => route.summary.includes('If-Match');

async function call(
  name: RouteName,
  route: Route,
  secret: string | undefined,
  project = '_',
): Promise<{ status: number; text: string }> {
  // A run that was cancelled can't be paused: those that change one get one of their own.
  const changes = route.method === 'POST' && route.path.includes('{id}') && project === '_';
  const run = changes
    ? (await world.client(tokens.admin).runs.create({ ref: 'greet', inputs: { name: 'Ada' } })).id
    : RUN;
  // A secret that was removed is gone: each call has one to remove.
  if (name === 'secretsRemove') await world.services.secrets!.set('home', 'API_KEY', 'a-value', 'test');
  // So is a tag; and who moves one says that it is there.
  if (route.path.includes('{tag}'))
    await world.services.registry.apply({
      project: 'home',
      base: await world.services.registry.revision('home'),
      versions: [],
      tags: [{ kind: 'workflow', name: 'greet', tag: 'stable', version: built.item.version }],
      archive: [],
    });
  // And a draft is as it was before anybody edited, removed or finalized it.
  if (route.path.includes('{draft}')) {
    const { drafts } = world.services;
    const there = await drafts.get('home', DRAFT);
    if (there) await drafts.remove('home', DRAFT, there.revision);
    await drafts.create(draft());
  }
  const body = route.bytes === undefined ? BODIES[name] : built.artifacts[1]![1];
  // NDJSON: the events end by themselves.
  const response = await world.send(secret, route.method, pathOf(route, project, run), {
    ...(body === undefined ? {} : { body }),
    headers: { accept: 'application/x-ndjson', ...(conditional(route) ? { 'if-match': '*' } : {}) },
  });
  return { status: response.status, text: await response.text() };
}

describe.each(routes)('%s', (name, route) => {
  test('without a token', async () => {
    const { status, text } = await call(name, route, undefined);
    if (route.role === 'none') expect(status).toBeLessThan(300);
    else {
      expect(status).toBe(401);
      expect(JSON.parse(text)).toMatchObject({ code: 'unauthenticated' });
    }
  });

  test.each(ROLES)('as %s', async (role) => {
    const { status, text } = await call(name, route, tokens[role]);
    const enough =
      route.role === 'none' ||
      route.role === 'any' ||
      ROLES.indexOf(role) >= ROLES.indexOf(route.role as Role);
    if (!enough) {
      expect(status).toBe(403);
      expect(JSON.parse(text)).toMatchObject({
        code: 'forbidden',
        details: { needs: route.role, has: role },
      });
    } else if (name === 'artifactsPut') {
      // Allowed by role, refused as untrusted code: the operator's token is another matter.
      expect(JSON.parse(text)).toMatchObject({ code: 'untrusted_code' });
    } else if (name === 'tokensRevoke') expect(status).toBe(404);
    else expect(status, text).toBeLessThan(300);
  });

  if (route.path.includes('{project}'))
    test("what is another project's, or another org's, is not there: byte for byte", async () => {
      for (const stranger of [elsewhere, otherOrg]) {
        const there = await call(name, route, stranger, 'home');
        const nowhere = await call(name, route, stranger, 'no-such-project');
        expect(there.status).toBe(404);
        expect(there).toEqual(nowhere);
        expect(there.text).not.toContain('home');
      }
    });
});

test('a thing of a foreign project and a thing that is not there have one answer', async () => {
  const own = await world.token('admin', { project: 'elsewhere' });
  for (const [name, route] of routes) {
    if (
      ![
        'runsGet',
        'runsOutline',
        'runsEvents',
        'runsCancel',
        'runsPause',
        'runsResume',
        'componentsGet',
        'componentsVersions',
        'componentsTag',
        'componentsSetTag',
        'componentsRemoveTag',
        'componentsArchive',
        'componentsRestore',
        'draftsGet',
        'draftsUpdate',
        'draftsRemove',
        'draftsSetNode',
        'draftsRemoveNode',
        'draftsValidate',
        'draftsFinalize',
        'artifactsGet',
      ].includes(name)
    )
      continue;
    expect(await call(name, route, own, 'home'), name).toEqual(await call(name, route, own, 'elsewhere'));
  }
});

test('identity comes from the token, from no header and no body', async () => {
  const response = await world.send(tokens.viewer, 'POST', '/v1/projects/_/runs', {
    body: { ref: 'greet', inputs: { name: 'x' } },
    headers: {
      'x-role': 'admin',
      'x-user': 'admin',
      'x-forwarded-user': 'admin',
      'x-project': 'elsewhere',
      cookie: `token=${tokens.admin}`,
    },
  });
  expect(response.status).toBe(403);
  const asked = await world.send(tokens.admin, 'POST', '/v1/projects/_/runs', {
    body: { ref: 'greet', inputs: { name: 'x' }, createdBy: 'somebody' },
  });
  expect(asked.status).toBe(400);
});

test('running unpublished content needs the role developer', async () => {
  const body = { digest: built.item.digest, inputs: { name: 'Ada' } };
  const as = async (role: Role) =>
    (await world.send(tokens[role], 'POST', '/v1/projects/_/runs', { body })).status;
  expect(await as('runner')).toBe(403);
  expect(await as('developer')).toBe(201);
});

test('an admin of one project makes, sees and revokes tokens of that project only', async () => {
  const admin = world.client(tokens.admin);
  const made = await admin.tokens.create({ name: 'ci', role: 'developer' });
  expect(made.project).toBe('home');
  await expect(
    admin.tokens.create({ name: 'ci', role: 'viewer', project: 'elsewhere' }),
  ).rejects.toMatchObject({ code: 'forbidden' });
  expect((await admin.tokens.list()).every((token) => token.project === 'home')).toBe(true);
  const theirs = (await world.client(elsewhere).tokens.list())[0]!;
  await expect(admin.tokens.revoke(theirs.id)).rejects.toMatchObject({ code: 'not_found' });
  expect((await world.client(made.secret).whoami()).name).toBe('ci');
  await admin.tokens.revoke(made.id);
  await expect(world.client(made.secret).whoami()).rejects.toMatchObject({
    code: 'unauthenticated',
    message: 'The token was revoked',
  });
});

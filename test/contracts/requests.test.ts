import { expect, test } from 'vitest';
import { REQUESTS } from '../../src/contracts/requests/index.ts';
import { requestOf } from '../../src/contracts/requests/load.ts';
import type { Requests } from '../../src/contracts/requests/request.ts';
import { ROUTES, type RouteName } from '../../src/contracts/routes.ts';

test('what a route takes is found by its name', async () => {
  const all: Requests = REQUESTS;
  for (const name of Object.keys(ROUTES) as RouteName[])
    expect(await requestOf(name), name).toEqual(all[name] ?? {});
  expect(Object.keys(all).filter((name) => !(name in ROUTES))).toEqual([]);
});

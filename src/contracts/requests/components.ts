import * as z from 'zod';
import { componentKindSchema, componentNameSchema } from '../id-schemas.ts';
import { page, project, projectParams, type Requests } from './request.ts';

const componentParams = z.object({ project, kind: componentKindSchema, name: componentNameSchema });
const tagParams = componentParams.extend({
  tag: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,49}$/)
    .describe('Lower-case letters, digits and dashes'),
});
const archiveBody = z
  .strictObject({ version: z.string().max(100).optional().describe('Absent: every version') })
  .prefault({});

export const COMPONENT_REQUESTS = {
  componentsList: {
    params: projectParams,
    query: page.extend({ kind: componentKindSchema.optional(), archived: z.stringbool().default(false) }),
  },
  componentsGet: {
    params: componentParams,
    query: z.object({
      range: z.string().max(100).optional().describe('A version, a range or a tag; absent: latest'),
    }),
  },
  componentsVersions: {
    params: componentParams,
    query: page,
  },
  componentsResolve: {
    params: projectParams,
    body: z.strictObject({
      refs: z.array(z.string().max(200)).max(1000).describe('tool/std/csv-parse@^1'),
      reach: z.boolean().default(false).describe('Also what each may touch through what it calls'),
    }),
  },
  componentsTag: {
    params: tagParams,
  },
  componentsSetTag: {
    params: tagParams,
    body: z.strictObject({ version: z.string().max(100) }),
  },
  componentsRemoveTag: {
    params: tagParams,
  },
  componentsArchive: {
    params: componentParams,
    body: archiveBody,
  },
  componentsRestore: {
    params: componentParams,
    body: archiveBody,
  },
} as const satisfies Requests;

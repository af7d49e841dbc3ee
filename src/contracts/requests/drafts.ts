import * as z from 'zod';
import {
  createDraftSchema,
  draftDocumentSchema,
  draftIdSchema,
  draftNodeSchema,
  draftPathSchema,
  finalizeDraftSchema,
} from '../drafts.ts';
import { page, project, projectParams, type Requests } from './request.ts';

const draftParams = z.object({ project, draft: draftIdSchema });
const draftNodeParams = draftParams.extend({ path: draftPathSchema });

export const DRAFT_REQUESTS = {
  draftsList: {
    params: projectParams,
    query: page,
  },
  draftsCreate: {
    params: projectParams,
    body: createDraftSchema,
  },
  draftsGet: {
    params: draftParams,
  },
  draftsUpdate: {
    params: draftParams,
    body: z.strictObject({ document: draftDocumentSchema }),
  },
  draftsRemove: {
    params: draftParams,
  },
  draftsSetNode: {
    params: draftNodeParams,
    query: z.object({
      before: z.string().max(64).optional().describe('Id of the sibling that it stands before; else last'),
    }),
    body: draftNodeSchema,
  },
  draftsRemoveNode: {
    params: draftNodeParams,
  },
  draftsValidate: {
    params: draftParams,
    body: z.strictObject({}).prefault({}),
  },
  draftsFinalize: {
    params: draftParams,
    body: finalizeDraftSchema,
  },
} as const satisfies Requests;

import * as z from 'zod';
import { digestSchema } from '../id-schemas.ts';
import { MOST_DIGESTS } from '../routes.ts';
import { project, projectParams, type Requests } from './request.ts';

const artifactParams = z.object({ project, digest: digestSchema });

export const ARTIFACT_REQUESTS = {
  artifactsPut: {
    params: artifactParams,
  },
  artifactsGet: {
    params: artifactParams,
  },
  artifactsMissing: {
    params: projectParams,
    body: z.strictObject({ digests: z.array(digestSchema).max(MOST_DIGESTS) }),
  },
} as const satisfies Requests;

import * as z from 'zod';
import { digestSchema } from '../id-schemas.ts';
import { projectParams, type Requests } from './request.ts';

export const validateRequestSchema = z.strictObject({
  /** The document's text, YAML or JSON. */
  text: z.string().max(4 * 1024 * 1024),
  file: z.string().max(500).default('blueprint.yaml'),
  /** Components that are not on the target: reference -> digest of an uploaded manifest. */
  pins: z.record(z.string(), digestSchema).default({}),
});

export const BLUEPRINT_REQUESTS = {
  blueprintsValidate: {
    params: projectParams,
    body: validateRequestSchema,
  },
} as const satisfies Requests;

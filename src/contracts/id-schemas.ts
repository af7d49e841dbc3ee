import * as z from 'zod';
import { COMPONENT_KINDS, COMPONENT_NAME, DIGEST, NODE_ID, PROJECT_NAME, RUN_ID } from './ids.ts';

export const nodeIdSchema = z.string().regex(NODE_ID);
export const componentNameSchema = z.string().max(100).regex(COMPONENT_NAME);
export const runIdSchema = z.string().regex(RUN_ID).describe('run_ and 26 characters, sortable by time');
export const digestSchema = z.string().regex(DIGEST).describe('sha256: and 64 hex digits');
export const projectNameSchema = z.string().regex(PROJECT_NAME);
export const componentKindSchema = z.enum(COMPONENT_KINDS);

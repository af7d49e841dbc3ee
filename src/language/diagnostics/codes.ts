import { EXPRESSION_CODES } from '../expressions/codes.ts';
import type { CodeEntry } from './codes/code-entry.ts';
import { IMPORT_CODES } from './codes/imports.ts';
import { PROJECT_CODES } from './codes/project.ts';
import { REFERENCE_CODES } from './codes/references.ts';
import { SHAPE_CODES } from './codes/shape.ts';
import { TEST_CODES } from './codes/tests.ts';
import { TEXT_CODES } from './codes/text.ts';

export type { CodeEntry } from './codes/code-entry.ts';

/**
 * Every diagnostic code. ICE10xx text, 11xx shape, 12xx references and order, 13xx expressions, 14xx types, 15xx
 * projects and components, 16xx imports, 17xx secrets, 18xx tests, 40xx bundling.
 * docs/reference/diagnostics has a page for each, made from this.
 */
export const CODES: Readonly<Record<string, CodeEntry>> = {
  ...TEXT_CODES,
  ...SHAPE_CODES,
  ...REFERENCE_CODES,
  ...EXPRESSION_CODES,
  ...PROJECT_CODES,
  ...IMPORT_CODES,
  ...TEST_CODES,
};

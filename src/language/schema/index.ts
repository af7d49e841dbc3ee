export { assertSchemaBounded, type BoundsProblem, boundsProblem, SCHEMA_LIMITS } from './bounds.ts';
export { checkSchema, type SchemaError, schemaErrors } from './check-schema.ts';
export { applyDefaults } from './defaults.ts';
export { patternProblem } from './pattern.ts';

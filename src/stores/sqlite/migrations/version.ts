/**
 * How many migrations there are. It is a number of its own so that opening a database that is up to date loads
 * neither kysely nor the migrations; a test holds it equal to the list's length.
 */
export const SCHEMA_VERSION = 5;

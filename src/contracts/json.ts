/** JSON, as it crosses every border of the product. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

/** A JSON Schema 2020-12: `true` and `{}` mean "unknown", `false` means "nothing". */
export type JsonSchema = boolean | { readonly [keyword: string]: unknown };

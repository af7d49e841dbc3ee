import type { JsonSchema } from '../../contracts/json.ts';

export type AjvCheck = (value: unknown) => boolean;

/**
 * Compiles a schema with ajv (2020-12, formats as cfworker checks them); undefined when ajv refuses it, so that the
 * slow checker goes on. ajv makes code from schemas, never from values; the bounds were asserted before.
 */
export async function compileWithAjv(schema: JsonSchema): Promise<AjvCheck | undefined> {
  try {
    const { Ajv2020 } = await import('ajv/dist/2020.js');
    const formats = (await import('ajv-formats')).default as unknown as (ajv: unknown) => void;
    const ajv = new Ajv2020({
      strict: false,
      allErrors: false,
      validateFormats: true,
      logger: false,
      addUsedSchema: false,
    });
    formats(ajv);
    const validate = ajv.compile(schema as never);
    return (value) => validate(value) === true;
  } catch {
    // Nothing is lost: the schema stays with the checker that has accepted it.
    return undefined;
  }
}

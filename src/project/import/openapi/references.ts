import type { Diagnostic } from '../../../contracts/diagnostics.ts';
import type { ForeignDocument } from '../foreign-document.ts';
import { isMap, pointedAt, pointerKeys } from '../json-pointer.ts';

const MOST_STEPS = 20;
/** Findings beyond this say nothing new. */
const MOST_FINDINGS = 100;

/** Follows `$ref`s, and remembers what is wrong with them and with the document. */
export class References {
  readonly document: ForeignDocument;
  readonly diagnostics: Diagnostic[] = [];
  readonly #told = new Set<string>();
  /** `PATH METHOD` of operations about which something was found, `PATH *` of whole paths; all, told or not. */
  readonly #wrong = new Set<string>();

  constructor(document: ForeignDocument) {
    this.document = document;
  }

  /** An error about a part of the document. */
  add(code: string, keys: readonly string[], message: string, help?: string): void {
    this.#mark(keys);
    if (this.diagnostics.length >= MOST_FINDINGS) return;
    this.diagnostics.push(this.document.finding(code, keys, message, help === undefined ? {} : { help }));
  }

  /** Whether the document is wrong about an operation, or about the path that it belongs to. */
  isWrong(path: string, method: string): boolean {
    return this.#wrong.has(`${path} *`) || this.#wrong.has(`${path} ${method.toLowerCase()}`);
  }

  #mark([first, path, part]: readonly string[]): void {
    if (first !== 'paths' || path === undefined) return;
    this.#wrong.add(part === undefined || part === 'parameters' ? `${path} *` : `${path} ${part}`);
  }

  /** What a value means when it is a reference; `keys` say where it stands. Undefined when it leads nowhere. */
  follow(value: unknown, keys: readonly string[]): unknown {
    let current = value;
    for (let step = 0; step < MOST_STEPS; step++) {
      if (!isMap(current) || typeof current['$ref'] !== 'string') return current;
      const { $ref: ref } = current;
      const target = this.resolve(ref as string);
      if (target === undefined) {
        this.broken(ref as string, keys);
        return undefined;
      }
      current = target;
    }
    this.add('ICE1605', keys, 'The reference leads back to itself', 'Mend the document.');
    return undefined;
  }

  /** What a reference points at; undefined when there is nothing, or when it leads out of the document. */
  resolve(ref: string): unknown {
    const keys = pointerKeys(ref);
    return keys === undefined ? undefined : pointedAt(this.document.value, keys);
  }

  /** Tells once that a reference leads nowhere. */
  broken(ref: string, keys: readonly string[]): void {
    this.#mark(keys);
    if (this.#told.has(ref)) return;
    this.#told.add(ref);
    if (pointerKeys(ref) === undefined)
      this.add(
        'ICE1605',
        keys,
        `The reference ${JSON.stringify(ref.slice(0, 120))} leads out of the document`,
        'Bundle the documents into one first: npx @redocly/cli bundle FILE -o openapi.yaml',
      );
    else
      this.add(
        'ICE1605',
        keys,
        `The reference ${JSON.stringify(ref.slice(0, 120))} leads nowhere`,
        'Mend the document, or leave out what is broken: --skip-invalid',
      );
  }

  /** Tells of the references inside a schema that lead nowhere. Each target is walked once. */
  check(schema: unknown, keys: readonly string[]): void {
    const visit = (value: unknown, at: readonly string[], depth: number): void => {
      if (depth > 100 || typeof value !== 'object' || value === null) return;
      if (Array.isArray(value)) {
        value.forEach((item, i) => {
          visit(item, [...at, String(i)], depth + 1);
        });
        return;
      }
      const { $ref: ref } = value as { $ref?: unknown };
      if (typeof ref === 'string') {
        const target = this.resolve(ref);
        if (target === undefined) this.broken(ref, at);
        else if (!this.#checked.has(ref)) {
          this.#checked.add(ref);
          visit(target, pointerKeys(ref)!, depth + 1);
        }
        return;
      }
      for (const [key, item] of Object.entries(value)) {
        // The values of these are data.
        if (key === 'example' || key === 'examples' || key === 'default' || key === 'enum' || key === 'const')
          continue;
        if (typeof item === 'object' && item !== null && !key.startsWith('x-'))
          visit(item, [...at, key], depth + 1);
      }
    };
    visit(schema, keys, 0);
  }
  readonly #checked = new Set<string>();
}

/**
 * The one function that the VM has of the world outside. It takes and gives strings and bytes and nothing else, so
 * that no object crosses the border. It is taken from the global object before any code of a tool runs.
 *
 * kinds: `done` (JSON), `failed` (JSON of a GuestError), `log`, `progress`, `fetch` (JSON, body), `text` and `bytes`
 * (of an answer, by its number), `timer` (milliseconds), `encode`, `decode`, `url`.
 */
export type Host = (
  kind: string,
  text: string,
  more?: string | Uint8Array,
) => string | Uint8Array | undefined;

const scope = globalThis as unknown as { __host?: Host };
const raw = scope.__host!;
delete scope.__host;

// The other side reads the whole buffer behind a view, so a view goes over as a buffer of its own.
export const host: Host = (kind, text, more) =>
  raw(kind, text, more instanceof Uint8Array ? more.slice() : more);

import { IceError } from '../contracts/errors.ts';

/** The tags of an `If-Match` or `If-None-Match` header, without quotes; undefined when there is no header. */
function tagsOf(header: string | undefined): string[] | undefined {
  return header?.split(',').map((each) =>
    each
      .trim()
      .replace(/^W\//, '')
      .replace(/^"(.*)"$/, '$1'),
  );
}

/**
 * Refuses an update of a document that the caller has not read as it is: 428 without a condition, 412 when the
 * document is another one by now. `etag` is the current one, undefined when the document is not there.
 */
export function assertMatches(
  header: (name: string) => string | undefined,
  etag: string | undefined,
  what: string,
): void {
  const match = tagsOf(header('if-match'));
  const none = tagsOf(header('if-none-match'));
  if (match === undefined && none === undefined)
    throw new IceError('precondition_required', `${what} is only changed by who has read it`, {
      hint:
        etag === undefined
          ? 'Send If-None-Match: * to make it'
          : 'Read it, and send its ETag as If-Match; ETags are in the header of the answer',
    });
  const fits =
    (match === undefined || (etag !== undefined && (match.includes('*') || match.includes(etag)))) &&
    (none === undefined || (etag === undefined ? true : !none.includes('*') && !none.includes(etag)));
  if (fits) return;
  throw new IceError(
    'stale',
    etag === undefined ? `${what} is not there any more` : `${what} has changed since it was read`,
    {
      hint: 'Read it again, and decide anew',
      details: { etag: etag === undefined ? null : `"${etag}"` },
    },
  );
}

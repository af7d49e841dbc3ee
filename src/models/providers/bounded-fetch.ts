/** More than any answer needs; it bounds what a hostile or broken endpoint can make us hold. */
const MOST_BYTES = 64 * 1024 * 1024;

/**
 * A fetch that carries a key: it follows no redirect (key headers would travel to the new host), and ends an answer
 * that goes on for more than 64 MiB.
 */
export function boundedFetch(base: typeof fetch): typeof fetch {
  return async (input, init) => {
    const response = await base(input, { ...init, redirect: 'manual' });
    if (!response.body) return response;
    let bytes = 0;
    const counted = response.body.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          bytes += chunk.byteLength;
          if (bytes > MOST_BYTES) controller.error(new Error(`it has more than ${MOST_BYTES} bytes`));
          else controller.enqueue(chunk);
        },
      }),
    );
    return new Response(counted, response);
  };
}

import { IceError } from '../contracts/errors.ts';

const MOST_BYTES = 64 * 1024 * 1024;

/** stdin, as the commands read it; `process.stdin` or a test's own. */
export interface InputStream extends AsyncIterable<Buffer | string> {
  isTTY?: boolean;
  destroy?(): void;
}

/**
 * All of stdin until its end, however long the writer takes; at most 64 MB. A writer that never ends is waited for,
 * as any filter would.
 */
export async function readStdin(stdin: InputStream, flag: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stdin) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      size += bytes.length;
      if (size > MOST_BYTES)
        throw new IceError('too_large', `stdin for ${flag} has more than 64 MB.`, {
          hint: `Save it to a file and give the file: ${flag} key=@FILE`,
        });
      chunks.push(bytes);
    }
  } catch (error) {
    if (error instanceof IceError) throw error;
    throw new IceError('usage', `stdin could not be read for ${flag}.`, { cause: error });
  }
  return Buffer.concat(chunks).toString('utf8');
}

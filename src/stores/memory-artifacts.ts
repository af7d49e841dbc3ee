import type { ArtifactStore } from '../registry/ports.ts';
import { assertContent } from './content-digest.ts';

/** Content by digest, in memory. */
export function createMemoryArtifactStore(): ArtifactStore {
  const contents = new Map<string, { bytes: Uint8Array; by: string }>();
  const key = (project: string, digest: string): string => `${project} ${digest}`;
  return {
    put: async (project, digest, bytes, by) => {
      assertContent(digest, bytes);
      if (contents.has(key(project, digest))) return { created: false };
      contents.set(key(project, digest), { bytes: bytes.slice(), by });
      return { created: true };
    },
    get: async (project, digest) => {
      const content = contents.get(key(project, digest));
      return content && { bytes: content.bytes.slice(), by: content.by };
    },
    has: async (project, digests) => new Set(digests.filter((digest) => contents.has(key(project, digest)))),
  };
}

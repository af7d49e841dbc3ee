import { IceError } from '../../contracts/errors.ts';
import { isTrusted } from '../policy.ts';
import { callerName, type Handlers, missingOf } from '../route.ts';
import type { Services } from '../services.ts';

export function artifactRoutes(
  services: Services,
): Pick<Handlers, 'artifactsPut' | 'artifactsGet' | 'artifactsMissing'> {
  const { artifacts, config } = services;
  return {
    artifactsPut: async ({ project, params, bytes, token }) => {
      // Content says nothing of what it will be used for. With an untrusted runtime it is only ever run in that one.
      if (!config.untrustedRuntime && !isTrusted(config, callerName(token)))
        throw new IceError('untrusted_code', "This server takes code from its operator's token only", {
          hint: "Use the operator's token, or start it with: ice serve --trust-pushed-code",
        });
      const actual = `sha256:${await services.sha256(bytes)}`;
      if (actual !== params.digest)
        throw new IceError('artifact_mismatch', `The content's digest is ${actual}, not ${params.digest}`, {
          hint: 'Send the bytes as they are, under the sha256 of exactly these bytes',
          details: { expected: params.digest, actual },
        });
      const { created } = await artifacts.put(project, params.digest, bytes, callerName(token));
      return { status: created ? 201 : 200, body: { digest: params.digest, size: bytes.byteLength } };
    },
    artifactsGet: async ({ project, params, header }) => {
      const headers = { etag: `"${params.digest}"`, 'cache-control': 'private, max-age=31536000, immutable' };
      const found = await artifacts.get(project, params.digest);
      if (!found) throw missingOf('artifactsGet', params);
      if (header('if-none-match') === headers.etag) return { status: 304, headers, content: null };
      return {
        status: 200,
        headers: {
          ...headers,
          'content-type': 'application/octet-stream',
          'content-disposition': 'attachment',
        },
        content: found.bytes,
      };
    },
    artifactsMissing: async ({ project, body }) => {
      const there = await artifacts.has(project, body.digests);
      return { body: { missing: [...new Set(body.digests)].filter((digest) => !there.has(digest)) } };
    },
  };
}

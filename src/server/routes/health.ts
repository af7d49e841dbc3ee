import { IceError } from '../../contracts/errors.ts';
import { docsPage } from '../docs-page.ts';
import type { Reply } from '../incoming.ts';
import type { Handlers } from '../route.ts';
import type { Services } from '../services.ts';

/** A dependency that does not answer in this time is down. */
const CHECK_MS = 5_000;

export function healthRoutes(
  services: Services,
): Pick<Handlers, 'livez' | 'readyz' | 'metrics' | 'openapi' | 'docs'> {
  const { config } = services;
  return {
    livez: async () => ({
      body: { ok: true, pid: config.pid, startedAt: config.startedAt, version: config.version },
    }),
    readyz: async () => {
      const checks: Record<string, { ok: boolean; message?: string }> = {};
      await Promise.all(
        Object.entries(services.checks).map(async ([name, check]) => {
          try {
            await withTimeout(check);
            checks[name] = { ok: true };
          } catch (error) {
            services.log({ level: 'warn', message: `readyz: ${name} is down`, error });
            // An own error is written for users; another one may name files or addresses.
            checks[name] = {
              ok: false,
              message: error instanceof IceError ? error.message : 'it does not answer',
            };
          }
        }),
      );
      const ok = Object.values(checks).every((check) => check.ok);
      return { status: ok ? 200 : 503, body: { ok, checks } };
    },
    metrics: async () => reply('text/plain; version=0.0.4; charset=utf-8', await services.metrics.render()),
    openapi: async () => ({ body: await services.openapi(), etag: 'hash' }),
    docs: async () => {
      const { html, policy } = await docsPage(await services.openapi());
      return reply('text/html; charset=utf-8', html, { 'content-security-policy': policy });
    },
  };
}

const reply = (type: string, content: string, more: Record<string, string> = {}): Reply => ({
  status: 200,
  headers: { 'content-type': type, ...more },
  content,
});

async function withTimeout(check: () => Promise<void> | void): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    await Promise.race([
      check(),
      new Promise((_, reject) => {
        timer = setTimeout(
          () => reject(new IceError('unavailable', `it did not answer in ${CHECK_MS / 1000} s`)),
          CHECK_MS,
        );
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}

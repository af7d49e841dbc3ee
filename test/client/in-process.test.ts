import { IN_PROCESS_URL, openHost } from '../../src/host/index.ts';
import { temporaryFolder } from '../host/temporary-folder.ts';
import { clientSuite } from '../suites/client.ts';

clientSuite('in one process, on SQLite', async () => {
  const folder = temporaryFolder();
  const host = await openHost({ cwd: folder.path, project: 'demo' });
  host.startWorker();
  return {
    host,
    baseUrl: IN_PROCESS_URL,
    fetch: host.fetch,
    close: async () => {
      await host.close();
      folder.remove();
    },
  };
});

clientSuite('in one process, in memory', async () => {
  const host = await openHost({ database: ':memory:', project: 'demo' });
  host.startWorker();
  return { host, baseUrl: IN_PROCESS_URL, fetch: host.fetch, close: () => host.close() };
});

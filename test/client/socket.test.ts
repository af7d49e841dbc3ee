import { openHost, serve } from '../../src/host/index.ts';
import { temporaryFolder } from '../host/temporary-folder.ts';
import { clientSuite } from '../suites/client.ts';

clientSuite('over a socket, on SQLite', async () => {
  const folder = temporaryFolder();
  const host = await openHost({ cwd: folder.path, project: 'demo' });
  const serving = await serve(host, { port: 0 });
  return {
    host,
    baseUrl: serving.url,
    fetch: (url, init) => fetch(url, init),
    close: async () => {
      await serving.close();
      folder.remove();
    },
  };
});

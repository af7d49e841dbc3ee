import type { Diagnostic } from '../../../contracts/diagnostics.ts';
import type { ForeignDocument } from '../foreign-document.ts';
import { isMap, type JsonMap } from '../json-pointer.ts';
import type { ReadApiOptions } from './read-api.ts';

/** The address of the API: what the caller says, else the document's first server. */
export function readServer(
  document: ForeignDocument,
  options: Pick<ReadApiOptions, 'server' | 'url'>,
  diagnostics: Diagnostic[],
): string | undefined {
  const root = document.value as JsonMap;
  if (options.server !== undefined) {
    const server = absolute(options.server, undefined);
    if (server === undefined)
      diagnostics.push(
        document.finding('ICE1606', [], `${options.server.slice(0, 120)} is no address of a server`, {
          help: 'For instance --server https://api.example.com/v1',
        }),
      );
    return server;
  }
  const servers = Array.isArray(root['servers']) ? root['servers'] : [];
  const help = 'Say where the API is: --server https://api.example.com';
  if (servers.length === 0 && options.url === undefined) {
    diagnostics.push(
      document.finding('ICE1606', [], 'The document does not say where the API is: it has no `servers`', {
        help,
      }),
    );
    return undefined;
  }
  const written = servers.length === 0 ? '/' : withVariables(servers[0]);
  const server = written === undefined ? undefined : absolute(written, options.url);
  if (server === undefined)
    diagnostics.push(
      document.finding(
        'ICE1606',
        ['servers', '0'],
        `The server ${JSON.stringify(written ?? null).slice(0, 120)} is no whole address`,
        {
          help,
        },
      ),
    );
  return server;
}

/** The server of an operation or path, where it is another one than the API's. */
export function serverOf(
  operation: JsonMap,
  item: JsonMap,
  options: Pick<ReadApiOptions, 'server' | 'url'>,
  server: string | undefined,
): string | undefined {
  // Whoever says where the API is means all of it.
  if (options.server !== undefined) return undefined;
  const servers = [operation['servers'], item['servers']].find(
    (each) => Array.isArray(each) && each.length > 0,
  );
  if (servers === undefined) return undefined;
  const written = withVariables((servers as unknown[])[0]);
  const own = written === undefined ? undefined : absolute(written, options.url ?? server);
  return own === server ? undefined : own;
}

/** `https://{region}.example.com` with the defaults of its variables. */
function withVariables(server: unknown): string | undefined {
  if (!isMap(server) || typeof server['url'] !== 'string') return undefined;
  const variables = isMap(server['variables']) ? server['variables'] : {};
  return server['url'].replace(/\{([^{}]*)\}/g, (whole, name: string) => {
    const variable = Object.hasOwn(variables, name) ? variables[name] : undefined;
    return isMap(variable) && variable['default'] !== undefined ? String(variable['default']) : whole;
  });
}

function absolute(address: string, base: string | undefined): string | undefined {
  if (/[{}]/.test(address) || !URL.canParse(address, base)) return undefined;
  const url = new URL(address, base);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return undefined;
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return undefined;
  return `${url.origin}${url.pathname}`.replace(/\/+$/, '');
}

/** A server as `permissions.net` names it: the host, and the port where it is not 443. */
export function netHost(server: string): string {
  const { hostname, port, protocol } = new URL(server);
  const shown = port === '' ? (protocol === 'https:' ? '' : '80') : port;
  return shown === '' ? hostname : `${hostname}:${shown}`;
}

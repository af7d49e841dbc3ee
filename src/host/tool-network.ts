import type { Allowed, HostNetwork } from '../sandbox/host-fetch.ts';
import type { HostFetch } from '../sandbox/port.ts';

/** The network of tools, opened by the first request: most runs make none. */
export interface ToolNetwork {
  hostFetch(allowed: Allowed): HostFetch;
  close(): Promise<void>;
}

/** `allowPrivate`: addresses of this machine and its network may be reached where a tool names them. */
export function openToolNetwork(options: { allowPrivate: boolean }): ToolNetwork {
  let network: Promise<HostNetwork> | undefined;
  const open = (): Promise<HostNetwork> => {
    network ??= import('../sandbox/host-fetch.ts').then(({ createHostNetwork }) =>
      createHostNetwork(options),
    );
    return network;
  };
  return {
    hostFetch: (allowed) => async (request, signal) => (await open()).hostFetch(allowed)(request, signal),
    close: async () => {
      await (await network)?.close();
    },
  };
}

import { IceError } from '../contracts/errors.ts';
import type { HostFetch } from '../sandbox/port.ts';

/** The network of tools, behind the hosts that each declares. */
export function openHostFetch(): (allow: { hosts: readonly string[] }) => HostFetch {
  return () => () =>
    Promise.reject(new IceError('tool_denied', 'Tools have no network here', { terminal: true }));
}

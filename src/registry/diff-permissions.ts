import type { PermissionChange, Permissions, RuntimeName } from '../contracts/components.ts';

/** What a tool may touch: its permissions, and where it runs. */
export interface Reach {
  permissions: Permissions;
  runtime: RuntimeName;
}

/** A component that may touch nothing: what a new one is compared with. */
export const NOTHING: Reach = { permissions: { net: [], secrets: [], limits: {} }, runtime: 'sandbox' };

/** `*.example.com` also allows `api.example.com`, so asking for that is nothing new. */
function covers(allowed: string, host: string): boolean {
  if (allowed === host) return true;
  return allowed.startsWith('*.') && host.endsWith(allowed.slice(1)) && !host.startsWith('*.');
}

/**
 * What a new version may touch that the old one could not (`added`), and the other way round (`removed`). Only
 * `added` needs consent. A limit is widened when it rises; one that is set for the first time counts as widened,
 * because what it was depends on the target.
 */
export function diffPermissions(before: Reach, after: Reach): PermissionChange[] {
  const changes: PermissionChange[] = [];
  const note = (what: string, added: string[], removed: string[]): void => {
    if (added.length + removed.length > 0) changes.push({ what, added, removed });
  };

  const [oldNet, newNet] = [before.permissions.net, after.permissions.net];
  note(
    'net',
    newNet.filter((host) => !oldNet.some((allowed) => covers(allowed, host))).sort(),
    oldNet.filter((host) => !newNet.some((allowed) => covers(allowed, host))).sort(),
  );
  const [oldSecrets, newSecrets] = [before.permissions.secrets, after.permissions.secrets];
  note(
    'secrets',
    newSecrets.filter((name) => !oldSecrets.includes(name)).sort(),
    oldSecrets.filter((name) => !newSecrets.includes(name)).sort(),
  );
  const [oldCommands, newCommands] = [before.permissions.commands ?? [], after.permissions.commands ?? []];
  note(
    'commands',
    newCommands.filter((command) => !oldCommands.includes(command)),
    oldCommands.filter((command) => !newCommands.includes(command)),
  );
  // Full Node is more than the sandbox; a tool of a server has no code here, and asks for its host or command.
  if (before.runtime !== after.runtime)
    note('runtime', after.runtime === 'node' ? ['node'] : [], before.runtime === 'node' ? ['node'] : []);

  const names = new Set([
    ...Object.keys(before.permissions.limits),
    ...Object.keys(after.permissions.limits),
  ]) as Set<keyof Permissions['limits']>;
  for (const name of [...names].sort()) {
    const [old, now] = [before.permissions.limits[name], after.permissions.limits[name]];
    if (old === now) continue;
    const widened = now !== undefined && (old === undefined || now > old);
    note(`limits.${name}`, widened ? [String(now)] : [], old === undefined ? [] : [String(old)]);
  }
  return changes;
}

export const asksForMore = (changes: readonly PermissionChange[]): boolean =>
  changes.some((change) => change.added.length > 0);

/** `net: api.stripe.com; secrets: STRIPE_KEY`: what is newly asked for, in words. */
export const sayAdded = (changes: readonly PermissionChange[]): string =>
  changes
    .filter((change) => change.added.length > 0)
    .map((change) => `${change.what}: ${change.added.join(', ')}`)
    .join('; ');

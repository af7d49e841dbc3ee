import * as z from 'zod';
import { limitsSchema, type Permissions, permissionsSchema } from './components.ts';

/** The most that tools may ask for; what is left out has no cap, and an empty list allows none. */
export const permissionPolicySchema = z.strictObject({
  net: permissionsSchema.shape.net.unwrap().optional().describe('Hosts that tools may name'),
  secrets: permissionsSchema.shape.secrets.unwrap().optional().describe('Secrets that tools may name'),
  limits: limitsSchema.optional().describe('The most of each limit'),
  commands: permissionsSchema.shape.commands.describe('Programs of MCP servers that tools may name'),
});
export type PermissionPolicy = z.infer<typeof permissionPolicySchema>;

const LIMITS = ['timeoutMs', 'memoryMb', 'outputBytes', 'fetches'] as const;

/** What is left of what a tool declares under a policy, and what it asks for in vain. */
export interface CappedPermissions {
  permissions: Permissions;
  /** Entries of `net` that the policy does not hold; such an entry may be left in part. */
  net: string[];
  secrets: string[];
  commands: string[];
  /** Limits that the tool asked to be higher. */
  limits: { name: (typeof LIMITS)[number]; asked: number; most: number }[];
}

/** Lowers what a tool declares to what a policy allows. A limit that the tool does not name is the policy's. */
export function capPermissions(
  declared: Permissions,
  policy: PermissionPolicy | undefined,
): CappedPermissions {
  const beyond: CappedPermissions = { permissions: declared, net: [], secrets: [], commands: [], limits: [] };
  if (policy === undefined) return beyond;
  const limits = { ...declared.limits };
  for (const name of LIMITS) {
    const most = policy.limits?.[name];
    const asked = limits[name];
    if (most === undefined) continue;
    limits[name] = Math.min(asked ?? most, most);
    if (asked !== undefined && asked > most) beyond.limits.push({ name, asked, most });
  }
  let { net, secrets } = declared;
  if (policy.net) {
    const allowed = policy.net;
    const holds = (entry: string): boolean => allowed.some((each) => coversHost(each, entry));
    beyond.net = net.filter((entry) => !holds(entry));
    // A tool that asks for *.example.com under a policy of api.example.com has that one.
    const within = allowed.filter((each) =>
      beyond.net.some((entry) => coversHost(entry, each) && portOf(entry) === portOf(each)),
    );
    net = [...new Set([...net.filter(holds), ...within])];
  }
  if (policy.secrets) {
    const allowed = new Set(policy.secrets);
    beyond.secrets = secrets.filter((name) => !allowed.has(name));
    secrets = secrets.filter((name) => allowed.has(name));
  }
  let { commands } = declared;
  if (policy.commands && commands) {
    const allowed = new Set(policy.commands);
    beyond.commands = commands.filter((command) => !allowed.has(command));
    commands = commands.filter((command) => allowed.has(command));
  }
  return {
    ...beyond,
    permissions: { net, secrets, limits, ...(commands === undefined ? {} : { commands }) },
  };
}

/**
 * Whether one entry of a list of hosts holds another: `*` all, `*.example.com` those below it, and a name without a
 * port all ports of it.
 */
export function coversHost(entry: string, host: string): boolean {
  if (entry === '*') return true;
  const port = portOf(entry);
  if (port !== undefined && port !== '*' && port !== portOf(host)) return false;
  const name = nameOf(entry);
  const wanted = nameOf(host);
  return name === wanted || (name.startsWith('*.') && wanted.endsWith(name.slice(1)));
}

const PARTS = /^(.*?)(?::(\d+|\*))?$/;
const nameOf = (entry: string): string => PARTS.exec(entry.toLowerCase())?.[1] ?? entry;
const portOf = (entry: string): string | undefined => PARTS.exec(entry)?.[2];

import ipaddr from 'ipaddr.js';

/** The rules of an allow-list of hosts; no network here. */

/** One entry of `permissions.net`, read. */
export interface HostRule {
  /** As it was written. */
  text: string;
  /** Lower case, without brackets; for `*.example.com` the part from the dot. */
  name: string;
  wildcard: boolean;
  /** Undefined: the default port of the scheme. `*`: every port. */
  port: number | '*' | undefined;
}

/** Reads `api.example.com`, `*.example.com`, `127.0.0.1:8080`, `[::1]:8080`, `localhost:*`; undefined when it is none. */
export function parseHostRule(text: string): HostRule | undefined {
  const match = /^(\*\.)?(\[[0-9a-fA-F:.]+\]|[^\s:/?#@[\]*\\%]+)(?::(\d{1,5}|\*))?$/.exec(text.trim());
  if (!match) return undefined;
  const [, star, host, port] = match;
  const name = hostnameOf(host!);
  const number = port === undefined || port === '*' ? port : Number(port);
  if (name === undefined || (typeof number === 'number' && (number < 1 || number > 65_535))) return undefined;
  const wildcard = star !== undefined;
  if (wildcard && ipaddr.isValid(name)) return undefined;
  return { text, name: wildcard ? `.${name}` : name, wildcard, port: number as HostRule['port'] };
}

/** As URLs write it: lower case, punycode, IPv4 in any form as four decimals; without brackets and last dot. */
function hostnameOf(host: string): string | undefined {
  const url = `http://${host}/`;
  return URL.canParse(url) ? bare(new URL(url).hostname) : undefined;
}

/** A hostname of a URL without the brackets of IPv6 and the dot of a rooted name. */
export const bare = (hostname: string): string =>
  hostname
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();

export const portOf = (url: URL): number =>
  url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);

/** The entry that allows a URL; undefined when none does. */
export function ruleFor(rules: readonly HostRule[], url: URL): HostRule | undefined {
  const name = bare(url.hostname);
  return rules.find((rule) => {
    const named = rule.wildcard
      ? name.endsWith(rule.name) && name.length > rule.name.length && !ipaddr.isValid(name)
      : name === rule.name;
    if (!named) return false;
    return rule.port === '*' || portOf(url) === (rule.port ?? (url.protocol === 'https:' ? 443 : 80));
  });
}

/** How an address is seen: `public`; `near` (loopback and private, which an operator may allow); `never`. */
export type Reach = 'public' | 'near' | 'never';

const NEAR = new Set(['loopback', 'private', 'uniqueLocal', 'carrierGradeNat']);

/** Classifies an IP address, also IPv4 inside IPv6. Link-local holds the credentials of cloud machines: never. */
export function reachOf(address: string): Reach {
  if (!ipaddr.isValid(address)) return 'never';
  let ip = ipaddr.process(address);
  if (ip.kind() === 'ipv6') {
    const six = ip as ipaddr.IPv6;
    // Zone ids name an interface of this machine.
    if (six.zoneId) return 'never';
    // Addresses that a translator makes of IPv4 (RFC 6052), as DNS64 gives them.
    const bytes = six.toByteArray();
    if (six.range() === 'rfc6052' && bytes[5] === 0) ip = new ipaddr.IPv4(bytes.slice(12));
    // IPv4-compatible (::127.0.0.1), deprecated: no host has one, and some systems route it to the IPv4 address.
    else if (six.range() === 'unicast' && bytes.slice(0, 12).every((byte) => byte === 0)) return 'never';
  }
  const range = ip.range();
  if (range === 'unicast') return 'public';
  return NEAR.has(range) ? 'near' : 'never';
}

import type { Json } from '../contracts/json.ts';

/**
 * Tools whose address is an argument (std/http) declare `net: ['*']`: "the hosts that the calling node names". What
 * a node names is what its author wrote literally, before anything ran: the host of a literal `url`, and the literal
 * entries of `hosts`. So data that flows through a run never widens what it may reach, and a reader of the blueprint
 * sees every host. When a tool is run by itself, the person who starts the run wrote the args: they count as literal.
 */
export function grantedHosts(
  net: readonly string[],
  templates: Json,
  rendered: Json,
  direct: boolean,
): string[] {
  if (!net.includes('*')) return [...net];
  const written = fields(direct ? rendered : templates);
  const granted = net.filter((entry) => entry !== '*');
  const url = literalHost(written['url']);
  if (url !== undefined) granted.push(url);
  const hosts = written['hosts'];
  if (Array.isArray(hosts))
    for (const host of hosts)
      if (typeof host === 'string' && host !== '*' && !host.includes('{{')) granted.push(host);
  return granted;
}

const fields = (value: Json): { [key: string]: Json } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? value : {};

/** `host:port` of a text that begins with a whole literal origin; what follows it may be an expression. */
function literalHost(template: Json | undefined): string | undefined {
  const origin =
    typeof template === 'string'
      ? /^\s*(https?:\/\/[^/?#\s{}\\]+)(?=[/?#]|\s*$)/i.exec(template)?.[1]
      : undefined;
  if (origin === undefined || !URL.canParse(origin)) return undefined;
  const { host, hostname, port, protocol } = new URL(origin);
  return port === '' ? `${hostname}:${protocol === 'https:' ? 443 : 80}` : host;
}

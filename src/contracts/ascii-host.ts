/**
 * A host of an allow-list as URLs write it, in ASCII: a letter of another alphabet that looks like one of it
 * (`exаmple.com`) shows (`xn--exmple-4nf.com`). What is no host stays as it is.
 */
export function asciiHost(entry: string): string {
  if (/^[\u0000-\u007f]*$/.test(entry)) return entry;
  const [, star = '', host = '', port = ''] = /^(\*\.)?(.*?)(:(?:\d+|\*))?$/.exec(entry) ?? [];
  const url = `http://${host}/`;
  return URL.canParse(url) ? `${star}${new URL(url).hostname}${port}` : entry;
}

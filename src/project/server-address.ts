/**
 * Whether a text is the address of a server: http or https, and no name or password in it, because addresses are
 * shown, logged and committed. Tokens go by themselves.
 */
export function isServerAddress(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}

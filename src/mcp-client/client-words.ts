import { cut } from '../contracts/cut.ts';

/** What the MCP client says of a failure, in one line: of what does not match a schema, the first place. */
export function clientWords(message: string, most: number): string {
  const from = message.indexOf('[');
  if (from >= 0) {
    try {
      const [issue] = JSON.parse(message.slice(from)) as { path: PropertyKey[]; message: string }[];
      return cut(`${message.slice(0, from)}${issue!.path.map(String).join('.')}: ${issue!.message}`, most);
    } catch {
      // No list of issues: its first line says enough.
    }
  }
  return cut(message.split('\n')[0]!, most);
}

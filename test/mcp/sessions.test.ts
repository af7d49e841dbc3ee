import { expect, test } from 'vitest';
import { createMcpFetch } from '../../src/mcp/http.ts';

/** Clients of the 2025 protocol, which have sessions. */
const fetch = createMcpFetch(() => ({ client: {} as never, version: '0.0.0' }));
const headers = (owner: string) => ({
  authorization: `Bearer ${owner}`,
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
});
async function open(owner: string): Promise<string> {
  const answer = await fetch(
    new Request('http://localhost/mcp', {
      method: 'POST',
      headers: headers(owner),
      body: JSON.stringify({
        jsonrpc: '2.0',
        id: 1,
        method: 'initialize',
        params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'x', version: '1' } },
      }),
    }),
  );
  await answer.text();
  return answer.headers.get('mcp-session-id')!;
}
const ping = async (owner: string, session: string): Promise<number> => {
  const answer = await fetch(
    new Request('http://localhost/mcp', {
      method: 'POST',
      headers: { ...headers(owner), 'mcp-session-id': session },
      body: JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'ping' }),
    }),
  );
  await answer.body?.cancel();
  return answer.status;
};

test("a session is its owner's alone", async () => {
  const mine = await open('mine');
  expect(await ping('mine', mine)).toBe(200);
  expect(await ping('other', mine)).toBe(404);
});

test("who opens many sessions ends their own, and nobody else's", async () => {
  const quiet = await open('quiet');
  const first = await open('many');
  for (let i = 0; i < 250; i++) await open('many');
  expect(await ping('quiet', quiet)).toBe(200);
  expect(await ping('many', first)).toBe(404);
  expect(await ping('many', await open('many'))).toBe(200);
});

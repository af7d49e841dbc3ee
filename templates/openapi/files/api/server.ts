// The API of notes.yaml, in memory: node api/server.ts [port]
import { createServer } from 'node:http';

const notes = [{ id: 1, text: 'Typed tools from a document', createdAt: '2026-01-01T09:00:00Z' }];
const port = Number(process.argv[2] ?? 8787);

const server = createServer(async (request, response) => {
  const answer = (status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  if (request.method === 'GET' && url.pathname === '/notes')
    return answer(200, notes.slice(0, Number(url.searchParams.get('limit') ?? 20)));
  if (request.method === 'POST' && url.pathname === '/notes') {
    const { text } = (await new Response(request as never).json()) as { text: string };
    notes.unshift({ id: notes.length + 1, text, createdAt: new Date().toISOString() });
    return answer(201, notes[0]);
  }
  const note = notes.find(({ id }) => url.pathname === `/notes/${id}`);
  return note ? answer(200, note) : answer(404, { error: 'There is no such note' });
});
server.listen(port, '127.0.0.1', () => console.log(`Notes on http://127.0.0.1:${port}; Ctrl-C ends it`));

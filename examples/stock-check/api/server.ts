// A shop's API, in memory: node api/server.ts [port]
// It is busy now and then, as such APIs are: the first request to each path is answered with 503.
import { createServer } from 'node:http';

const stock: Record<string, number> = { kettle: 14, lamp: 2, chair: 0, blanket: 21 };
const orders: { item: string; amount: number; key: string }[] = [];
const seen = new Set<string>();
const port = Number(process.argv[2] ?? 8799);

const server = createServer(async (request, response) => {
  const answer = (status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
  const first = !seen.has(pathname);
  seen.add(pathname);
  if (first) {
    response.setHeader('retry-after', '0');
    return answer(503, { error: 'busy' });
  }
  if (request.method === 'GET' && pathname === '/items') return answer(200, Object.keys(stock));
  const [, kind, item] = pathname.split('/');
  if (request.method === 'GET' && kind === 'stock' && item !== undefined && item in stock)
    return answer(200, { item, left: stock[item] });
  if (request.method === 'GET' && pathname === '/orders') return answer(200, orders);
  if (request.method === 'POST' && pathname === '/orders') {
    let text = '';
    for await (const chunk of request) text += chunk;
    const { item, amount } = JSON.parse(text) as { item: string; amount: number };
    // An order that is sent twice with one key is one order: a retry after a lost answer does no harm.
    const key = String(request.headers['idempotency-key']);
    if (!orders.some((order) => order.key === key)) orders.push({ item, amount, key });
    return answer(201, { item, amount });
  }
  return answer(404, { error: `There is no ${pathname}` });
});
server.listen(port, '127.0.0.1', () =>
  console.log(`The shop is on http://127.0.0.1:${port}; Ctrl-C ends it`),
);

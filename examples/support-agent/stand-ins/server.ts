// Stands in for two services, so that the tests can be recorded without an account: node stand-ins/server.ts [port]
// - the shop: GET /orders/1042, with the key of the shop
// - a model that speaks the protocol of OpenAI's chat completions: it reads the conversation and takes the next step
import { createServer } from 'node:http';

const port = Number(process.argv[2] ?? 8798);
const KEY = process.env['ORDERS_KEY'] ?? 'shop-key-for-trying';
const orders: Record<string, object> = {
  '1042': { state: 'shipped', due: '2026-03-02', daysLate: 6, total: 80 },
  '1043': { state: 'shipped', due: '2026-03-09', daysLate: 0, total: 25.5 },
};

interface Message {
  role: string;
  content?: string;
  tool_calls?: { id: string; function: { name: string; arguments: string } }[];
  tool_call_id?: string;
}
type Step = { text: string } | { call: string; args: object };

/** What a helpful model would do next. */
function nextStep(messages: Message[]): Step {
  const question = messages.findLast((message) => message.role === 'user')?.content ?? '';
  const order = /\d{4}/.exec(question)?.[0];
  const results = new Map<string, Record<string, unknown>>();
  for (const message of messages.filter((each) => each.role === 'tool')) {
    const call = messages
      .flatMap((each) => each.tool_calls ?? [])
      .find((each) => each.id === message.tool_call_id);
    if (call) results.set(call.function.name, JSON.parse(message.content ?? '{}'));
  }
  const status = results.get('order-status');
  const refund = results.get('compensate');
  if (!order) return { text: 'Which order do you mean? Please send its number.' };
  if (!status) return { call: 'order-status', args: { order } };
  if (status['error'])
    return { text: `I am sorry, I cannot find an order ${order}. A colleague will look for it.` };
  if (status['daysLate'] === 0)
    return { text: `Your order ${order} is ${status['state']} and due on ${status['due']}.` };
  if (!refund) return { call: 'compensate', args: { order } };
  const amount = Number(refund['amount']).toFixed(2);
  return {
    text: `I am sorry: your order ${order} is ${status['daysLate']} days late. You get ${amount} back.`,
  };
}

const server = createServer(async (request, response) => {
  const { pathname } = new URL(request.url ?? '/', 'http://127.0.0.1');
  const json = (status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  };
  if (request.method === 'GET' && pathname.startsWith('/orders/')) {
    if (request.headers.authorization !== `Bearer ${KEY}`) return json(401, { error: 'Wrong key' });
    const order = orders[pathname.slice('/orders/'.length)];
    return order ? json(200, order) : json(404, { error: 'No such order' });
  }
  if (request.method !== 'POST' || pathname !== '/v1/chat/completions')
    return json(404, { error: 'Not here' });
  let text = '';
  for await (const chunk of request) text += chunk;
  const { messages, model } = JSON.parse(text) as { messages: Message[]; model: string };
  const step = nextStep(messages);
  const calls = messages.flatMap((message) => message.tool_calls ?? []).length;
  const chunk = (delta: object, finish: string | null = null) => ({
    id: 'chatcmpl-1',
    object: 'chat.completion.chunk',
    created: 1,
    model,
    choices: [{ index: 0, delta, finish_reason: finish }],
  });
  const send = (data: object | string): void => {
    response.write(`data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`);
  };
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  send(chunk({ role: 'assistant', content: '' }));
  if ('text' in step) for (const word of step.text.match(/\S+\s*/g) ?? []) send(chunk({ content: word }));
  else {
    const tool = { name: step.call, arguments: JSON.stringify(step.args) };
    send(chunk({ tool_calls: [{ index: 0, id: `call_${calls + 1}`, type: 'function', function: tool }] }));
  }
  send(chunk({}, 'text' in step ? 'stop' : 'tool_calls'));
  const [input, output] = [Math.ceil(text.length / 4), Math.ceil(JSON.stringify(step).length / 4)];
  const usage = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
  send({ ...chunk({}), choices: [], usage });
  send('[DONE]');
  response.end();
});
server.listen(port, '127.0.0.1', () =>
  console.log(`The stand-ins are on http://127.0.0.1:${port}; Ctrl-C ends them`),
);

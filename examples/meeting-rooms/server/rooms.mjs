/**
 * A server of the Model Context Protocol over stdin and stdout, without a library: a line of JSON for each message. It
 * knows three rooms and keeps its bookings in memory, so each run, which starts it anew, begins with an empty book.
 */
import { createInterface } from 'node:readline';

const ROOMS = [
  { room: 'Attic', seats: 4 },
  { room: 'Garden', seats: 8 },
  { room: 'Hall', seats: 40 },
];
const day = { type: 'string', format: 'date', description: 'As 2026-12-01' };
const hour = { type: 'integer', minimum: 8, maximum: 18 };
const object = (properties) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

const booked = new Set();
const slot = (...parts) => parts.join(' ');

class Refusal extends Error {}

const TOOLS = {
  free_rooms: {
    description: 'Rooms that are free and have enough seats, the smallest first',
    annotations: { readOnlyHint: true },
    inputSchema: object({ day, hour, seats: { type: 'integer', minimum: 1 } }),
    outputSchema: object({
      rooms: { type: 'array', items: object({ room: { type: 'string' }, seats: { type: 'integer' } }) },
    }),
    call: ({ day, hour, seats }) => ({
      rooms: ROOMS.filter((one) => one.seats >= seats && !booked.has(slot(one.room, day, hour))),
    }),
  },
  book_room: {
    description: 'Books a room for an hour; refused when it is taken',
    inputSchema: object({ room: { type: 'string' }, day, hour, who: { type: 'string' } }),
    outputSchema: object({ booking: { type: 'string' } }),
    call({ room, day, hour, who }) {
      if (!ROOMS.some((one) => one.room === room)) throw new Refusal(`There is no room ${room}`);
      if (booked.has(slot(room, day, hour))) throw new Refusal(`${room} is taken on ${day} at ${hour}:00`);
      booked.add(slot(room, day, hour));
      return { booking: `${room}, ${day}, ${hour}:00, for ${who}` };
    },
  },
};

const METHODS = {
  initialize: ({ protocolVersion }) => ({
    protocolVersion,
    capabilities: { tools: {} },
    serverInfo: { name: 'rooms', version: '1.0.0' },
  }),
  ping: () => ({}),
  'tools/list': () => ({
    tools: Object.entries(TOOLS).map(([name, { call: _, ...tool }]) => ({ name, ...tool })),
  }),
  'tools/call'({ name, arguments: input = {} }) {
    try {
      const result = TOOLS[name].call(input);
      return { content: [{ type: 'text', text: JSON.stringify(result) }], structuredContent: result };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { content: [{ type: 'text', text: error.message }], isError: true };
    }
  },
};

function answer({ method, params = {} }) {
  if (!Object.hasOwn(METHODS, method)) return { error: { code: -32601, message: `No method ${method}` } };
  try {
    return { result: METHODS[method](params) };
  } catch (error) {
    return { error: { code: -32603, message: error.message } };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  // What has no id is a notification: nobody waits for an answer.
  if (message.id !== undefined)
    console.log(JSON.stringify({ jsonrpc: '2.0', id: message.id, ...answer(message) }));
}

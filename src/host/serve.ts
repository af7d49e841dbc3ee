import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { IceError } from '../contracts/errors.ts';
import type { ServerFile } from '../contracts/server-file.ts';
import type { RequestInfo } from '../server/app.ts';
import type { LimitOptions } from '../server/limits.ts';
import type { Host } from './open.ts';
import { liveServer, removeServerFile, serverFileOf, writeServerFile } from './server-file.ts';

export interface ServeOptions {
  /** 127.0.0.1. Beyond loopback only where code that nobody vouches for is contained, or trusted. */
  hostname?: string;
  /** 4747; 0 = any free one. */
  port?: number;
  /** The project folder whose commands shall find this server by `.ice/server.json`; a second one is refused. */
  announceIn?: string;
  limits?: LimitOptions;
  /** How long open requests may take to end when the server goes down, ms; 5,000. */
  graceMs?: number;
}

export interface Serving {
  /** `http://127.0.0.1:4747` */
  url: string;
  port: number;
  /** What one should know of how it was started: one line each. */
  notes: string[];
  /** Stops accepting, gives runs back, ends streams, waits for open requests, closes the host. Twice = at once. */
  close(): Promise<void>;
}

/**
 * Listens for the API of a host and drives its runs. Errors: `port_in_use`, `already_running` (another server of the
 * folder lives: its pid and url in `details`), `usage` (an address beyond loopback that is not allowed), `machine`.
 */
export async function serve(host: Host, options: ServeOptions = {}): Promise<Serving> {
  const hostname = options.hostname ?? '127.0.0.1';
  const { config } = host.services;
  const loopback = isLoopback(hostname);
  if (!loopback && !config.trustPushedCode && !config.untrustedRuntime)
    throw new IceError(
      'usage',
      `Without a sandbox for pushed code, the server listens on loopback only, not on ${hostname}`,
      {
        hint: 'Use --host 127.0.0.1 behind a proxy, or say --trust-pushed-code if you trust everyone who has a token',
      },
    );
  if (options.announceIn !== undefined) await refuseSecond(options.announceIn);

  const [{ createServer }, { getRequestListener }, { createLimits }, { answerPlain, isPlain }] =
    await Promise.all([
      import('node:http'),
      import('@hono/node-server'),
      import('../server/limits.ts'),
      import('./plain-http.ts'),
    ]);
  host.services.limits = createLimits(options.limits);
  const allowedHosts = loopback
    ? ['localhost', '127.0.0.1', '::1', hostname.replace(/^\[|\]$/g, '')]
    : undefined;
  const infoOf = (remote: string | undefined): RequestInfo => ({
    ...(remote === undefined ? {} : { remote }),
    ...(allowedHosts === undefined ? {} : { allowedHosts }),
  });
  const asFetch = getRequestListener(
    async (request, env) => {
      const { incoming } = env as { incoming?: { socket?: Socket } };
      const response = await host.app.fetch(request, infoOf(incoming?.socket?.remoteAddress));
      // Said beforehand, else the adapter waits a moment for a stream that may be short.
      if (response.headers.get('content-type') === 'text/event-stream')
        response.headers.set('transfer-encoding', 'chunked');
      return response;
    },
    // Requests of others in this process keep the platform's own classes.
    { overrideGlobalObjects: false },
  );
  const server = createServer((incoming, outgoing) => {
    if (!isPlain(incoming)) return asFetch(incoming, outgoing);
    answerPlain(host.app, incoming, outgoing, infoOf(incoming.socket.remoteAddress)).catch(() => {
      // It could not be sent: the caller has gone, or the answer stopped half-way.
      outgoing.destroy();
    });
  });
  // A client that sends its request by drops holds a socket; it may for so long.
  server.headersTimeout = 20_000;
  server.requestTimeout = 120_000;
  const port = await listen(server, hostname, options.port ?? 4747);
  const url = `http://${hostname.includes(':') ? `[${hostname.replace(/^\[|\]$/g, '')}]` : hostname}:${port}`;

  const file = options.announceIn === undefined ? undefined : serverFileOf(options.announceIn);
  const announced: ServerFile = { pid: process.pid, startedAt: host.startedAt, url, version: host.version };
  try {
    if (file !== undefined) writeServerFile(file, announced);
  } catch (error) {
    server.close();
    throw error;
  }
  host.startWorker();

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    if (file !== undefined) removeServerFile(file, announced);
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    // A kept connection is idle only after its last answer has gone out, which may be a while from now.
    const idle = setInterval(() => server.closeIdleConnections(), 20);
    // Runs are given back while open requests still get their answers.
    host.app.endStreams();
    const stopped = host.engine.stop();
    const grace = setTimeout(() => server.closeAllConnections(), options.graceMs ?? 5_000);
    await Promise.allSettled([closed, stopped]);
    clearTimeout(grace);
    clearInterval(idle);
    await host.close();
  };
  return {
    url,
    port,
    notes: notesOf(host, loopback),
    close: () => {
      if (closing) server.closeAllConnections();
      closing ??= close();
      return closing;
    },
  };
}

function notesOf(host: Host, loopback: boolean): string[] {
  const notes = loopback
    ? []
    : ['Tokens travel as they are: put TLS in front of it before they leave your network.'];
  const { trustPushedCode, untrustedRuntime } = host.services.config;
  if (trustPushedCode)
    notes.push(
      "Code pushed by any token with the role developer runs as the operator's does (--trust-pushed-code).",
    );
  else if (!untrustedRuntime)
    notes.push(
      "Loopback only, and tools only from the operator's token: pushed code is not sandboxed here (--trust-pushed-code lifts both).",
    );
  return notes;
}

const isLoopback = (hostname: string): boolean =>
  hostname === 'localhost' ||
  hostname === '::1' ||
  hostname === '[::1]' ||
  /^127(\.\d{1,3}){3}$/.test(hostname);

/** Another server of the folder that lives is named; one that died is not in the way. */
async function refuseSecond(dir: string): Promise<void> {
  const other = await liveServer(dir);
  if (!other) return;
  throw new IceError(
    'already_running',
    `This folder is served already, at ${other.url} by process ${other.pid}`,
    {
      hint: `Use that one, or end it first: kill ${other.pid}`,
      details: { pid: other.pid, url: other.url },
    },
  );
}

function listen(server: Server, hostname: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(listenError(error, hostname, port)));
    server.listen(port, hostname.replace(/^\[|\]$/g, ''), () => {
      server.removeAllListeners('error');
      resolve((server.address() as AddressInfo).port);
    });
  });
}

function listenError(error: NodeJS.ErrnoException, hostname: string, port: number): IceError {
  if (error.code === 'EADDRINUSE')
    return new IceError('port_in_use', `The port ${port} of ${hostname} is in use`, {
      hint: 'Use another one, or any free one: --port 0',
      details: { port, hostname },
    });
  if (error.code === 'EACCES')
    return new IceError('machine', `This user may not listen on port ${port}`, {
      hint: 'Ports from 1024 on are free to all: --port 4747',
      details: { port },
    });
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND')
    return new IceError('machine', `${hostname} is no address of this machine`, {
      hint: 'Use --host 127.0.0.1',
      details: { hostname },
    });
  return new IceError('machine', `It can't listen on ${hostname}:${port}: ${error.message}`, {
    details: { port, hostname },
    cause: error,
  });
}

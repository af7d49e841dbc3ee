import { type ChildProcess, spawn } from 'node:child_process';
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/client';
import { cut } from '../contracts/cut.ts';
import { IceError } from '../contracts/errors.ts';

const MOST_LINE = 16 * 1024 * 1024;
const MOST_STDERR = 4_000;
/** Lines of stdout that are no messages before a server counts as one that does not speak the protocol. */
const MOST_GARBAGE = 25;
const GRACE_MS = 1_000;

export interface ServerCommand {
  command: string;
  args: string[];
  cwd: string;
  env: Readonly<Record<string, string | undefined>>;
}

/**
 * A server as a child process, spoken to over stdin and stdout. It is a group of processes of its own, so that what
 * it starts (`npx` starts another) goes with it: after `close` none of them is left.
 */
export class ServerProcess implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: Transport['onmessage'];
  readonly #what: ServerCommand;
  #child: ChildProcess | undefined;
  #ended: Promise<void> = Promise.resolve();
  #buffer = '';
  #stderr = '';
  #garbage: string[] = [];
  #failure: IceError | undefined;
  #closing = false;

  constructor(what: ServerCommand) {
    this.#what = what;
  }

  /** Why the server can't be used, where the process itself says so; better than what the protocol made of it. */
  get failure(): IceError | undefined {
    return this.#failure;
  }

  /** The first line that is no message, and the last words on stderr: what a person needs to see. */
  get traces(): { stdout?: string; stderr?: string } {
    const stderr = this.#stderr.trim().split('\n').slice(-5).join('\n');
    return {
      ...(this.#garbage[0] === undefined ? {} : { stdout: this.#garbage[0] }),
      ...(stderr === '' ? {} : { stderr }),
    };
  }

  async start(): Promise<void> {
    const { command, args, cwd, env } = this.#what;
    const child = spawn(command, args, {
      cwd,
      env: env as NodeJS.ProcessEnv,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
    this.#child = child;
    // A killed ice takes the server with it; the system does not, since the server leads a group of its own.
    process.once('exit', this.#kill);
    this.#ended = new Promise((resolve) => {
      child.once('error', (error: NodeJS.ErrnoException) => {
        this.#fail(
          error.code === 'ENOENT'
            ? new IceError('not_found', `There is no program ${command}.`, {
                hint: 'Check how it is written, and that it is installed.',
              })
            : new IceError('machine', `${command} can't be started: ${error.message}`),
        );
        resolve();
      });
      child.once('exit', (code, signal) => {
        if (!this.#closing)
          this.#fail(
            new IceError(
              'unreachable',
              `The server ended ${signal ? `by ${signal}` : `with code ${code}`}.`,
              { details: this.traces, hint: 'Run the command by itself to see why.' },
            ),
          );
        resolve();
      });
    });
    child.stdin!.on('error', () => {
      // A server that closed its input ends soon; its end tells why.
    });
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-MOST_STDERR);
    });
    child.stdout!.setEncoding('utf8').on('data', (text: string) => this.#read(text));
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', () => reject(this.#failure));
    });
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (this.#failure) throw this.#failure;
    this.#child?.stdin?.write(`${JSON.stringify(message)}\n`);
  }

  /** Ends the server: asks, then forces; resolves when its whole group has gone. */
  async close(): Promise<void> {
    if (this.#closing) return this.#ended;
    this.#closing = true;
    const child = this.#child;
    if (child?.pid !== undefined) {
      child.stdin?.end();
      this.#signal('SIGTERM');
      const forced = setTimeout(this.#kill, GRACE_MS);
      await this.#ended;
      clearTimeout(forced);
      // The leader has gone; what it started may have stayed.
      this.#kill();
      child.stdout?.destroy();
      child.stderr?.destroy();
    }
    process.off('exit', this.#kill);
    this.onclose?.();
  }

  readonly #kill = (): void => this.#signal('SIGKILL');

  #signal(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      if (process.platform === 'win32') this.#child!.kill(signal);
      else process.kill(-pid, signal);
    } catch {
      // The group has gone already.
    }
  }

  #fail(error: IceError): void {
    this.#failure ??= error;
    this.onerror?.(error);
    // Waiting requests end at once, instead of at their timeout.
    this.onclose?.();
  }

  #read(text: string): void {
    this.#buffer += text;
    if (this.#buffer.length > MOST_LINE) {
      this.#buffer = '';
      this.#fail(
        new IceError('too_large', `The server answered with a line of more than ${MOST_LINE} characters.`),
      );
      return;
    }
    const lines = this.#buffer.split('\n');
    this.#buffer = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') this.#line(line);
  }

  #line(line: string): void {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      message = undefined;
    }
    if (
      typeof message === 'object' &&
      message !== null &&
      (message as { jsonrpc?: unknown }).jsonrpc === '2.0'
    ) {
      this.onmessage?.(message as JSONRPCMessage);
      return;
    }
    // Some servers log to stdout; that is wrong, but does no harm as long as answers come.
    this.#garbage.push(cut(line, 200));
    if (this.#garbage.length === MOST_GARBAGE)
      this.#fail(
        new IceError('unreachable', 'The server prints what is no message of the protocol.', {
          hint: 'A server writes JSON-RPC to stdout, and its log to stderr. Is it a server of MCP over stdio?',
          details: { stdout: this.#garbage[0] },
        }),
      );
  }
}

/** Splits a command line into words; quotes hold words together, no shell is run. Errors: `usage`. */
export function commandWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const char = text[i]!;
    if (quote !== '') {
      if (char === quote) quote = '';
      else if (char === '\\' && quote === '"' && i + 1 < text.length) word += text[++i]!;
      else word += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= '';
    } else if (char === '\\' && i + 1 < text.length && process.platform !== 'win32')
      word = (word ?? '') + text[++i]!;
    else if (/\s/.test(char)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + char;
  }
  if (quote !== '') throw new IceError('usage', `A ${quote} in the command is not closed.`);
  if (word !== undefined) words.push(word);
  if (words.length === 0)
    throw new IceError('usage', 'The command is empty.', { hint: 'ice import mcp "npx -y some-server"' });
  return words;
}

/** Where things are on this machine, and nothing that opens anything. */
const PLAIN = [
  'PATH',
  'HOME',
  'USER',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'TEMP',
  'TMP',
  'SystemRoot',
  'APPDATA',
];

/** What the program of a declared server gets of this process's environment, besides its secrets. */
export const plainEnvironment = (
  env: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> => Object.fromEntries(PLAIN.map((name) => [name, env[name]]));

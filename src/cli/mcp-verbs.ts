import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { JsonObject, JsonSchema } from '../contracts/json.ts';
import type { Verb } from '../mcp/server.ts';
import type { Catalogue, CommandCard } from './catalogue.ts';

/** Commands that a coding agent may call; those that serve, ask, or keep the terminal are left out. */
const OFFERED = /^(validate|test|push|run|graph|schema|doctor|new:.+|runs:.+|components:.+)$/;
/** Answers longer than this are cut: a model's window is no place for megabytes. */
const MOST_CHARS = 200_000;
/** Flags that mean nothing without a terminal, or that we set ourselves. */
const HIDDEN = new Set([
  'json',
  'events',
  'no-input',
  'no-color',
  'watch',
  'verbose',
  'quiet',
  'cwd',
  'detach',
  'format',
  // What only looks at runs must not write files for whoever calls it.
  'save-test',
]);

interface Where {
  root: URL;
  commands: 'dist' | 'src';
  cwd: string;
}

/** The command line's own verbs as MCP tools, made from the same cards as help and completion. Each call is a process of its own with --json. */
export function cliVerbs(catalogue: Catalogue, where: Where): Verb[] {
  return catalogue.cards
    .filter((card) => OFFERED.test(card.id) && !card.hidden)
    .map((card) => ({
      name: `ice.${card.id.replaceAll(':', '.')}`,
      description: [
        card.summary,
        card.description,
        card.examples.length > 0 ? `Examples: ${card.examples.join(' | ')}` : '',
      ]
        .filter(Boolean)
        .join('\n'),
      input: schemaOf(card),
      readOnly: card.readOnly,
      call: (input, signal) => runVerb(card, input, where, signal),
    }));
}

const flagsOf = (card: CommandCard) =>
  Object.values(card.flags).filter(
    // What only looks keeps to looking: `ice doctor` is offered without --fix.
    (flag) => !flag.hidden && !HIDDEN.has(flag.name) && !(card.readOnly && flag.name === 'fix'),
  );

function schemaOf(card: CommandCard): JsonSchema {
  const properties: Record<string, JsonSchema> = {};
  const required: string[] = [];
  for (const { name, description, required: must, type, multiple, options } of [
    ...Object.values(card.args),
    ...flagsOf(card),
  ]) {
    const text = { type: 'string', ...(options ? { enum: options } : {}) };
    properties[name] = {
      ...(type === 'boolean' ? { type: 'boolean' } : multiple ? { type: 'array', items: text } : text),
      ...(description ? { description } : {}),
    };
    if (must) required.push(name);
  }
  return { type: 'object', properties, required, additionalProperties: false };
}

/** argv of a call: flags as `--name=value`, so that no value is taken for a flag; arguments behind `--`. */
export function argvOf(card: CommandCard, input: JsonObject): string[] {
  const argv = card.id.split(':');
  for (const flag of flagsOf(card)) {
    const value = input[flag.name];
    if (value === undefined || value === false) continue;
    if (value === true) argv.push(`--${flag.name}`);
    else
      for (const one of Array.isArray(value) ? value : [value])
        argv.push(`--${flag.name}=${typeof one === 'string' ? one : JSON.stringify(one)}`);
  }
  argv.push('--json');
  const args = Object.values(card.args)
    .map((arg) => input[arg.name])
    .filter((value) => value !== undefined);
  return args.length === 0 ? argv : [...argv, '--', ...args.map(String)];
}

function runVerb(
  card: CommandCard,
  input: JsonObject,
  where: Where,
  signal: AbortSignal,
): Promise<{ text: string; failed: boolean }> {
  const bin = fileURLToPath(new URL(where.commands === 'dist' ? 'bin/run.js' : 'bin/dev.js', where.root));
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [bin, ...argvOf(card, input)], {
      cwd: where.cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
    });
    let text = '';
    let notes = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      if (text.length < MOST_CHARS) text += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      if (notes.length < 10_000) notes += chunk;
    });
    child.once('error', fail);
    child.once('close', (code) => done({ text: text.slice(0, MOST_CHARS) || notes, failed: code !== 0 }));
  });
}

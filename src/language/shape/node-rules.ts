import type { BlueprintNode } from '../../contracts/blueprint.ts';
import { durationMs } from '../../contracts/durations.ts';
import type { Collector } from '../diagnostics/collector.ts';
import { typeWithArticle } from '../diagnostics/type-words.ts';
import { suggest } from '../expressions/suggest.ts';
import type { Path } from '../source/path.ts';
import { quoted } from '../source/quoted.ts';
import { type Draft, nestedLists } from './draft.ts';

/** Rules between the fields of one node that its schema can't say. */
export function checkNodeFields(out: Collector, draft: Draft): void {
  const visit = (nodes: BlueprintNode[]) => {
    for (const node of nodes) {
      const path = draft.pathOf(node);
      checkBase(out, node, path);
      if (node.type === 'llm') checkModel(out, draft, node, path);
      else if (node.type === 'agent') checkAgent(out, draft, node, path);
      else if (node.type === 'code') checkCode(out, draft, node, path);
      else if (node.type === 'condition') checkCondition(out, draft, node, path);
      else if (node.type === 'loop') checkLoop(out, draft, node, path);
      else if (node.type === 'parallel') checkParallel(out, draft, node, path);
      for (const list of nestedLists(node)) visit(list.nodes);
    }
  };
  visit(draft.blueprint.nodes);
}

const CACHE_INSIDE = 'The nodes inside have caches of their own: put it on those whose work is to be kept.';
const CRASHES_INSIDE = 'The nodes inside have theirs: put it on the one that may crash.';
/** Fields that every node may have, by the types on which they do nothing, and where they belong. */
const IDLE: Partial<Record<BlueprintNode['type'], Partial<Record<string, string>>>> = {
  set: {
    cache: 'Its values are worked out again at no cost. Remove it.',
    timeout: 'Expressions are bounded by their steps. Remove it.',
    maxCrashes: 'It can take no worker down. Remove it.',
  },
  condition: { cache: CACHE_INSIDE, maxCrashes: CRASHES_INSIDE },
  loop: { cache: CACHE_INSIDE, maxCrashes: CRASHES_INSIDE },
  parallel: { cache: CACHE_INSIDE, maxCrashes: CRASHES_INSIDE },
  workflow: { cache: CACHE_INSIDE, maxCrashes: CRASHES_INSIDE },
};

function checkBase(out: Collector, node: BlueprintNode, path: Path): void {
  if (typeof node.if === 'string') mustBeExpression(out, node.if, [...path, 'if'], '`if`');
  if (node.if === false) {
    out.atValue('ICE1431', [...path, 'if'], `The node '${node.id}' never runs`, {
      severity: 'warning',
      help: 'Its condition is always false. Remove the node, or give it a condition.',
    });
  }
  const retry = node.retry;
  if (retry) {
    const initial = durationMs(retry.initial);
    const max = durationMs(retry.max);
    if (initial !== undefined && max !== undefined && initial > max) {
      out.atKey('ICE1129', [...path, 'retry', out.source.has([...path, 'retry', 'initial']) ? 'initial' : 'max'],
        `The first wait (${retry.initial}) is longer than the longest (${retry.max})`, {
          help: `Raise \`max\` to ${retry.initial} or more, or lower \`initial\`.`,
        }); // biome-ignore format: short
    }
    if (node.type === 'set' || node.type === 'condition') {
      out.atKey(
        'ICE1134',
        [...path, 'retry'],
        `${typeWithArticle(node.type)} node has no attempts to repeat`,
        {
          severity: 'warning',
          help: 'It gives the same result each time. Put the retry on the node that can fail for a while.',
        },
      );
    }
  }
  for (const [field, help] of Object.entries(IDLE[node.type] ?? {})) {
    const value = node[field as 'cache' | 'timeout' | 'maxCrashes'];
    if (value === undefined || value === false) continue;
    out.atKey('ICE1134', [...path, field], `\`${field}\` does nothing on a \`${node.type}\` node`, {
      severity: 'warning',
      help,
    });
  }
  const needs = node.needs ?? [];
  for (const [index, id] of needs.entries()) {
    if (needs.indexOf(id) < index) {
      out.atValue('ICE1133', [...path, 'needs', index], `'${id}' is named twice`, {
        severity: 'warning',
        help: 'Once is enough.',
      });
    }
  }
}

/** `if: price > 500`: a text, which would always count as true. */
function mustBeExpression(out: Collector, value: string, path: Path, what: string): void {
  if (value.includes('{{')) return;
  const text = bareExpression(value.trim());
  const { start, end } = out.source.valueSpan(path);
  const fixable =
    !out.source.shared(path) && !out.source.text.slice(start, end).includes('\n') && text !== '';
  out.atValue('ICE1124', path, `${what} holds a text and no expression`, {
    help: text === '' ? 'Write {{ an expression }}.' : `Write ${quoted(`{{ ${text} }}`)}.`,
    fix: fixable
      ? { title: 'Put it in {{ }}', safe: true, edits: [{ start, end, text: quoted(`{{ ${text} }}`) }] }
      : undefined,
  });
}

/** `${ x }`, `$x` and `{ x }`, as other tools write expressions. */
function bareExpression(text: string): string {
  const braces = /^\$?\{([^{}]*)\}$|^\$\(([^()]*)\)$/.exec(text);
  if (braces) return (braces[1] ?? braces[2]!).trim();
  return /^\$[A-Za-z_][\w.]*$/.test(text) ? text.slice(1) : text;
}

function checkModel(
  out: Collector,
  draft: Draft,
  node: Extract<BlueprintNode, { type: 'llm' }>,
  path: Path,
): void {
  if (!draft.isBroken(node, 'prompt') && !draft.isBroken(node, 'messages')) {
    if (node.prompt === undefined && node.messages === undefined) {
      out.atKey('ICE1121', path, 'An `llm` node needs a `prompt` or `messages`', {
        help: 'Add `prompt:` with the text for the model.',
      });
    } else if (node.prompt !== undefined && node.messages !== undefined) {
      out.atKey(
        'ICE1121',
        [...path, 'messages'],
        'An `llm` node has either a `prompt` or `messages`, not both',
        {
          help: 'Put the prompt into the messages as the last one of the role user.',
          related: [out.related([...path, 'prompt'], 'The prompt', 'key')],
        },
      );
    } else if (node.messages?.length === 0) {
      out.atKey('ICE1121', [...path, 'messages'], '`messages` is empty');
    }
  }
  const models: [string, Path][] = draft.isBroken(node, 'model') ? [] : [[node.model, [...path, 'model']]];
  for (const [index, model] of (node.fallback ?? []).entries())
    models.push([model, [...path, 'fallback', index]]);
  for (const [model, at] of models) checkModelName(out, model, at);
  if (node.script !== undefined && node.model !== 'echo/script') {
    out.atKey('ICE1134', [...path, 'script'], '`script` is only read by the model echo/script', {
      severity: 'warning',
      help: 'Write `model: echo/script`, or remove it.',
    });
  }
}

function checkModels(
  out: Collector,
  draft: Draft,
  node: Extract<BlueprintNode, { type: 'llm' | 'agent' }>,
  path: Path,
): void {
  if (node.model !== undefined && !draft.isBroken(node, 'model'))
    checkModelName(out, node.model, [...path, 'model']);
  for (const [index, model] of (node.fallback ?? []).entries())
    checkModelName(out, model, [...path, 'fallback', index]);
}

function checkAgent(
  out: Collector,
  draft: Draft,
  node: Extract<BlueprintNode, { type: 'agent' }>,
  path: Path,
): void {
  checkModels(out, draft, node, path);
  if (draft.isBroken(node, 'agent') || draft.isBroken(node, 'model')) return;
  if (node.agent === undefined && node.model === undefined) {
    out.atKey('ICE1135', path, 'An `agent` node names an agent, or a model', {
      help: 'Add `agent: name@^1` for an agent component, or `model:` with a `system` text and `tools`.',
    });
  } else if (node.agent !== undefined && node.model !== undefined) {
    out.atKey('ICE1135', [...path, 'model'], 'An `agent` node names either an agent or a model, not both', {
      help: 'Remove one of them. The agent component says its model itself.',
      related: [out.related([...path, 'agent'], 'The agent', 'key')],
    });
  }
}

function checkCode(
  out: Collector,
  draft: Draft,
  node: Extract<BlueprintNode, { type: 'code' }>,
  path: Path,
): void {
  const at = node.code?.indexOf('{{') ?? -1;
  // An object literal in an object literal has two braces too; with a space and a name it is a template.
  if (draft.isBroken(node, 'code') || at < 0 || !/\{\{\s*[A-Za-z_][\w.]*\s*\}\}/.test(node.code)) return;
  out.within(
    'ICE1136',
    [...path, 'code'],
    at,
    at + 2,
    'Code is not a template: this stays as it is written',
    {
      severity: 'warning',
      help: 'Pass the value in `args`, and read it as args.name.',
    },
  );
}

function checkModelName(out: Collector, model: string, at: Path): void {
  if (model.includes('{{')) {
    out.atValue('ICE1122', at, 'The model cannot be an expression', {
      help: 'A plan names its models. Choose between two `llm` nodes with a condition.',
    });
    return;
  }
  if (/^[a-z][a-z0-9-]*\/[^\s/][^\s]*$/.test(model)) {
    if (model.startsWith('echo/') && model !== 'echo/default' && model !== 'echo/script') {
      const near = suggest(model, ['echo/default', 'echo/script']);
      out.atValue('ICE1122', at, `The provider echo has no model '${model.slice(5, 60)}'`, {
        help: near ? `Did you mean ${near}?` : 'It has echo/default and echo/script.',
      });
    }
    return;
  }
  const guess = /^gpt|^o\d/.test(model)
    ? 'openai'
    : /^claude/.test(model)
      ? 'anthropic'
      : /^gemini/.test(model)
        ? 'google'
        : undefined;
  out.atValue('ICE1122', at, `'${model.slice(0, 60)}' is not a model name`, {
    help: `A model is written provider/name, as ${guess ? `${guess}/${model}` : model === 'echo' ? 'echo/default' : 'echo/default or openai/gpt-5'}.`,
  });
}

function checkCondition(
  out: Collector,
  draft: Draft,
  node: Extract<BlueprintNode, { type: 'condition' }>,
  path: Path,
): void {
  if (typeof node.expression === 'string' && !draft.isBroken(node, 'expression')) {
    mustBeExpression(out, node.expression, [...path, 'expression'], '`expression`');
  }
  if (
    node.then.length === 0 &&
    node.else.length === 0 &&
    !draft.isBroken(node, 'then') &&
    !draft.isBroken(node, 'else')
  ) {
    out.atKey('ICE1123', path, 'The condition has nodes neither under `then` nor under `else`', {
      help: 'Add `then:` with the nodes that run when it is true.',
    });
  }
}

function checkLoop(
  out: Collector,
  draft: Draft,
  node: Extract<BlueprintNode, { type: 'loop' }>,
  path: Path,
): void {
  if (typeof node.items === 'string' && !draft.isBroken(node, 'items')) {
    mustBeExpression(out, node.items, [...path, 'items'], '`items`');
  }
  if (node.body.length === 0 && !draft.isBroken(node, 'body')) {
    out.atKey('ICE1123', [...path, 'body'], 'The loop has no nodes in its body', {
      help: 'Add the nodes to run for each item.',
    });
  }
}

function checkParallel(
  out: Collector,
  draft: Draft,
  node: Extract<BlueprintNode, { type: 'parallel' }>,
  path: Path,
): void {
  const names = Object.keys(node.branches);
  if (draft.isBroken(node, 'branches')) return;
  if (names.length === 0) {
    out.atKey('ICE1123', [...path, 'branches'], 'There are no branches', {
      help: 'Name each of them: `branches: { left: [ … ], right: [ … ] }`.',
    });
  }
  for (const name of names) {
    if (!/^[A-Za-z][A-Za-z0-9_]{0,63}$/.test(name)) {
      out.atKey(
        'ICE1108',
        [...path, 'branches', name],
        `'${name.slice(0, 40)}' cannot be the name of a branch`,
        {
          help: 'It is part of paths and expressions: a letter, then letters, digits and _.',
        },
      );
    }
  }
  if (typeof node.wait === 'number' && node.wait > names.length && names.length > 0) {
    out.atValue(
      'ICE1128',
      [...path, 'wait'],
      `\`wait\` asks for ${node.wait} branches, and there are ${names.length}`,
      {
        help: `Write a number up to ${names.length}, or \`all\`.`,
      },
    );
  }
}

import { type Document, isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap } from 'yaml';
import type { Diagnostic } from '../../contracts/diagnostics.ts';
import type { Json } from '../../contracts/json.ts';
import { finding } from '../diagnostics/finding.ts';
import { confusable } from './characters.ts';
import type { LineIndex } from './line-index.ts';
import { keyText, type Mended } from './parsed-source.ts';

/** Lists and maps inside each other; what a person writes has under ten. */
export const MAX_DEPTH = 100;
/** Values that aliases may add to a document; a bomb of ten lines would make billions. */
const MAX_ALIASED = 10_000;
const MAX_VALUES = 1_000_000;
/** Keys that reach into the prototype of an object instead of naming a field. */
const FORBIDDEN = new Set(['__proto__', 'constructor']);

interface Found {
  diagnostic: Diagnostic;
  /** The value can't be used. */
  fatal: boolean;
  /** A second `id` in one node: the dash of the next node is missing. */
  missingDash?: boolean;
}

export interface Converted {
  value: Json | undefined;
  /** Alias -> what it repeats. */
  anchors: Map<Node, Node>;
  findings: Found[];
}

/** Turns the parser's tree into JSON, bounded, and reports what JSON can't say. */
export function toJson(
  document: Document.Parsed,
  file: string,
  lines: LineIndex,
  mended: Mended[],
): Converted {
  const conversion = new Conversion(document, file, lines, mended);
  const root = document.contents as Node | null;
  if (root === null || (isScalar(root) && root.value === null && !root.source)) {
    conversion.report('ICE1007', 'The document is empty', root, {}, true);
    return { value: undefined, anchors: conversion.targets, findings: conversion.findings };
  }
  const value = conversion.value(root, 0);
  return { value, anchors: conversion.targets, findings: conversion.findings };
}

class Conversion {
  readonly findings: Found[] = [];
  readonly targets = new Map<Node, Node>();
  private readonly file: string;
  private readonly lines: LineIndex;
  private readonly mended: Map<number, Mended>;
  private readonly anchored = new Map<string, Node>();
  private readonly open = new Set<Node>();
  private aliasDepth = 0;
  private aliased = 0;
  private values = 0;

  constructor(document: Document.Parsed, file: string, lines: LineIndex, mended: Mended[]) {
    this.file = file;
    this.lines = lines;
    this.mended = new Map(mended.map((region) => [region.start, region]));
    for (const warning of document.warnings) {
      if (warning.code === 'TAG_RESOLVE_FAILED') this.tag(warning.message, warning.pos);
    }
  }

  report(code: string, message: string, node: Node | null, extra: { help?: string }, fatal = false): void {
    const [start, end] = node?.range ?? [0, 0];
    this.findings.push({
      diagnostic: finding(code, this.file, message, { range: this.lines.range(start, end), ...extra }),
      fatal,
    });
  }

  private tag(message: string, pos: [number, number]): void {
    const name = /tag:? (\S+)/.exec(message)?.[1] ?? 'a tag';
    this.findings.push({
      diagnostic: finding('ICE1015', this.file, `The tag ${name} means nothing here`, {
        range: this.lines.range(pos[0], pos[1]),
        help: 'Remove it: values are JSON.',
      }),
      fatal: false,
    });
  }

  value(node: Node | null, depth: number): Json {
    if (node === null) return null;
    if (this.aliasDepth > 0 && ++this.aliased === MAX_ALIASED) {
      this.report('ICE1010', `Aliases repeat more than ${MAX_ALIASED} values`, node, {
        help: 'Aliases inside aliases multiply. Write the values out, or pass them as an input.',
      }, true); // biome-ignore format: short
    }
    if (this.aliased >= MAX_ALIASED) return null;
    if (++this.values > MAX_VALUES) {
      if (this.values === MAX_VALUES + 1) {
        this.report('ICE1008', `The document has more than ${MAX_VALUES} values`, node, {}, true);
      }
      return null;
    }
    if (depth > MAX_DEPTH) {
      this.report('ICE1009', `Lists and maps are nested more than ${MAX_DEPTH} deep`, node, {}, true);
      this.values = MAX_VALUES + 1;
      return null;
    }
    const anchor = (node as { anchor?: string }).anchor;
    if (anchor !== undefined) this.anchored.set(anchor, node);
    if (isAlias(node)) return this.alias(node, depth);
    if (isScalar(node)) return this.scalar(node as never);
    if (isMap(node)) return this.map(node, depth);
    if (isSeq(node)) {
      this.open.add(node);
      const list = node.items.map((item) => this.value(item as Node | null, depth + 1));
      this.open.delete(node);
      return list;
    }
    return null;
  }

  private alias(node: Node & { source: string }, depth: number): Json {
    const target = this.anchored.get(node.source);
    if (target === undefined) {
      this.report('ICE1013', `There is no anchor &${node.source} before this alias`, node, {
        help: `An alias *${node.source} repeats a value that was marked with &${node.source}. For a text that begins with *, use quotes.`,
      }, true); // biome-ignore format: short
      return null;
    }
    if (this.open.has(target)) {
      this.report(
        'ICE1010',
        `The alias *${node.source} stands inside the value that it repeats`,
        node,
        {},
        true,
      );
      return null;
    }
    this.targets.set(node, target);
    this.aliasDepth++;
    const value = this.value(target, depth);
    this.aliasDepth--;
    return value;
  }

  private scalar(node: Node & { value: unknown; source?: string; type?: string; tag?: string }): Json {
    const whole = node.range ? this.mended.get(node.range[0]) : undefined;
    if (whole) return whole.value;
    const { value } = node;
    if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
    if (typeof value === 'number') {
      if (!Number.isFinite(value)) {
        this.report('ICE1016', `${node.source ?? 'This number'} is no value of JSON`, node, {
          help: 'Numbers are finite. For the text, use quotes.',
        });
        return null;
      }
      if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
        this.report('ICE1017', `${node.source ?? value} is too large to be exact`, node, {
          help: 'Numbers are exact up to 9007199254740991. For an id, use quotes.',
        });
      }
      return Object.is(value, -0) ? 0 : value;
    }
    if (typeof value === 'bigint') return Number(value);
    this.report('ICE1015', `The tag ${node.tag ?? ''} makes a value that JSON does not have`, node, {
      help: 'Remove the tag.',
    });
    return null;
  }

  private map(node: YAMLMap, depth: number): Json {
    this.open.add(node);
    const object: { [key: string]: Json } = {};
    const seen = new Map<string, Node>();
    for (const pair of node.items) {
      const key = pair.key as Node | null;
      const written = keyText(key, this.mended);
      if (written === undefined || (key !== null && isAlias(key))) {
        this.report('ICE1014', 'A key must be a text', key, {
          help: 'Lists, maps and aliases cannot be keys.',
        });
        continue;
      }
      const name = this.key(written, key, node);
      if (name === undefined) continue;
      const before = seen.get(name);
      if (before !== undefined) {
        const second = name === 'id' && node.flow !== true && this.missingDash(key, before);
        if (second) break;
        this.duplicate(name, key, before);
        continue;
      }
      if (key) seen.set(name, key);
      object[name] = this.value(pair.value as Node | null, depth + 1);
    }
    this.open.delete(node);
    return object;
  }

  /** Refuses what can't be a key; undefined when the pair is to be left out. */
  private key(name: string, key: Node | null, map: YAMLMap): string | undefined {
    if (FORBIDDEN.has(name)) {
      this.report('ICE1011', `'${name}' cannot be a key`, key, {
        help: 'It names a part of every object instead of a field. Choose another name.',
      });
      return undefined;
    }
    if (name === '<<' && (key as { type?: string } | null)?.type === 'PLAIN') {
      this.report('ICE1021', 'Merge keys (<<) are not part of YAML 1.2', key, {
        help: 'Write the fields out, or repeat a whole value with an alias.',
      });
      return undefined;
    }
    if (name.includes('{{')) {
      this.report('ICE1022', 'A key is not evaluated: it stays as it is written', key ?? map, {
        help: 'Expressions stand in values. Write the key as plain text.',
      });
    }
    const confusion = confusable(name);
    if (confusion && key) {
      const start = key.range![0] + (isScalar(key) && key.type !== 'PLAIN' ? 1 : 0);
      this.findings.push({
        diagnostic: finding('ICE1018', this.file, `The key holds ${confusion.what}`, {
          range: this.lines.range(key.range![0], key.range![1]),
          help: `Write '${confusion.meant}' in plain letters.`,
          fix: {
            title: `Write '${confusion.meant}'`,
            safe: true,
            edits: [{ start, end: start + name.length, text: confusion.meant }],
          },
        }),
        fatal: false,
      });
    }
    return confusion?.meant ?? name;
  }

  /** `id` twice in a node: what follows is another one. False when it can't be mended by a dash. */
  private missingDash(key: Node | null, before: Node): boolean {
    const start = key?.range?.[0] ?? 0;
    const { text } = this.lines;
    if (text.slice(start - 2, start) !== '  ') return false;
    this.findings.push({
      diagnostic: finding(
        'ICE1004',
        this.file,
        'The node has an `id` already: a dash is missing before the next one',
        {
          range: this.lines.range(start, key!.range![1]),
          help: 'Begin each node with a dash and a blank: `- id: …`.',
          related: [
            {
              file: this.file,
              range: this.lines.range(before.range![0], before.range![1]),
              message: 'The id of the node before',
            },
          ],
          fix: {
            title: 'Insert the dash',
            safe: true,
            edits: [{ start: start - 2, end: start, text: '- ' }],
          },
        },
      ),
      fatal: true,
      missingDash: true,
    });
    return true;
  }

  private duplicate(name: string, key: Node | null, before: Node): void {
    this.findings.push({
      diagnostic: finding('ICE1004', this.file, `The key '${name}' is given twice`, {
        range: this.lines.range(key?.range?.[0] ?? 0, key?.range?.[1] ?? 0),
        help: 'Keep one of them. In a list, a new item begins with `- `.',
        related: [
          {
            file: this.file,
            range: this.lines.range(before.range![0], before.range![1]),
            message: 'It was given here first; this value is used',
          },
        ],
      }),
      fatal: false,
    });
  }
}

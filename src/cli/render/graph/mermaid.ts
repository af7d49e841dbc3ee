import { captionOf, type GraphModel, type GraphNode, reduced } from './model.ts';
import { figuresText } from './text.ts';

export interface MermaidOptions {
  allEdges?: boolean;
}

/** A Mermaid flowchart: containers are subgraphs, states are classes. Ids are made up, so that any name is safe. */
export function graphMermaid(model: GraphModel, { allEdges = false }: MermaidOptions = {}): string {
  const lines = ['---', `title: ${JSON.stringify(titleOf(model))}`, '---', 'flowchart TD'];
  const classes = new Map<string, string[]>();
  let count = 0;
  const walk = (nodes: readonly GraphNode[], indent: string): void => {
    const ids = new Map(nodes.map((node) => [node.id, `n${count++}`]));
    for (const node of nodes) {
      const id = ids.get(node.id)!;
      const text = [
        `<b>${escaped(node.id)}</b>`,
        escaped(captionOf(node)),
        escaped(figuresText(node.figures)),
      ]
        .filter((line) => line !== '')
        .join('<br/>');
      if (node.figures) classes.set(node.figures.state, [...(classes.get(node.figures.state) ?? []), id]);
      const lists = node.lists.filter((list) => list.nodes.length > 0);
      if (lists.length === 0) {
        const [open, close] = SHAPES[node.type] ?? ['[', ']'];
        lines.push(`${indent}${id}${open}"${text}"${close}`);
        continue;
      }
      lines.push(`${indent}subgraph ${id}["${text}"]`);
      const titled = lists.length > 1 || node.type === 'condition' || node.type === 'parallel';
      for (const list of lists) {
        if (!titled) walk(list.nodes, `${indent}  `);
        else {
          lines.push(`${indent}  subgraph n${count++}["${escaped(list.name)}"]`);
          walk(list.nodes, `${indent}    `);
          lines.push(`${indent}  end`);
        }
      }
      lines.push(`${indent}end`);
    }
    for (const node of nodes)
      for (const before of node.after) lines.push(`${indent}${ids.get(before)} --> ${ids.get(node.id)}`);
  };
  walk(reduced(model.nodes, allEdges), '  ');
  for (const [state, ids] of classes) {
    lines.push(`  classDef ${state} ${STYLES[state] ?? STYLES['pending']}`);
    lines.push(`  class ${ids.join(',')} ${state}`);
  }
  return `${lines.join('\n')}\n`;
}

const titleOf = ({ name, version, run }: GraphModel): string =>
  [name, version && version !== '0.0.0' ? version : '', run ? `${run.id} ${run.state}` : '']
    .filter(Boolean)
    .join(' ');

const SHAPES: Record<string, [string, string]> = {
  llm: ['([', '])'],
  agent: ['([', '])'],
  human: ['[/', '/]'],
  workflow: ['[[', ']]'],
  set: ['(', ')'],
};

const STYLES: Record<string, string> = {
  succeeded: 'fill:#dff3e4,stroke:#2f8f4e,color:#123',
  failed: 'fill:#fbe0de,stroke:#c43a31,color:#311',
  running: 'fill:#dcecfb,stroke:#2f74c0,color:#123',
  retrying: 'fill:#fdf0d5,stroke:#b7791f,color:#321',
  waiting: 'fill:#fdf0d5,stroke:#b7791f,color:#321',
  cancelled: 'fill:#fdf0d5,stroke:#b7791f,color:#321',
  skipped: 'fill:#eee,stroke:#999,color:#555,stroke-dasharray:4 3',
  pending: 'fill:#f6f6f6,stroke:#bbb,color:#555',
};

/** Text inside quotes: every character that Mermaid or HTML reads as more than itself becomes an entity. */
const escaped = (text: string): string =>
  text
    .replace(/\s+/g, ' ')
    .replace(/[\p{Cc}\u202A-\u202E\u2066-\u2069]/gu, '')
    .replace(/[^\p{L}\p{N} ._/@^~:,+×$-]/gu, (char) => `#${char.codePointAt(0)};`);
